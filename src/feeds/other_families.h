// Routes of address families that no table here holds: multicast, VPNs, EVPN, FlowSpec and so on are
// recognised, skipped and counted.
#pragma once

#include <array>
#include <string_view>

#include "base/metrics.h"
#include "wire/bgp/update.h"

namespace peering::feeds {

/// Counts UPDATEs by family, of which there is a fixed set of names. Thread-safe.
class OtherFamilyCounters {
 public:
  /// `name` such as "peering_bgp_other_family_updates_total".
  OtherFamilyCounters(Metrics& metrics, std::string_view name);
  /// Once for each family that the UPDATE names.
  void count(const wire::bgp::OtherFamilies& families);

 private:
  std::array<Counter*, 13> by_name_{};
};

}  // namespace peering::feeds
