// What a probe is asked for and what it met: the words that the prober, the tests and the looking glass
// share.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/address.h"

namespace peering::model {

/// `tcp`: a handshake with a port. `stamp`: RFC 8762 over UDP, unauthenticated. `udp`: a datagram to a port
/// where nobody listens, for traceroute where ICMP sockets are not allowed.
enum class ProbeProtocol : std::uint8_t { icmp, tcp, stamp, udp };

enum class ProbeEnd : std::uint8_t {
  answered,     ///< by the destination, as the protocol wants it
  refused,      ///< by the destination: TCP reset, or port unreachable
  unreachable,  ///< an ICMP error of somebody on the way
  expired,      ///< TTL or hop limit exceeded at `from`
  silent,       ///< nothing came in time
  failed,       ///< could not be sent; `reason` says why
};

/// What became of one probe.
struct ProbeAnswer {
  ProbeEnd end = ProbeEnd::silent;
  Microseconds rtt{0};  ///< when somebody answered
  std::optional<net::Address> from;
  int ttl = 0;            ///< of the answer as it came in; 0: not known
  std::size_t bytes = 0;  ///< of the answer's ICMP message; 0: not known
  std::string reason;     ///< "Destination Host Unreachable", "Connection refused"; empty when answered
  std::string mark;       ///< what traceroute prints behind the time: "!H"; mostly empty
  friend bool operator==(const ProbeAnswer&, const ProbeAnswer&) = default;
};

/// The answers of one TTL, in order of sending.
struct ProbeHop {
  int ttl = 0;
  std::vector<ProbeAnswer> answers;
  friend bool operator==(const ProbeHop&, const ProbeHop&) = default;
};

/// Several echoes, or a walk along the path. Neither of both: the server ended before they did.
struct ProbeReport {
  ProbeProtocol protocol = ProbeProtocol::icmp;
  std::size_t payload_bytes = 0;     ///< of what was sent, after the header of ICMP or UDP
  std::vector<ProbeAnswer> answers;  ///< of a ping
  std::vector<ProbeHop> hops;        ///< of a traceroute
  Microseconds took{0};
};

/// What somebody asks of this server.
struct ProbeOrder {
  enum class Command : std::uint8_t { ping, traceroute };
  Command command = Command::ping;
  net::Address destination;
  std::string subscription;  ///< whose allowance it takes from, in lower case
};

/// Why nothing is sent.
struct ProbeRefusal {
  enum class Why : std::uint8_t { off, denied, busy, impossible };
  Why why = Why::off;
  std::string message;
  std::chrono::seconds retry_after{0};  ///< when busy; at least 1
};

/// One run of a connection monitor test or a connectivity probe.
struct TestResult {
  TimePoint at{};                      ///< when it was sent, to the second
  std::optional<std::int64_t> rtt_us;  ///< absent: not successful
  friend bool operator==(const TestResult&, const TestResult&) = default;
};

/// Where a test stands.
struct TestState {
  bool successful = false;        ///< the latest run was
  std::vector<std::string> path;  ///< addresses of hops, "*" for a silent one; empty: not known yet
  friend bool operator==(const TestState&, const TestState&) = default;
};

}  // namespace peering::model
