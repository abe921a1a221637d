// One route as it is judged.
//
// Some routers put their own AS in front of the path in some BMP views (FRR does in post-policy and Loc-RIB),
// so the same route would read as two. What the peer sent begins with the peer's AS, which the per-peer
// header names; anything before that is taken off. Prepends are collapsed for everything but display.
#pragma once

#include <optional>
#include <vector>

#include "rib/route.h"

namespace peering::detect {

struct PathView {
  std::vector<net::Asn> path;        ///< as the peer sent it, prepends kept, members of sets in place
  std::vector<net::Asn> collapsed;   ///< prepends and confederation segments removed; empty when it has sets
  std::vector<net::Asn> origins;     ///< one, or the members of a final AS_SET; empty for an empty path
  std::optional<net::Asn> origin;    ///< the one origin
  std::optional<net::Asn> neighbor;  ///< the AS next to the origin, or before a final AS_SET
  bool neighbor_is_peer = false;     ///< the neighbor is the monitored peer itself
  std::string text;                  ///< as routers print it
};

PathView view_of(const rib::Peer& peer, const wire::bgp::PathAttributes& attributes);

/// The path as the peer sent it: without the monitored router's own AS in front.
wire::bgp::AsPath as_sent(const rib::Peer& peer, const wire::bgp::AsPath& path);
/// `view_of` for such a path.
PathView view_of_sent(const wire::bgp::AsPath& path);

/// The AS by which a peer is counted: the one of the per-peer header, else the first of the path; 0: unknown.
net::Asn counted_asn(const rib::Peer& peer, const PathView& view);

/// Only what peers send us is judged, and Loc-RIB.
bool is_judged(rib::RibKind kind);

}  // namespace peering::detect
