// Routes outside watched space that concern monitored ASes.
//
// A table tells of changes in watched space only, as nothing else has to be judged; a monitored AS may stand
// in the path of any prefix. This looks at the paths of a burst in place, and makes changes of those routes
// that have a monitored AS in them, and of what later becomes of the same routes. Without monitored ASes
// there is nothing to ask.
#pragma once

#include <array>
#include <unordered_set>
#include <vector>

#include "net/prefix_space.h"
#include "rib/route_burst.h"

namespace peering::detect {

/// Most routes that are followed; of more, the later ones are told once and never taken back.
inline constexpr std::size_t monitored_routes_max = 1'000'000;

/// Owned by one thread.
class MonitoredRoutes {
 public:
  explicit MonitoredRoutes(const std::vector<net::Asn>& asns);

  bool empty() const { return asns_.empty(); }
  /// Appends what the burst says, without what overlaps `watched`: of that the table tells. `before` is not
  /// filled in.
  void changes_of(const rib::RouteBurst& burst, const net::PrefixSpace& watched,
                  std::vector<rib::RouteChange>& out);
  std::size_t followed() const { return followed_.size(); }

 private:
  struct Followed {
    net::Prefix prefix;
    rib::PeerId peer;
    friend bool operator==(const Followed&, const Followed&) = default;
  };
  struct Hash {
    std::size_t operator()(const Followed& followed) const noexcept {
      return std::hash<net::Prefix>{}(followed.prefix) * 31 + followed.peer.value;
    }
  };

  bool is_monitored(net::Asn asn) const {
    const std::size_t low = asn % (64 * low_bits_.size());
    return (low_bits_[low / 64] >> (low % 64) & 1) != 0 && asns_.contains(asn);
  }
  void take(const rib::PeerPointer& peer, const rib::PackedRoutes& routes, const net::PrefixSpace& watched,
            std::vector<rib::RouteChange>& out);

  std::unordered_set<net::Asn> asns_;
  std::array<std::uint64_t, 64> low_bits_{};  // of asns_: most numbers need no other look
  std::unordered_set<Followed, Hash> followed_;
};

}  // namespace peering::detect
