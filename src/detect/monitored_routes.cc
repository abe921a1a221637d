#include "detect/monitored_routes.h"

#include "rib/packed_path.h"

namespace peering::detect {

MonitoredRoutes::MonitoredRoutes(const std::vector<net::Asn>& asns) : asns_(asns.begin(), asns.end()) {
  for (const net::Asn asn : asns) {
    const std::size_t low = asn % (64 * low_bits_.size());
    low_bits_[low / 64] |= std::uint64_t{1} << (low % 64);
  }
}

void MonitoredRoutes::changes_of(const rib::RouteBurst& burst, const net::PrefixSpace& watched,
                                 std::vector<rib::RouteChange>& out) {
  if (empty()) return;
  burst.for_each([&](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
    take(peer, routes, watched, out);
  });
}

void MonitoredRoutes::take(const rib::PeerPointer& peer, const rib::PackedRoutes& routes,
                           const net::PrefixSpace& watched, std::vector<rib::RouteChange>& out) {
  const bool concerned =
      !routes.announced.empty() &&
      rib::any_asn_of_path(routes.attributes, [this](net::Asn asn) { return is_monitored(asn); });
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
      if (followed_.erase({prefix, peer->id}) > 0) tell(prefix, false);
    });
  }
  each(routes.announced, [&](const net::Prefix& prefix) {
    if (concerned) {
      if (followed_.size() < monitored_routes_max) followed_.insert({prefix, peer->id});
      tell(prefix, true);
    } else if (followed_.erase({prefix, peer->id}) > 0) {
      tell(prefix, true);
    }
  });
}

}  // namespace peering::detect
