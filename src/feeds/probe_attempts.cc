#include "feeds/probe_attempts.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/byte_cursor.h"
#include "wire/icmp/message.h"
#include "wire/stamp/packet.h"

namespace peering::feeds {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using model::ProbeEnd;
using model::ProbeProtocol;
using std::chrono::duration_cast;
using std::chrono::nanoseconds;

std::uint64_t random_bits() {
  std::random_device source;
  return std::uint64_t{source()} << 32 | source();
}

Microseconds rounded(nanoseconds time) {
  return std::max(Microseconds(1), std::chrono::round<Microseconds>(time));
}

}  // namespace

Attempt::Attempt(asio::io_context& context, const Probe& given, std::function<void(model::ProbeAnswer)> done)
    : probe(given), done_(std::move(done)), timer_(context) {}

void Attempt::end(model::ProbeAnswer answer) {
  if (!done_) return;
  timer_.cancel();
  const auto close = std::exchange(on_end, nullptr);
  const auto tell = std::exchange(done_, nullptr);
  if (close) close();
  tell(std::move(answer));
}

void Attempt::abandon() {
  timer_.cancel();
  done_ = nullptr;
  if (const auto close = std::exchange(on_end, nullptr)) close();
}

void Attempt::fail(std::string reason) {
  model::ProbeAnswer answer;
  answer.end = ProbeEnd::failed;
  answer.reason = std::move(reason);
  end(std::move(answer));
}

void Attempt::sent() {
  wall_ = wall_clock();
  steady_ = std::chrono::steady_clock::now();
  timer_.expires_at(steady_ + probe.timeout);
  timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (!cancelled) self->end({});
  });
}

nanoseconds Attempt::elapsed(nanoseconds stamped) const {
  const auto steady = duration_cast<nanoseconds>(std::chrono::steady_clock::now() - steady_);
  const nanoseconds by_stamp = stamped - wall_;
  return by_stamp > nanoseconds(0) && by_stamp <= steady ? by_stamp : steady;
}

std::string reason_of(int error_number) {
  switch (error_number) {
    case ENETUNREACH:
      return "Network is unreachable";
    case EHOSTUNREACH:
      return "Destination Host Unreachable";
    case ECONNREFUSED:
      return "Connection refused";
    default:
      return std::strerror(error_number);
  }
}

model::ProbeAnswer answer_of(const Attempt& attempt, const DatagramProblem& problem) {
  model::ProbeAnswer out;
  if (!problem.offender) {
    out.end = ProbeEnd::failed;
    out.reason = reason_of(problem.error_number);
    return out;
  }
  const auto what = wire::icmp::problem_of(attempt.probe.destination.family(), problem.type, problem.code);
  out.from = problem.offender;
  out.rtt = rounded(attempt.elapsed(problem.at));
  out.reason = what.text;
  out.mark = what.mark;
  const bool at_destination = problem.offender == attempt.probe.destination;
  out.end = ProbeEnd::unreachable;
  if (what.meaning == wire::icmp::Meaning::expired) out.end = ProbeEnd::expired;
  if (what.meaning == wire::icmp::Meaning::port_unreachable && at_destination) out.end = ProbeEnd::refused;
  return out;
}

Result<std::unique_ptr<IcmpEcho>> IcmpEcho::open(asio::io_context& context, net::Family family) {
  auto socket = ProbeSocket::open(ProbeSocket::Kind::icmp, family);
  if (!socket) socket = ProbeSocket::open(ProbeSocket::Kind::raw_icmp, family);
  if (!socket) return tl::unexpected(socket.error());
  if (socket->kind() == ProbeSocket::Kind::icmp) {
    if (auto done = socket->bind(std::nullopt, 0); !done) return tl::unexpected(done.error());
  }
  return std::unique_ptr<IcmpEcho>(new IcmpEcho(context, std::move(*socket), family));
}

IcmpEcho::IcmpEcho(asio::io_context& context, ProbeSocket socket, net::Family family)
    : socket_(std::move(socket)),
      descriptor_(context, socket_.descriptor()),
      family_(family),
      identifier_(socket_.kind() == ProbeSocket::Kind::icmp ? socket_.local_port()
                                                            : static_cast<std::uint16_t>(random_bits())),
      cookie_(random_bits()) {
  wait();
}

// The descriptor belongs to the socket.
IcmpEcho::~IcmpEcho() { descriptor_.release(); }

