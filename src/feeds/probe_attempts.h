// The ways a single probe is sent and its answer recognised, one class a protocol. All of it runs on the
// prober's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "feeds/probe_socket.h"
#include "feeds/prober.h"

namespace peering::feeds {

/// A probe under way. `end` may be called more than once; the first call counts.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(boost::asio::io_context& context, const Probe& given, std::function<void(model::ProbeAnswer)> done);

  const Probe probe;
  void end(model::ProbeAnswer answer);
  bool ended() const { return !done_; }
  /// It could not be sent.
  void fail(std::string reason);
  /// Starts the timeout; the answer's time counts from here.
  void sent();
  /// Nanoseconds since `sent` by the wall clock that stamps packets, corrected by the steady one where the
  /// wall clock was set meanwhile.
  std::chrono::nanoseconds elapsed(std::chrono::nanoseconds stamped) const;
  /// Ends without telling anybody.
  void abandon();
  /// What is to be closed when it is over.
  std::function<void()> on_end;

 private:
  std::function<void(model::ProbeAnswer)> done_;
  boost::asio::steady_timer timer_;
  std::chrono::nanoseconds wall_{0};
  std::chrono::steady_clock::time_point steady_;
};
using AttemptPointer = std::shared_ptr<Attempt>;

/// An ICMP error as the answer to a probe.
model::ProbeAnswer answer_of(const Attempt& attempt, const DatagramProblem& problem);
/// Why the kernel did not send or connect, in the words of ping.
std::string reason_of(int error_number);

/// All echoes of one family: one socket, probes told apart by sequence number.
class IcmpEcho {
 public:
  /// Tries an unprivileged socket, then a raw one.
  static Result<std::unique_ptr<IcmpEcho>> open(boost::asio::io_context& context, net::Family family);
  ~IcmpEcho();
  IcmpEcho(const IcmpEcho&) = delete;
  IcmpEcho& operator=(const IcmpEcho&) = delete;

  void send(const AttemptPointer& attempt);

 private:
  IcmpEcho(boost::asio::io_context& context, ProbeSocket socket, net::Family family);
  void wait();
  void read_all();
  AttemptPointer find(std::uint16_t sequence, const net::Address& destination);
  void take(const Datagram& datagram);
  void take(const DatagramProblem& problem);

  ProbeSocket socket_;
  boost::asio::posix::stream_descriptor descriptor_;
  const net::Family family_;
  std::uint16_t identifier_;
  const std::uint64_t cookie_;
  std::uint16_t next_ = 0;
  std::unordered_map<std::uint16_t, AttemptPointer> under_way_;
};

/// One datagram to a UDP port, from a socket of its own: STAMP, or what traceroute sends.
void send_datagram(boost::asio::io_context& context, const AttemptPointer& attempt);
/// One TCP handshake.
void send_handshake(boost::asio::io_context& context, const AttemptPointer& attempt);

}  // namespace peering::feeds
