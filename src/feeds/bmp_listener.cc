#include "feeds/bmp_listener.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/log.h"
#include "feeds/bmp_conversation.h"
#include "feeds/listening_socket.h"
#include "feeds/shard_router.h"
#include "http/addresses.h"

namespace peering::feeds {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::chrono::milliseconds full_pause_first{1}, full_pause_longest{50};
constexpr std::chrono::milliseconds accept_pause{100};
// A router that is gone without a word is noticed within about 90 s.
constexpr int keep_alive_idle_s = 60, keep_alive_every_s = 10, keep_alive_tries = 3;

void keep_alive(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const auto set = [&](int option, int value) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  };
  set(TCP_KEEPIDLE, keep_alive_idle_s);
  set(TCP_KEEPINTVL, keep_alive_every_s);
  set(TCP_KEEPCNT, keep_alive_tries);
}

class Session;

// What a session's word that a peer is up means for other sessions of the router.
enum class Claim {
  undisputed,
  replaces,  // an older session had the peer, and is closed
  obsolete,  // a younger session has the peer
};

}  // namespace

struct BmpListener::State {
  State(BmpSettings given, PeerRegistry& peer_registry, ShardSink& sink, Metrics& registry)
      : settings(given), peers(peer_registry), shards(sink), metrics(registry) {}

  const BmpSettings settings;
  PeerRegistry& peers;
  ShardSink& shards;
  BmpMetrics metrics;

  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer accept_timer{context}, tick_timer{context};
  std::list<std::shared_ptr<Session>> sessions;
  std::mutex stopping;
  std::thread thread;

  void accept();
  void accepted(tcp::socket socket);
  void tick();
  void remove(const Session* session);
  BmpConversation::Others others(const Session& session) const;
  bool another_is_ending(const Session& session) const;
  Claim claim(const Session& speaker, const BmpPeerKey& peer);
};

namespace {

// One router's connection. All of it runs on the listener's thread.
class Session {
 public:
  Session(BmpListener::State& listener, tcp::socket socket, const net::Address& remote)
      : listener_(listener),
        socket_(std::move(socket)),
        pause_(listener.context),
        conversation_(remote, listener.settings.peers_per_session_max, listener.peers, listener.metrics),
        shards_(listener.shards) {
    if (listener.settings.archive) conversation_.archive_to(*listener.settings.archive);
  }

  /// Reads until the router or something in what it says ends the session, and until the shards know.
  static asio::awaitable<void> run(std::shared_ptr<Session> self) {
    Session& session = *self;
    while (session.end_reason_.empty()) {
      co_await session.read();
      co_await session.take_frames();
    }
    session.close();
    if (session.dropped_) co_return;
    session.ending_ = true;
    session.conversation_.end(now(), session.end_reason_, session.listener_.others(session),
                              session.messages_);
    co_await session.deliver();
  }

  const BmpConversation& conversation() const { return conversation_; }
  /// Reads and speaks for its router.
  bool lives() const { return !ending_ && !dropped_; }
  /// Has no more to read but not yet handed everything on.
  bool is_ending() const { return ending_ && !dropped_; }

  /// Called now and then: closes a session whose message does not complete.
  void look_at_clock(Clock::time_point at) {
    const auto limit = listener_.settings.partial_message_time;
    if (!lives() || waiting_ || !incomplete_since_ || at - *incomplete_since_ < limit) return;
    overdue_ = true;
    close();
  }

  /// Closed without a word to the shards: another session speaks for the router now.
  void drop() {
    dropped_ = true;
    conversation_.drop(now());
    close();
    pause_.cancel();
  }

