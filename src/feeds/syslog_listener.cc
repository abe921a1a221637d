#include "feeds/syslog_listener.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "base/log.h"
#include "feeds/listening_socket.h"
#include "http/addresses.h"
#include "wire/syslog/message.h"

namespace peering::feeds {

namespace {

namespace asio = boost::asio;
namespace syslog = wire::syslog;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t stream_read_bytes = 64UL * 1024;
constexpr int datagrams_at_once_max = 1000;
constexpr int port_attempts_max = 20;
constexpr std::chrono::milliseconds sink_pause_first{1}, sink_pause_longest{50}, syslog_accept_pause{100};

struct SyslogMetrics {
  explicit SyslogMetrics(Metrics& metrics)
      : udp(messages(metrics, "udp")),
        tcp(messages(metrics, "tcp")),
        malformed(
            metrics.counter("peering_syslog_malformed_total", "Syslog messages and frames that are none.")),
        dropped(metrics.counter(
            "peering_syslog_dropped_total",
            "Datagrams of syslog that were dropped, by us or by the kernel: too many at once.")),
        waits(metrics.counter("peering_syslog_waits_total", "Times a TCP sender of syslog had to wait.")),
        refused(metrics.counter("peering_syslog_refused_total",
                                "TCP connections of syslog that were closed at once: too many.")),
        connections(metrics.gauge("peering_syslog_connections", "Open TCP connections of syslog.")) {}

  static Counter& messages(Metrics& metrics, const char* transport) {
    return metrics.counter("peering_syslog_messages_total", "Syslog messages taken.",
                           {{"transport", transport}});
  }

  Counter &udp, &tcp, &malformed, &dropped, &waits, &refused;
  Gauge& connections;
};

class SyslogConnection;

// How many datagrams were dropped when. Thread-safe.
class Drops {
 public:
  void add(std::uint64_t number, Clock::time_point at) {
    const std::lock_guard lock(mutex_);
    // One entry a moment: a flood must not fill memory.
    if (!entries_.empty() && at - entries_.back().first < std::chrono::seconds(1))
      entries_.back().second += number;
    else
      entries_.emplace_back(at, number);
  }
  std::uint64_t since(Clock::time_point from) {
    const std::lock_guard lock(mutex_);
    while (!entries_.empty() && entries_.front().first < from) entries_.pop_front();
    std::uint64_t out = 0;
    for (const auto& [at, number] : entries_) out += number;
    return out;
  }

 private:
  std::mutex mutex_;
  std::deque<std::pair<Clock::time_point, std::uint64_t>> entries_;
};

}  // namespace

struct SyslogListener::State {
  State(SyslogSettings given, SyslogSink taker, Metrics& registry)
      : settings(given), sink(std::move(taker)), metrics(registry) {}

  const SyslogSettings settings;
  const SyslogSink sink;
  SyslogMetrics metrics;

  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  udp::socket datagrams{context};
  asio::steady_timer accept_timer{context}, tick_timer{context};
  std::list<std::shared_ptr<SyslogConnection>> connections;
  std::array<char, syslog::message_bytes_max> buffer{};
  std::uint32_t kernel_dropped = 0;
  Drops drops;
  std::mutex stopping;
  std::thread thread;

  Result<http::Endpoint> bind(const http::Endpoint& endpoint);
  void wait_for_datagrams();
  bool read_datagram();
  void count_kernel_drops();
  void count_drops(std::uint64_t number);
  void accept();
  void accepted(tcp::socket socket);
  void tick();
};

namespace {

// One sender's connection. All of it runs on the listener's thread.
class SyslogConnection {
 public:
  SyslogConnection(SyslogListener::State& listener, tcp::socket socket, std::string remote)
      : listener_(listener),
        socket_(std::move(socket)),
        pause_(listener.context),
        remote_(std::move(remote)) {}

  static asio::awaitable<void> run(std::shared_ptr<SyslogConnection> self) {
    SyslogConnection& connection = *self;
    while (!connection.closed_) {
      co_await connection.read();
      co_await connection.take_frames();
    }
  }

