#include "feeds/bgp_listener.h"

#include <algorithm>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.h"
#include "feeds/bgp_session.h"
#include "feeds/bgp_sockets.h"
#include "feeds/listening_socket.h"
#include "http/addresses.h"
#include "wire/bgp/notification.h"

namespace peering::feeds {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::chrono::seconds stranger_complaint_every{10};
// Our last NOTIFICATIONs are on their way by then.
constexpr std::chrono::seconds stop_time_max{2};
constexpr std::string_view goodbye = "the collector stops";

}  // namespace

struct BgpListener::State {
  State(BgpSettings given, PeerRegistry& peers_given, ShardSink& shards_given, Metrics& registry)
      : settings(std::move(given)), peers(peers_given), shards(shards_given), metrics(registry) {
    for (const BgpNeighbor& neighbor : settings.neighbors) make(neighbor);
  }

  struct Entry {
    BgpNeighbor neighbor;
    std::shared_ptr<BgpSession> session;
    bool leaving = false;
  };

  BgpSettings settings;  // `neighbors`: those that are wanted, of the thread once it runs
  PeerRegistry& peers;
  ShardSink& shards;
  BgpMetrics metrics;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  tcp::acceptor acceptor{context};
  asio::steady_timer accept_timer{context};
  std::map<net::Address, Entry> sessions;
  bool on_ipv6 = false;  // the acceptor
  Clock::time_point next_complaint{};
  std::uint64_t unsaid = 0;
  bool closing = false;
  std::mutex starting;
  std::thread thread;

  Result<http::Endpoint> bind(const http::Endpoint& endpoint);
  BgpSession& make(const BgpNeighbor& neighbor);
  const BgpNeighbor* wanted(const net::Address& address) const;
  Result<void> secure_acceptor(const BgpNeighbor& neighbor);
  void clear_password(const BgpNeighbor& neighbor);
  void begin(const BgpNeighbor& neighbor);
  void leave(Entry& entry, const BgpNeighbor* next);
  void left(const net::Address& address);
  Reconfigured configure(std::vector<BgpNeighbor> neighbors);
  bool listens_to(const BgpNeighbor& neighbor) const {
    return acceptor.is_open() && (on_ipv6 || neighbor.address.is_v4());
  }
  // What `question` gives on the thread; nothing when there is none: nobody would answer while it stops.
  template <class Question>
  auto ask(Question question) -> std::optional<decltype(question())> {
    const std::lock_guard lock(starting);
    if (!thread.joinable()) return std::nullopt;
    std::promise<decltype(question())> promise;
    auto answer = promise.get_future();
    asio::post(context, [&] { promise.set_value(question()); });
    return answer.get();
  }
  void accept();
  void accepted(tcp::socket socket);
  void end();
};

BgpSession& BgpListener::State::make(const BgpNeighbor& neighbor) {
  auto session = BgpSession::make(settings, neighbor, {context, peers, shards, metrics});
  Entry& entry = sessions[neighbor.address];
  entry = {neighbor, std::move(session), false};
  return *entry.session;
}

const BgpNeighbor* BgpListener::State::wanted(const net::Address& address) const {
  const auto found = std::ranges::find(settings.neighbors, address, &BgpNeighbor::address);
  return found == settings.neighbors.end() ? nullptr : &*found;
}

// What the kernel must know of the neighbour before it connects.
Result<void> BgpListener::State::secure_acceptor(const BgpNeighbor& neighbor) {
  if (!listens_to(neighbor)) return {};
  const int socket = acceptor.native_handle();
  Result<void> done;
  if (neighbor.ttl_security > 0) {
    done = set_longest_ttl(socket, on_ipv6);
    if (done) done = keep_connection_requests(socket);
  }
  if (done && !neighbor.password.empty()) {
    done = set_tcp_md5(socket, on_ipv6, neighbor.address, neighbor.password);
  }
  if (done) return {};
  return fail(done.error().code, "BGP neighbor {}: {}", neighbor.shown_name(), done.error().message);
}

void BgpListener::State::clear_password(const BgpNeighbor& neighbor) {
  if (neighbor.password.empty() || !listens_to(neighbor)) return;
  clear_tcp_md5(acceptor.native_handle(), on_ipv6, neighbor.address);
}

void BgpListener::State::begin(const BgpNeighbor& neighbor) {
  if (const auto done = secure_acceptor(neighbor); !done) {
    return log::error("{}; it is not spoken with", done.error().message);
  }
  make(neighbor).start();
}

// `next` is what the neighbour will be, if anything.
void BgpListener::State::leave(Entry& entry, const BgpNeighbor* next) {
  using wire::bgp::CeaseSubcode;
  const auto why = next ? CeaseSubcode::other_configuration_change : CeaseSubcode::peer_deconfigured;
  const bool for_good = !next || next->shown_name() != entry.neighbor.shown_name();
  entry.leaving = true;
  entry.session->leave(wire::bgp::cease(why), for_good, [this, address = entry.neighbor.address] {
    asio::post(context, [this, address] { left(address); });
  });
}

