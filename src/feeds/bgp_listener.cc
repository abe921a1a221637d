#include "feeds/bgp_listener.h"

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

namespace peering::feeds {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::chrono::seconds complaint_every{10};
// Our last NOTIFICATIONs are on their way by then.
constexpr std::chrono::seconds stop_time_max{2};
constexpr std::string_view goodbye = "the collector stops";

net::Address address_of(const asio::ip::address& address) {
  if (address.is_v4()) return net::Address::v4(address.to_v4().to_uint());
  return net::Address::v6(address.to_v6().to_bytes()).unmapped();
}

}  // namespace

struct BgpListener::State {
  State(BgpSettings given, PeerRegistry& peers, ShardSink& shards, Metrics& registry)
      : settings(std::move(given)), metrics(registry) {
    for (const BgpNeighbor& neighbor : settings.neighbors) {
      auto session = BgpSession::make(settings, neighbor, {context, peers, shards, metrics});
      by_name[neighbor.shown_name()] = session.get();
      sessions[neighbor.address] = std::move(session);
    }
  }

  const BgpSettings settings;
  BgpMetrics metrics;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  tcp::acceptor acceptor{context};
  asio::steady_timer accept_timer{context};
  std::map<net::Address, std::shared_ptr<BgpSession>> sessions;
  std::map<std::string, BgpSession*, std::less<>> by_name;
  Clock::time_point next_complaint{};
  std::uint64_t unsaid = 0;
  bool closing = false;
  std::mutex starting;
  std::thread thread;

  Result<http::Endpoint> bind(const http::Endpoint& endpoint);
  Result<void> secure_acceptor(bool on_ipv6);
  void accept();
  void accepted(tcp::socket socket);
  void end();
};

Result<void> BgpListener::State::secure_acceptor(bool on_ipv6) {
  const int socket = acceptor.native_handle();
  for (const BgpNeighbor& neighbor : settings.neighbors) {
    if (!on_ipv6 && !neighbor.address.is_v4()) continue;
    Result<void> done;
    if (neighbor.ttl_security > 0) done = set_longest_ttl(socket, on_ipv6);
    if (done && !neighbor.password.empty()) {
      done = set_tcp_md5(socket, on_ipv6, neighbor.address, neighbor.password);
    }
    if (!done) {
      return fail(done.error().code, "BGP neighbor {}: {}", neighbor.shown_name(), done.error().message);
    }
  }
  return {};
}

Result<http::Endpoint> BgpListener::State::bind(const http::Endpoint& endpoint) {
  error_code error;
  tcp::resolver resolver(context);
  const auto found =
      resolver.resolve(http::loopback_name(endpoint.host), std::to_string(endpoint.port), error);
  if (error) return fail(ErrorCode::io, "{} cannot be resolved: {}", endpoint.host, error.message());
  const tcp::endpoint where = found.begin()->endpoint();
  acceptor.open(where.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(where, error);
  if (error) return fail(ErrorCode::io, "BGP cannot listen on {}: {}", endpoint.to_string(), error.message());
  if (auto done = secure_acceptor(where.address().is_v6()); !done) return tl::unexpected(done.error());
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::io, "BGP cannot listen on {}: {}", endpoint.to_string(), error.message());
  const tcp::endpoint bound = acceptor.local_endpoint(error);
  if (error) return fail(ErrorCode::io, "BGP on {}: {}", endpoint.to_string(), error.message());
  return http::Endpoint{bound.address().to_string(), bound.port()};
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
  const net::Address address = address_of(remote.address());
  if (const auto found = sessions.find(address); found != sessions.end()) {
    return found->second->accepted(std::move(socket));
  }
  metrics.refused(BgpRefusal::unknown_address);
  if (Clock::now() < next_complaint) {
    ++unsaid;
    return;
  }
  next_complaint = Clock::now() + complaint_every;
  log::warning("BGP connection from {} refused: no neighbor has this address; {} others not shown",
               address.to_string(), std::exchange(unsaid, 0));
}

// On the thread. It ends when the last words are said.
void BgpListener::State::end() {
  closing = true;
  error_code ignored;
  acceptor.close(ignored);
  accept_timer.cancel();
  for (const auto& [address, session] : sessions) session->stop(goodbye);
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
    for (const auto& [address, session] : state->sessions) session->start();
  });
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
}

bool BgpListener::refresh(std::string_view neighbor) {
  const auto found = state_->by_name.find(neighbor);
  const std::lock_guard lock(state_->starting);  // not while it stops: nobody would answer
  if (found == state_->by_name.end() || !state_->thread.joinable()) return false;
  std::promise<bool> asked;
  auto answer = asked.get_future();
  asio::post(state_->context, [session = found->second, &asked] { asked.set_value(session->refresh()); });
  return answer.get();
}

std::size_t BgpListener::refresh_all() {
  std::size_t asked = 0;
  for (const auto& [name, session] : state_->by_name) asked += refresh(name) ? 1 : 0;
  return asked;
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
