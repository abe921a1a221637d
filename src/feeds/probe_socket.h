// A datagram socket for probes: ICMP (unprivileged or raw) or UDP. Beside what comes it gives what went
// wrong on the way: ICMP errors out of the socket's error queue, which needs no privileges.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace peering::feeds {

/// Nanoseconds since 1970 by the wall clock, which the kernel stamps packets with.
std::chrono::nanoseconds wall_clock();

/// What came in. `bytes` are valid until the next call to the socket.
struct Datagram {
  std::span<const std::uint8_t> bytes;  ///< without IP header
  net::Address from;
  std::uint16_t port = 0;
  std::optional<net::Address> to;  ///< which address of ours; only where `want_destination` was asked for
  int ttl = 0;                     ///< 0: not known
  std::chrono::nanoseconds at{0};  ///< when the kernel got it
};

/// An ICMP error about something that was sent, or the kernel's own.
struct DatagramProblem {
  std::span<const std::uint8_t> bytes;  ///< what of the sent message the error quotes; may be empty
  net::Address destination;             ///< where it was sent to
  std::optional<net::Address> offender;
  std::uint8_t type = 0, code = 0;  ///< of the ICMP error, when `offender`
  int error_number = 0;
  std::chrono::nanoseconds at{0};
};

/// Not thread-safe; never blocks.
class ProbeSocket {
 public:
  enum class Kind : std::uint8_t { icmp, raw_icmp, udp };

  /// `permission_denied` and `io`: the kernel refused.
  static Result<ProbeSocket> open(Kind kind, net::Family family);
  ProbeSocket(ProbeSocket&& other) noexcept;
  ProbeSocket& operator=(ProbeSocket&& other) noexcept;
  ~ProbeSocket();

  int descriptor() const { return descriptor_; }
  Kind kind() const { return kind_; }

  /// The wildcard address, or that one. Port 0: a free one.
  Result<void> bind(const std::optional<net::Address>& address, std::uint16_t port);
  /// Only what comes from there is received from now on.
  Result<void> connect(const net::Address& address, std::uint16_t port);
  /// The port, or for unprivileged ICMP the identifier, that the kernel gave.
  std::uint16_t local_port() const;
  /// `Datagram::to` is filled, and `send` can be told the source.
  void want_destination();

  struct Sending {
    std::optional<net::Address> to;  ///< absent: where it is connected to
    std::uint16_t port = 0;
    int ttl = 0;  ///< 0: the system's
    std::optional<net::Address> source;
  };
  /// The error's number, 0 for none. Errors that belong to earlier packets are not reported here.
  int send(std::span<const std::uint8_t> bytes, const Sending& sending);

  /// Nothing more to read: nothing.
  std::optional<Datagram> receive();
  std::optional<DatagramProblem> receive_problem();

 private:
  ProbeSocket(int descriptor, Kind kind, net::Family family)
      : descriptor_(descriptor), kind_(kind), family_(family), buffer_(buffer_bytes) {}
  void set_options();
  void ignore_other_icmp();

  static constexpr std::size_t buffer_bytes = 2048;
  int descriptor_ = -1;
  Kind kind_ = Kind::udp;
  net::Family family_ = net::Family::ipv4;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace peering::feeds