// An error that waits makes the descriptor readable too.
void IcmpEcho::wait() {
  descriptor_.async_wait(asio::posix::descriptor_base::wait_read, [this](const error_code& failed) {
    if (failed) return;
    read_all();
    wait();
  });
}

void IcmpEcho::read_all() {
  while (const auto problem = socket_.receive_problem()) take(*problem);
  while (const auto datagram = socket_.receive()) take(*datagram);
}

AttemptPointer IcmpEcho::find(std::uint16_t sequence, const net::Address& destination) {
  const auto found = under_way_.find(sequence);
  return found == under_way_.end() || found->second->probe.destination != destination ? nullptr
                                                                                      : found->second;
}

void IcmpEcho::take(const Datagram& datagram) {
  const auto echo = wire::icmp::decode_echo(family_, datagram.bytes);
  if (!echo || !echo->reply || echo->identifier != identifier_) return;
  if (!wire::icmp::is_balanced(echo->sequence, cookie_, echo->data)) return;
  const AttemptPointer attempt = find(echo->sequence, datagram.from);
  if (!attempt) return;
  model::ProbeAnswer answer;
  answer.end = ProbeEnd::answered;
  answer.from = datagram.from;
  answer.ttl = datagram.ttl;
  answer.bytes = datagram.bytes.size();
  answer.rtt = rounded(attempt->elapsed(datagram.at));
  attempt->end(std::move(answer));
}

void IcmpEcho::take(const DatagramProblem& problem) {
  const auto echo = wire::icmp::decode_echo(family_, problem.bytes);
  if (!echo || echo->reply || echo->identifier != identifier_) return;
  const AttemptPointer attempt = find(echo->sequence, problem.destination);
  if (attempt) attempt->end(answer_of(*attempt, problem));
}

void IcmpEcho::send(const AttemptPointer& attempt) {
  if (under_way_.size() > 0x8000) return attempt->fail("too many echoes are under way");
  while (under_way_.contains(next_)) ++next_;
  const std::uint16_t sequence = next_++;
  const Probe& probe = attempt->probe;
  const auto data = wire::icmp::balanced_data(sequence, cookie_, probe.data_bytes);
  const auto bytes = wire::icmp::encode_echo(family_, {false, identifier_, sequence, data});
  under_way_[sequence] = attempt;
  attempt->on_end = [this, sequence] { under_way_.erase(sequence); };
  attempt->sent();
  const int failed = socket_.send(bytes, {probe.destination, 0, probe.ttl, std::nullopt});
  if (failed != 0) attempt->fail(reason_of(failed));
}

namespace {

// A socket of its own makes answers and errors belong to one probe, whatever they quote.
class DatagramProbe : public std::enable_shared_from_this<DatagramProbe> {
 public:
  DatagramProbe(asio::io_context& context, AttemptPointer attempt, ProbeSocket socket)
      : attempt_(std::move(attempt)), socket_(std::move(socket)), descriptor_(context) {}
  ~DatagramProbe() { release(); }

  Result<void> start() {
    const Probe& probe = attempt_->probe;
    if (probe.source_port != 0) {
      if (auto done = socket_.bind(std::nullopt, probe.source_port); !done) return done;
    }
    if (auto done = socket_.connect(probe.destination, probe.port); !done) return done;
    descriptor_.assign(socket_.descriptor());
    // `attempt_` ends before this does, and lets go of it.
    attempt_->on_end = [self = shared_from_this()] { self->release(); };
    wait();
    attempt_->sent();
    const int failed = socket_.send(message(), {std::nullopt, 0, probe.ttl, std::nullopt});
    if (failed != 0) attempt_->fail(reason_of(failed));
    return {};
  }

 private:
  std::vector<std::uint8_t> message() {
    if (attempt_->probe.protocol == ProbeProtocol::stamp) {
      wire::stamp::SenderPacket packet;
      packet.timestamp = sent_ = wire::stamp::ntp_timestamp(wall_clock());
      packet.session = static_cast<std::uint16_t>(random_bits() | 1U);
      return wire::stamp::encode(packet);
    }
    ByteWriter out;
    out.u16(static_cast<std::uint16_t>(attempt_->probe.ttl));
    while (out.size() < attempt_->probe.data_bytes) out.u8(static_cast<std::uint8_t>(out.size()));
    return std::move(out).take();
  }

  void release() {
    if (descriptor_.is_open()) descriptor_.release();
  }

