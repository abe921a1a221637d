// What the BMP station counts.
#pragma once

#include <array>
#include <string_view>

#include "base/metrics.h"
#include "feeds/other_families.h"
#include "wire/bgp/update.h"

namespace peering::feeds {

/// Why something of a router could not be used.
enum class Malformed { frame, message, bgp_message, open, incomplete, too_many_peers };
/// What is wrong by the RFC, known from real routers, and harmless.
enum class Oddity {
  no_initiation,     ///< messages before the Initiation
  renamed,           ///< a second Initiation with another name
  no_peer_up,        ///< routes of a peer that was not said to be up
  down_never_up,     ///< Peer Down for a peer that was not up (FRR)
  up_twice,          ///< Peer Up again, for another session, without a Peer Down
  own_as_in_front,   ///< the router's own AS before the path (FRR)
  clock,             ///< a timestamp that cannot be true
  not_an_update,     ///< Route Monitoring with another BGP message
  as_number_size,    ///< AS_PATH in the other size than the A flag says (FRR)
  path_identifiers,  ///< add-path, found out because no Peer Up named it
};

/// Counters are found once. Thread-safe.
class BmpMetrics {
 public:
  explicit BmpMetrics(Metrics& metrics);

  void message(std::uint8_t type);
  void malformed(Malformed reason);
  void oddity(Oddity kind);
  /// RFC 7606, by attribute code and outcome.
  void faults(std::span<const wire::bgp::Issue> issues);

  Counter &bytes, &waits, &refused, &opened;
  Counter& unknown_values;  ///< TLVs and statistics that are not known
  Counter& forgotten_paths;
  Gauge& sessions;
  OtherFamilyCounters other_families;

 private:
  Metrics& metrics_;
  std::array<Counter*, 8> messages_{};  // by type; the last: unknown
  std::array<Counter*, 6> malformed_{};
  std::array<Counter*, 10> oddities_{};
};

}  // namespace peering::feeds