  void look_at_clock(Clock::time_point at) {
    if (!waiting_ && filled_ > 0 && at - heard_ >= listener_.settings.partial_message_time) close();
  }
  void close() {
    error_code ignored;
    socket_.close(ignored);
    pause_.cancel();
    closed_ = true;
  }

 private:
  asio::awaitable<void> read() {
    if (buffer_.size() < filled_ + stream_read_bytes) buffer_.resize(filled_ + stream_read_bytes);
    const auto space = asio::buffer(buffer_.data() + filled_, stream_read_bytes);
    const auto token = asio::as_tuple(asio::use_awaitable);
    const auto [error, count] = co_await socket_.async_read_some(space, token);
    filled_ += count;
    heard_ = Clock::now();
    if (!error) co_return;
    if (filled_ > 0) listener_.metrics.malformed.add();  // what has no end
    close();
  }

  asio::awaitable<void> take_frames() {
    std::size_t used = 0;
    while (!closed_) {
      const auto frame = syslog::next_frame(std::string_view(buffer_).substr(used, filled_ - used));
      if (!frame) {
        refuse(frame.error());
        co_return;
      }
      if (frame->used == 0) break;
      co_await take(frame->message);
      used += frame->used;
    }
    buffer_.erase(0, used);
    filled_ -= used;
  }

  // What follows cannot be told apart.
  void refuse(const Error& error) {
    log::warning("syslog from {}: {}", remote_, error.message);
    listener_.metrics.malformed.add();
    close();
  }

  asio::awaitable<void> take(std::string_view bytes) {
    const auto message = syslog::parse(bytes);
    if (!message) {
      listener_.metrics.malformed.add();
      co_return;
    }
    const std::string_view host = message->host.empty() ? std::string_view(remote_) : message->host;
    auto pause = sink_pause_first;
    while (!closed_ && !listener_.sink(host, message->content)) {
      if (!waiting_) listener_.metrics.waits.add();
      waiting_ = true;
      pause_.expires_after(pause);
      pause = std::min(pause * 2, sink_pause_longest);
      const auto token = asio::as_tuple(asio::use_awaitable);
      co_await pause_.async_wait(token);
    }
    waiting_ = false;
    if (!closed_) listener_.metrics.tcp.add();
  }

  SyslogListener::State& listener_;
  tcp::socket socket_;
  asio::steady_timer pause_;
  const std::string remote_;
  std::string buffer_;
  std::size_t filled_ = 0;
  Clock::time_point heard_ = Clock::now();
  bool waiting_ = false, closed_ = false;
};

}  // namespace

// A port that is free for TCP may be taken for UDP: with port 0 another is tried.
Result<http::Endpoint> SyslogListener::State::bind(const http::Endpoint& endpoint) {
  for (int attempt = 1;; ++attempt) {
    if (auto done = bind_acceptor(acceptor, endpoint, "syslog"); !done) return tl::unexpected(done.error());
    auto bound = start_listening(acceptor, endpoint, "syslog");
    if (!bound) return bound;
    error_code error;
    const tcp::endpoint at = acceptor.local_endpoint(error);
    const udp::endpoint same(at.address(), at.port());
    datagrams.open(same.protocol(), error);
    if (!error) datagrams.bind(same, error);
    if (!error) return bound;
    datagrams.close(error);
    acceptor.close(error);
    if (endpoint.port != 0 || attempt == port_attempts_max) {
      return fail(ErrorCode::io, "syslog cannot listen on {} by UDP: {}", bound->to_string(),
                  "the address is in use or not ours");
    }
  }
}

void SyslogListener::State::wait_for_datagrams() {
  datagrams.async_wait(udp::socket::wait_read, [this](error_code error) {
    if (error) return;
    for (int i = 0; i < datagrams_at_once_max && read_datagram(); ++i) continue;
    wait_for_datagrams();
  });
}

bool SyslogListener::State::read_datagram() {
  sockaddr_storage from{};
  iovec part{buffer.data(), buffer.size()};
  msghdr header{};
  header.msg_name = &from;
  header.msg_namelen = sizeof from;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  const ssize_t count = ::recvmsg(datagrams.native_handle(), &header, MSG_DONTWAIT);
  if (count < 0) return false;
  const auto message = syslog::parse({buffer.data(), static_cast<std::size_t>(count)});
  if (!message || (header.msg_flags & MSG_TRUNC) != 0) {
    metrics.malformed.add();
    return true;
  }
  udp::endpoint sender;
  std::memcpy(sender.data(), &from, std::min<std::size_t>(header.msg_namelen, sender.capacity()));
  sender.resize(header.msg_namelen);
  const std::string address = message->host.empty() ? http::address_of(sender.address()).to_string() : "";
  const bool taken = sink(address.empty() ? message->host : std::string_view(address), message->content);
  taken ? metrics.udp.add() : count_drops(1);
  return true;
}

void SyslogListener::State::count_drops(std::uint64_t number) {
  metrics.dropped.add(static_cast<double>(number));
  drops.add(number, Clock::now());
}

// The kernel tells how many it has dropped since the socket was opened; asked for, it tells also of those
// after which nothing came.
void SyslogListener::State::count_kernel_drops() {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t bytes = sizeof memory;
  if (::getsockopt(datagrams.native_handle(), SOL_SOCKET, SO_MEMINFO, memory.data(), &bytes) != 0) return;
  const std::uint32_t dropped = memory[SK_MEMINFO_DROPS];
  if (dropped != kernel_dropped) count_drops(dropped - kernel_dropped);
  kernel_dropped = dropped;
}

void SyslogListener::State::accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      accepted(std::move(socket));
      return accept();
    }
    accept_timer.expires_after(syslog_accept_pause);
    accept_timer.async_wait([this](error_code cancelled) {
      if (!cancelled) accept();
    });
  });
}