  void wait() {
    descriptor_.async_wait(asio::posix::descriptor_base::wait_read,
                           [self = shared_from_this()](const error_code& failed) {
                             if (failed || self->attempt_->ended()) return;
                             self->read_all();
                             if (!self->attempt_->ended()) self->wait();
                           });
  }

  void read_all() {
    while (const auto problem = socket_.receive_problem()) {
      if (is_mine(*problem)) attempt_->end(answer_of(*attempt_, *problem));
    }
    while (const auto datagram = socket_.receive()) take(*datagram);
  }

  // With a fixed source port a late error may be about an earlier probe; most routers quote enough to tell.
  bool is_mine(const DatagramProblem& problem) const {
    const bool told_apart = attempt_->probe.protocol == ProbeProtocol::udp && problem.bytes.size() >= 2;
    return !told_apart || ByteReader(problem.bytes).u16() == attempt_->probe.ttl;
  }

  void take(const Datagram& datagram) {
    model::ProbeAnswer answer;
    answer.end = ProbeEnd::answered;
    answer.from = datagram.from;
    answer.ttl = datagram.ttl;
    answer.rtt = rounded(attempt_->elapsed(datagram.at));
    if (attempt_->probe.protocol == ProbeProtocol::stamp) {
      const auto packet = wire::stamp::decode_reflector(datagram.bytes);
      // The time of sending is known to nobody who did not get the packet.
      if (!packet || packet->sender_timestamp != sent_) return;
      const auto rtt = wire::stamp::round_trip(*packet, attempt_->elapsed(datagram.at));
      if (!rtt) return;
      answer.rtt = rounded(*rtt);
    }
    attempt_->end(std::move(answer));
  }

  const AttemptPointer attempt_;
  ProbeSocket socket_;
  asio::posix::stream_descriptor descriptor_;
  wire::stamp::Timestamp sent_ = 0;
};

// What the kernel measured between SYN and SYN-ACK; nothing when it does not say.
std::optional<Microseconds> kernel_rtt(tcp::socket& socket) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
  if (info.tcpi_rtt == 0) return std::nullopt;
  return Microseconds(info.tcpi_rtt);
}

model::ProbeAnswer answer_of(const Attempt& attempt, tcp::socket& socket, const error_code& failed) {
  model::ProbeAnswer out;
  const Microseconds waited = rounded(attempt.elapsed(wall_clock()));
  if (!failed) {
    out.end = ProbeEnd::answered;
    out.from = attempt.probe.destination;
    // Never longer than what was waited for.
    out.rtt = std::min(kernel_rtt(socket).value_or(waited), waited);
    return out;
  }
  out.reason = reason_of(failed.value());
  if (failed == asio::error::connection_refused) {
    out.end = ProbeEnd::refused;
    out.from = attempt.probe.destination;
    out.rtt = waited;
  } else if (failed == asio::error::host_unreachable || failed == asio::error::network_unreachable) {
    out.end = ProbeEnd::unreachable;
  } else {
    out.end = ProbeEnd::failed;
  }
  return out;
}

asio::ip::address to_asio(const net::Address& address) {
  if (address.is_v4()) {
    asio::ip::address_v4::bytes_type bytes;
    std::ranges::copy(address.bytes(), bytes.begin());
    return asio::ip::address_v4(bytes);
  }
  asio::ip::address_v6::bytes_type bytes;
  std::ranges::copy(address.bytes(), bytes.begin());
  return asio::ip::address_v6(bytes);
}

}  // namespace

void send_datagram(asio::io_context& context, const AttemptPointer& attempt) {
  auto socket = ProbeSocket::open(ProbeSocket::Kind::udp, attempt->probe.destination.family());
  if (!socket) return attempt->fail(socket.error().message);
  const auto probe = std::make_shared<DatagramProbe>(context, attempt, std::move(*socket));
  if (const auto done = probe->start(); !done) attempt->fail(done.error().message);
}

void send_handshake(asio::io_context& context, const AttemptPointer& attempt) {
  const auto socket = std::make_shared<tcp::socket>(context);
  const tcp::endpoint where(to_asio(attempt->probe.destination), attempt->probe.port);
  attempt->on_end = [socket] {
    error_code ignored;
    socket->close(ignored);
  };
  attempt->sent();
  socket->async_connect(where, [attempt, socket](const error_code& failed) {
    if (!attempt->ended()) attempt->end(answer_of(*attempt, *socket, failed));
  });
}

}  // namespace peering::feeds
