#include "detect/monitored_routes.h"

#include "rib/packed_path.h"

namespace peering::detect {

void MonitoredRoutes::changes_of(const rib::RouteBurst& burst, const MonitoredAses& monitored,
                                 const net::PrefixSpace& watched, std::vector<rib::RouteChange>& out) {
  if (monitored.empty()) return;
  burst.for_each([&](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
    take(peer, routes, monitored, watched, out);
  });
}

void MonitoredRoutes::follow(const net::Prefix& prefix, rib::PeerId peer) {
  if (followed_.size() < monitored_routes_max) followed_.insert({prefix, peer});
}

void MonitoredRoutes::follow(const rib::Route& route, const net::PrefixSpace& watched) {
  if (!watched.overlaps(route.prefix)) follow(route.prefix, route.peer->id);
}

void MonitoredRoutes::take(const rib::PeerPointer& peer, const rib::PackedRoutes& routes,
                           const MonitoredAses& monitored, const net::PrefixSpace& watched,
                           std::vector<rib::RouteChange>& out) {
  const bool concerned =
      !routes.announced.empty() &&
      rib::any_asn_of_path(routes.attributes, [&](net::Asn asn) { return monitored.has(asn); });
  if (!concerned && followed_.empty()) return;
  rib::AttributesPointer attributes;
  const auto tell = [&](const net::Prefix& prefix, bool announced) {
    if (watched.overlaps(prefix)) return;
    if (announced && !attributes) {
      attributes =
          std::make_shared<const wire::bgp::PathAttributes>(rib::unpack_attributes(routes.attributes));
    }
    out.push_back({prefix, peer, nullptr, announced ? attributes : nullptr, routes.time});
  };
  const auto each = [&](std::span<const std::uint8_t> field, auto&& visit) {
    wire::bgp::for_each_prefix(field, false,
                               [&](const wire::bgp::RawPrefix& raw) { visit(raw.prefix(routes.family)); });
  };
  if (!followed_.empty()) {
    each(routes.withdrawn, [&](const net::Prefix& prefix) {
      if (forget(prefix, peer->id)) tell(prefix, false);
    });
  }
  each(routes.announced, [&](const net::Prefix& prefix) {
    if (concerned) {
      follow(prefix, peer->id);
      tell(prefix, true);
    } else if (forget(prefix, peer->id)) {
      tell(prefix, true);
    }
  });
}

}  // namespace peering::detect