 private:
  asio::awaitable<void> read() {
    if (filled_ + read_bytes > buffer_.size()) buffer_.resize(filled_ + read_bytes);
    const auto space = asio::buffer(buffer_.data() + filled_, read_bytes);
    const auto token = asio::as_tuple(asio::use_awaitable);
    const auto [error, count] = co_await socket_.async_read_some(space, token);
    filled_ += count;
    if (!error) co_return;
    if (overdue_) {
      listener_.metrics.malformed(Malformed::incomplete);
      end_reason_ = "a message did not complete in time";
    } else {
      if (filled_ > 0) listener_.metrics.malformed(Malformed::incomplete);
      end_reason_ = error == asio::error::eof ? "closed by the router" : error.message();
    }
  }

  // Goes through the frames that are whole; what is left moves to the front of the buffer.
  asio::awaitable<void> take_frames() {
    std::size_t used = 0;
    bool waited = false;
    while (end_reason_.empty() && !dropped_) {
      const auto bytes = std::span<const std::uint8_t>(buffer_).first(filled_).subspan(used);
      const auto length = wire::bmp::split_frame(bytes);
      if (!length) {
        listener_.metrics.malformed(Malformed::frame);
        end_reason_ = length.error().message;
      } else if (*length == 0 || *length > bytes.size()) {
        break;
      } else {
        take(bytes.first(*length));
        used += *length;
        if (held_bytes(messages_) >= ShardRouter::held_bytes_max) waited |= co_await deliver();
      }
    }
    waited |= co_await deliver();
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used));
    filled_ -= used;
    // While we waited the rest could not come in: its time begins now.
    if (used > 0 || waited || !incomplete_since_) incomplete_since_ = Clock::now();
    if (filled_ == 0 && said_something_) incomplete_since_.reset();
  }

  void take(std::span<const std::uint8_t> frame) {
    said_something_ = true;
    const TimePoint arrival = now();
    const auto before = static_cast<std::ptrdiff_t>(messages_.size());
    conversation_.take(frame, arrival, messages_);
    if (const auto& peer = conversation_.came_up()) {
      const Claim claim = listener_.claim(*this, *peer);
      if (claim == Claim::obsolete) return drop();
      // Before its first peer nothing of this session can be stale: the shards start over with the router.
      if (claim == Claim::replaces && !peers_came_) {
        const std::string& router = conversation_.router();
        messages_.insert(messages_.begin() + before, RouterUp{router, arrival});
        messages_.insert(messages_.begin() + before, RouterDown{router, arrival, "it connected again"});
      }
      peers_came_ = true;
    }
    if (const auto& reason = conversation_.terminated()) end_reason_ = "terminated: " + *reason;
  }

  // Hands on what was decoded. Waits, and then gives true, while a shard is full or a former session of the
  // router has not handed on its end: nothing overtakes.
  asio::awaitable<bool> deliver() {
    auto pause = full_pause_first;
    bool waited = false;
    while (!dropped_ && !try_deliver()) {
      if (!waited) listener_.metrics.waits.add();
      waited = waiting_ = true;
      pause_.expires_after(pause);
      pause = std::min(pause * 2, full_pause_longest);
      const auto token = asio::as_tuple(asio::use_awaitable);
      co_await pause_.async_wait(token);
    }
    waiting_ = false;
    co_return waited;
  }

  bool try_deliver() {
    if (!messages_.empty() && listener_.another_is_ending(*this)) return false;
    return shards_.push(messages_);
  }

  void close() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

  BmpListener::State& listener_;
  tcp::socket socket_;
  asio::steady_timer pause_;
  BmpConversation conversation_;
  ShardRouter shards_;
  std::vector<std::uint8_t> buffer_;
  std::size_t filled_ = 0;
  std::vector<ShardMessage> messages_;  // decoded, not yet handed on
  std::optional<Clock::time_point> incomplete_since_ = Clock::now();
  std::string end_reason_;
  bool said_something_ = false, peers_came_ = false;
  bool waiting_ = false, overdue_ = false, ending_ = false, dropped_ = false;
};

}  // namespace

void BmpListener::State::accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      accepted(std::move(socket));
      return accept();
    }
    // Out of descriptors, most likely: those who wait in the queue may get in later.
    log::error("BMP cannot accept: {}", error.message());
    accept_timer.expires_after(accept_pause);
    accept_timer.async_wait([this](error_code cancelled) {
      if (!cancelled) accept();
    });
  });
}