// Whoever was changed, or was wanted again meanwhile, begins anew.
void BgpListener::State::left(const net::Address& address) {
  const auto found = sessions.find(address);
  if (closing || found == sessions.end()) return;
  clear_password(found->second.neighbor);
  sessions.erase(found);
  if (const BgpNeighbor* next = wanted(address)) begin(*next);
}

BgpListener::Reconfigured BgpListener::State::configure(std::vector<BgpNeighbor> neighbors) {
  Reconfigured out;
  settings.neighbors = std::move(neighbors);
  for (auto& [address, entry] : sessions) {
    const BgpNeighbor* next = wanted(address);
    if (entry.leaving || (next && *next == entry.neighbor)) continue;
    ++(next ? out.changed : out.removed);
    leave(entry, next);
  }
  for (const BgpNeighbor& neighbor : settings.neighbors) {
    if (sessions.contains(neighbor.address)) continue;
    ++out.added;
    begin(neighbor);
  }
  return out;
}

Result<http::Endpoint> BgpListener::State::bind(const http::Endpoint& endpoint) {
  if (auto done = bind_acceptor(acceptor, endpoint, "BGP"); !done) return tl::unexpected(done.error());
  error_code error;
  on_ipv6 = acceptor.local_endpoint(error).address().is_v6();
  for (const BgpNeighbor& neighbor : settings.neighbors) {
    if (auto done = secure_acceptor(neighbor); !done) return tl::unexpected(done.error());
  }
  return start_listening(acceptor, endpoint, "BGP");
}

void BgpListener::State::accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (closing || error == asio::error::operation_aborted) return;
    if (!error) {
      accepted(std::move(socket));
      return accept();
    }
    log::error("BGP cannot accept: {}", error.message());
    accept_timer.expires_after(accept_pause);
    accept_timer.async_wait([this](error_code cancelled) {
      if (!cancelled && !closing) accept();
    });
  });
}

void BgpListener::State::accepted(tcp::socket socket) {
  error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (error) return;
  const net::Address address = http::address_of(remote.address());
  if (const auto found = sessions.find(address); found != sessions.end()) {
    return found->second.session->accepted(std::move(socket));
  }
  metrics.refused(BgpRefusal::unknown_address);
  if (Clock::now() < next_complaint) {
    ++unsaid;
    return;
  }
  next_complaint = Clock::now() + stranger_complaint_every;
  log::warning("BGP connection from {} refused: no neighbor has this address; {} others not shown",
               address.to_string(), std::exchange(unsaid, 0));
}

// On the thread. It ends when the last words are said.
void BgpListener::State::end() {
  closing = true;
  error_code ignored;
  acceptor.close(ignored);
  accept_timer.cancel();
  for (const auto& [address, entry] : sessions) entry.session->stop(goodbye);
  work.reset();
}

BgpListener::BgpListener(BgpSettings settings, PeerRegistry& peers, ShardSink& shards, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(settings), peers, shards, metrics)) {}
BgpListener::~BgpListener() { stop(); }

Result<http::Endpoint> BgpListener::listen(const http::Endpoint& endpoint) {
  auto bound = state_->bind(endpoint);
  if (bound) state_->accept();
  return bound;
}

void BgpListener::start() {
  const std::lock_guard lock(state_->starting);
  asio::post(state_->context, [state = state_.get()] {
    for (const auto& [address, entry] : state->sessions) entry.session->start();
  });
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
}

bool BgpListener::refresh(std::string_view neighbor) {
  const auto asked = state_->ask([&] {
    const auto found = std::ranges::find_if(
        state_->sessions, [&](const auto& item) { return item.second.neighbor.shown_name() == neighbor; });
    return found != state_->sessions.end() && found->second.session->refresh();
  });
  return asked.value_or(false);
}

std::size_t BgpListener::refresh_all() {
  const auto asked = state_->ask([&] {
    return std::ranges::count_if(state_->sessions,
                                 [](const auto& item) { return item.second.session->refresh(); });
  });
  return static_cast<std::size_t>(asked.value_or(0));
}

BgpListener::Reconfigured BgpListener::configure(std::vector<BgpNeighbor> neighbors) {
  return state_->ask([&] { return state_->configure(std::move(neighbors)); }).value_or(Reconfigured{});
}

void BgpListener::stop() {
  const std::lock_guard lock(state_->starting);
  if (!state_->thread.joinable()) return;
  asio::post(state_->context, [state = state_.get()] { state->end(); });
  std::promise<void> ended;
  auto watch = ended.get_future();
  std::thread watchdog([&] {
    if (watch.wait_for(stop_time_max) == std::future_status::timeout) state_->context.stop();
  });
  state_->thread.join();
  ended.set_value();
  watchdog.join();
}

}  // namespace peering::feeds