void SyslogListener::State::accepted(tcp::socket socket) {
  error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (error) return;
  if (connections.size() >= settings.connections_max) {
    metrics.refused.add();
    return;
  }
  socket.set_option(asio::socket_base::keep_alive(true), error);
  auto connection = std::make_shared<SyslogConnection>(*this, std::move(socket),
                                                       http::address_of(remote.address()).to_string());
  connections.push_back(connection);
  metrics.connections.set(static_cast<double>(connections.size()));
  asio::co_spawn(context, SyslogConnection::run(connection),
                 [this, key = connection.get()](const std::exception_ptr& failure) {
                   if (failure) log::error("a syslog connection ended by an exception");
                   connections.remove_if([&](const auto& each) { return each.get() == key; });
                   metrics.connections.set(static_cast<double>(connections.size()));
                 });
}

void SyslogListener::State::tick() {
  tick_timer.expires_after(std::clamp<std::chrono::milliseconds>(
      settings.partial_message_time / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(1000)));
  tick_timer.async_wait([this](error_code cancelled) {
    if (cancelled) return;
    count_kernel_drops();
    const auto at = Clock::now();
    for (const auto& connection : connections) connection->look_at_clock(at);
    tick();
  });
}

SyslogListener::SyslogListener(SyslogSettings settings, SyslogSink sink, Metrics& metrics)
    : state_(std::make_unique<State>(settings, std::move(sink), metrics)) {}
SyslogListener::~SyslogListener() { stop(); }

Result<http::Endpoint> SyslogListener::listen(const http::Endpoint& endpoint) {
  State& s = *state_;
  auto bound = s.bind(endpoint);
  if (!bound) return bound;
  const int buffer_bytes = s.settings.datagram_buffer_bytes;
  ::setsockopt(s.datagrams.native_handle(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  s.accept();
  s.wait_for_datagrams();
  s.tick();
  s.thread = std::thread([state = state_.get()] { state->context.run(); });
  return bound;
}

std::uint64_t SyslogListener::dropped_lately() const {
  return state_->drops.since(Clock::now() - state_->settings.drops_told_for);
}

void SyslogListener::stop() {
  const std::lock_guard lock(state_->stopping);
  state_->context.stop();
  if (state_->thread.joinable()) state_->thread.join();
  for (const auto& connection : state_->connections) connection->close();
  state_->connections.clear();
  error_code ignored;
  state_->acceptor.close(ignored);
  state_->datagrams.close(ignored);
}

}  // namespace peering::feeds
