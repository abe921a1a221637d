#include "feeds/syslog_listener.h"

#include <algorithm>
#include <array>
#include <cstring>
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
constexpr int datagram_buffer_bytes = 4 * 1024 * 1024;
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
  std::mutex stopping;
  std::thread thread;

  Result<http::Endpoint> bind(const http::Endpoint& endpoint);
  void wait_for_datagrams();
  bool read_datagram();
  void count_kernel_drops(const msghdr& header);
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
  alignas(cmsghdr) std::array<char, 256> control{};
  msghdr header{};
  header.msg_name = &from;
  header.msg_namelen = sizeof from;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(datagrams.native_handle(), &header, MSG_DONTWAIT);
  if (count < 0) return false;
  count_kernel_drops(header);
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
  (taken ? metrics.udp : metrics.dropped).add();
  return true;
}

// The kernel tells how many it has dropped since the socket was opened.
void SyslogListener::State::count_kernel_drops(const msghdr& header) {
  for (const cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr;
       each = CMSG_NXTHDR(const_cast<msghdr*>(&header), const_cast<cmsghdr*>(each))) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SO_RXQ_OVFL) continue;
    std::uint32_t dropped = 0;
    std::memcpy(&dropped, CMSG_DATA(each), sizeof dropped);
    metrics.dropped.add(static_cast<double>(dropped - kernel_dropped));
    kernel_dropped = dropped;
  }
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
  const int descriptor = s.datagrams.native_handle(), on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &datagram_buffer_bytes, sizeof datagram_buffer_bytes);
  ::setsockopt(descriptor, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  s.accept();
  s.wait_for_datagrams();
  s.tick();
  s.thread = std::thread([state = state_.get()] { state->context.run(); });
  return bound;
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
