// Active measurements from this machine: ICMP echoes, TCP handshakes, STAMP (RFC 8762), and traceroutes.
//
// One thread owns every socket. Probes are sent one after the other at most at a fixed rate, whoever asks,
// and each is answered exactly once: by an answer, by an ICMP error of somebody on the way, or by its
// timeout. ICMP goes through unprivileged sockets where net.ipv4.ping_group_range allows, else through raw
// ones; when neither can be had, `can_send` says why, and traceroutes use UDP. The round-trip time of a
// datagram ends when the kernel got the answer, that of a TCP handshake is the kernel's own measurement.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "http/server.h"
#include "model/probe.h"
#include "net/prefix.h"

namespace peering::feeds {

struct ProberSettings {
  std::int64_t per_second_max = 500;
  /// Probes that wait to be sent or for their answers.
  std::size_t pending_max = 2048;
  /// Where a STAMP reflector listens (UDP); absent: nowhere.
  std::optional<http::Endpoint> reflector;
  std::vector<net::Prefix> reflector_clients;  ///< empty: everybody
  std::int64_t reflected_per_second_max = 1000;
};

/// The reason of a probe that failed because it waited too long for its turn: nothing was sent.
inline constexpr std::string_view too_many_waiting = "too many probes are waiting";

/// One packet, or handshake, to be sent.
struct Probe {
  model::ProbeProtocol protocol = model::ProbeProtocol::icmp;
  net::Address destination;
  std::uint16_t port = 0;         ///< of TCP, STAMP and UDP
  std::uint16_t source_port = 0;  ///< of UDP; 0: any
  int ttl = 0;                    ///< 0: the system's
  std::size_t data_bytes = 56;    ///< of ICMP and UDP, at least 10
  std::chrono::milliseconds timeout{1000};
};

struct PingSettings {
  int count = 5;
  std::chrono::milliseconds interval{500}, timeout{1000};
};

struct TraceSettings {
  int hops_max = 30;
  int tries = 3;
  int silent_max = 30;  ///< ends behind so many silent hops in a row
  std::chrono::milliseconds timeout{1000};
  /// What is known by then is the report.
  std::chrono::milliseconds time_max{9000};
};

/// Thread-safe unless said otherwise. Inert until `start`. `metrics` must outlive it.
class Prober {
 public:
  using Answered = std::function<void(const model::ProbeAnswer&)>;
  using Reported = std::function<void(model::ProbeReport)>;
  using Resolved = std::function<void(Result<std::vector<net::Address>>)>;

  Prober(ProberSettings settings, Metrics& metrics);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  /// Once. An error: the reflector cannot listen.
  Result<void> start();
  /// Joins. What was under way is not answered any more. Idempotent.
  void stop();
  /// Where the reflector really listens.
  std::optional<http::Endpoint> reflector() const;

  /// `permission_denied` when this machine lets us send none of the kind; what has to change is in the
  /// message.
  Result<void> can_send(model::ProbeProtocol protocol, net::Family family) const;

  /// `answered` is called once on the prober's thread and must not block. False, and no call, when too many
  /// are pending.
  bool send(const Probe& probe, Answered answered);
  /// `reported` as `answered`. Probes that are too many count as failed.
  void ping(const net::Address& destination, const PingSettings& settings, Reported reported);
  void trace(const net::Address& destination, const TraceSettings& settings, Reported reported);
  /// Looks a name up, on a thread of its own.
  void resolve(const std::string& host, Resolved resolved);

  struct State;  ///< of the implementation

 private:
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
