#include "api/route_document.h"

#include <algorithm>

#include "api/observed.h"
#include "api/prefix_validation.h"
#include "detect/role.h"

namespace peering::api {

namespace {

std::string_view relation_of(const net::Prefix& watched, const net::Prefix& seen) {
  if (seen == watched) return "exact";
  return seen.covers(watched) ? "covering" : "moreSpecific";
}

// The backup route goes through a backup upstream or, for a prefix longer than /24
// (/48), is the covering one.
std::string_view role_of(const model::Expectation& expectation, const rib::Route& route) {
  const net::Prefix& watched = expectation.prefix;
  if (route.prefix == watched) {
    const auto neighbor = route.attributes->as_path.neighbor_of_origin();
    const auto& backup = expectation.backup_upstreams;
    return neighbor && std::ranges::find(backup, *neighbor) != backup.end() ? "backup" : "active";
  }
  return route.prefix.covers(watched) && detect::has_covering_backup(watched) ? "backup" : "other";
}

json::array communities_of(const wire::bgp::PathAttributes& attributes) {
  json::array out;
  for (const std::uint32_t community : attributes.communities) out.emplace_back(community_text(community));
  for (const auto& large : attributes.large_communities) {
    out.emplace_back(fmt::format("{}:{}:{}", large.global, large.local1, large.local2));
  }
  return out;
}

// RFC 6811: a path that ends in an AS_SET has no origin.
std::string_view rpki_of(const rib::VrpTablePointer& vrps, const rib::Route& route) {
  if (!vrps) return "unknown";
  return to_string(vrps->validity(route.prefix, route.attributes->as_path.origin().value_or(0)));
}

}  // namespace

bool is_backup(const model::Expectation& expectation, const rib::Route& route) {
  return role_of(expectation, route) == "backup";
}

json::object shown_route(const model::Expectation& expectation, const rib::Route& route,
                         const rib::VrpTablePointer& vrps, const model::UnheardFeeds& unheard) {
  const rib::Peer& peer = *route.peer;
  json::object out{{"prefix", route.prefix.to_string()},
                   {"relation", relation_of(expectation.prefix, route.prefix)},
                   {"peer", json::object{{"router", peer.key.router},
                                         {"address", peer.key.address.to_string()},
                                         {"asn", peer.asn},
                                         {"ribKind", rib::to_string(peer.key.rib_kind)}}},
                   {"asPath", route.attributes->as_path.to_string()}};
  if (route.attributes->next_hop) out["nextHop"] = route.attributes->next_hop->to_string();
  out["communities"] = communities_of(*route.attributes);
  out["rpki"] = rpki_of(vrps, route);
  out["receivedAt"] = format_rfc3339(route.received_at);
  out["role"] = role_of(expectation, route);
  mark_observed(out, not_observed(unheard, route.prefix, {&route, 1}));
  return out;
}

}  // namespace peering::api
