// Routes outside watched space that concern monitored ASes.
//
// A table tells of changes in watched space only, as nothing else has to be judged; a monitored AS may stand
// in the path of any prefix. This looks at the paths of a burst in place, and makes changes of those routes
// that have a monitored AS in them, and of what later becomes of the same routes. What it costs does not grow
// with the number of ASes (detect/monitored_as.h); without any there is nothing to ask.
#pragma once

#include <unordered_set>
#include <vector>

#include "detect/monitored_as.h"
#include "net/prefix_space.h"
#include "rib/route_burst.h"

namespace peering::detect {

/// Most routes that are followed; of more, the later ones are told once and never taken back.
inline constexpr std::size_t monitored_routes_max = 1'000'000;

/// Owned by one thread.
class MonitoredRoutes {
 public:
  /// Appends what the burst says, without what overlaps `watched`: of that the table tells. `before` is not
  /// filled in. Costs next to nothing while nothing is monitored.
  void changes_of(const rib::RouteBurst& burst, const MonitoredAses& monitored,
                  const net::PrefixSpace& watched, std::vector<rib::RouteChange>& out);
  /// A route outside `watched` that was there before one of its ASes was monitored: it is followed from now
  /// on.
  void follow(const rib::Route& route, const net::PrefixSpace& watched);
  /// The peer's route is gone, or concerns nobody any more. True when it was followed, and so has to be told
  /// of.
  bool forget(const net::Prefix& prefix, rib::PeerId peer) { return followed_.erase({prefix, peer}) > 0; }
  /// Nothing is monitored any more.
  void clear() { followed_.clear(); }
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

  void take(const rib::PeerPointer& peer, const rib::PackedRoutes& routes, const MonitoredAses& monitored,
            const net::PrefixSpace& watched, std::vector<rib::RouteChange>& out);
  void follow(const net::Prefix& prefix, rib::PeerId peer);

  std::unordered_set<Followed, Hash> followed_;
};

}  // namespace peering::detect