void BmpListener::State::accepted(tcp::socket socket) {
  error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (error) return;
  if (sessions.size() >= settings.sessions_max) {
    metrics.refused.add();
    return;
  }
  keep_alive(socket);
  auto session = std::make_shared<Session>(*this, std::move(socket), http::address_of(remote.address()));
  sessions.push_back(session);
  metrics.opened.add();
  metrics.sessions.set(static_cast<double>(sessions.size()));
  const Session* key = session.get();
  asio::co_spawn(context, Session::run(std::move(session)), [this, key](const std::exception_ptr& failure) {
    if (failure) log::error("a BMP session ended by an exception");
    remove(key);
  });
}

void BmpListener::State::remove(const Session* session) {
  sessions.remove_if([&](const auto& entry) { return entry.get() == session; });
  metrics.sessions.set(static_cast<double>(sessions.size()));
}

void BmpListener::State::tick() {
  const auto every = std::clamp<std::chrono::milliseconds>(
      settings.partial_message_time / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(1000));
  tick_timer.expires_after(every);
  tick_timer.async_wait([this](error_code cancelled) {
    if (cancelled) return;
    const auto at = Clock::now();
    for (const auto& session : sessions) session->look_at_clock(at);
    tick();
  });
}

BmpConversation::Others BmpListener::State::others(const Session& session) const {
  auto out = BmpConversation::Others::none;
  for (const auto& other : sessions) {
    if (other.get() == &session || !other->lives()) continue;
    if (other->conversation().router() != session.conversation().router()) continue;
    if (other->conversation().has_peers()) return BmpConversation::Others::speaking;
    out = BmpConversation::Others::silent;
  }
  return out;
}

bool BmpListener::State::another_is_ending(const Session& session) const {
  return std::ranges::any_of(sessions, [&](const auto& other) {
    return other.get() != &session && other->is_ending() && !session.is_ending() &&
           other->conversation().router() == session.conversation().router();
  });
}

// A peer has one session. An older one that holds it is dropped; when a younger one does, the speaker is what
// is left of a connection that the router gave up. `sessions` is in order of age.
Claim BmpListener::State::claim(const Session& speaker, const BmpPeerKey& peer) {
  Claim out = Claim::undisputed;
  bool younger = false;
  for (const auto& other : sessions) {
    if (other.get() == &speaker) {
      younger = true;
      continue;
    }
    const BmpConversation& talk = other->conversation();
    if (!other->lives() || !talk.has_up(peer) || talk.router() != speaker.conversation().router()) continue;
    if (younger) return Claim::obsolete;
    log::warning("router {} connected again from {}: its session from {} is closed", talk.router(),
                 speaker.conversation().remote().to_string(), talk.remote().to_string());
    other->drop();
    out = Claim::replaces;
  }
  return out;
}

BmpListener::BmpListener(BmpSettings settings, PeerRegistry& peers, ShardSink& shards, Metrics& metrics)
    : state_(std::make_unique<State>(settings, peers, shards, metrics)) {}
BmpListener::~BmpListener() { stop(); }

Result<http::Endpoint> BmpListener::listen(const http::Endpoint& endpoint) {
  if (auto done = bind_acceptor(state_->acceptor, endpoint, "BMP"); !done)
    return tl::unexpected(done.error());
  auto bound = start_listening(state_->acceptor, endpoint, "BMP");
  if (!bound) return bound;
  state_->accept();
  state_->tick();
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
  return bound;
}

void BmpListener::stop() {
  const std::lock_guard lock(state_->stopping);
  state_->context.stop();
  if (state_->thread.joinable()) state_->thread.join();
  for (const auto& session : state_->sessions) session->drop();
  state_->sessions.clear();
  error_code ignored;
  state_->acceptor.close(ignored);
}

}  // namespace peering::feeds
