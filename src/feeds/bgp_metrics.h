// What the BGP collector counts.
#pragma once

#include <array>

#include "base/metrics.h"
#include "feeds/other_families.h"
#include "wire/bgp/fsm.h"

namespace peering::feeds {

/// Why a connection was closed before a word was said.
enum class BgpRefusal { unknown_address, not_awaited, wrong_local_address, too_many_hops };

/// Counters are found once, but for those of NOTIFICATIONs. Thread-safe.
class BgpMetrics {
 public:
  explicit BgpMetrics(Metrics& metrics);

  void refused(BgpRefusal reason);
  void notification(const wire::bgp::NotificationPassed& passed);
  void faults(std::span<const wire::bgp::Issue> issues);
  /// A neighbour went from one state to another.
  void moved(wire::bgp::State from, wire::bgp::State to);
  Gauge& in_state(wire::bgp::State state);

  Counter &bytes, &waits, &updates, &announced, &withdrawn, &unknown_capabilities;
  Counter &prefix_limits, &overdue_repeats, &forgotten_paths;
  OtherFamilyCounters other_families;

 private:
  Metrics& metrics_;
  std::array<Counter*, 4> refusals_{};
  std::array<Gauge*, 6> states_{};
};

}  // namespace peering::feeds
