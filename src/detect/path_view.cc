#include "detect/path_view.h"

#include <algorithm>
#include <span>

namespace peering::detect {

namespace {

using wire::bgp::AsPath;
using wire::bgp::SegmentType;

std::vector<net::Asn> collapse(const AsPath& path) {
  std::vector<net::Asn> out;
  std::size_t at = 0;
  for (const AsPath::Segment& segment : path.segments) {
    if (segment.type == SegmentType::as_set) return {};
    for (std::size_t i = 0; i < segment.count; ++i, ++at) {
      const bool counts = segment.type == SegmentType::as_sequence;
      if (counts && (out.empty() || out.back() != path.asns[at])) out.push_back(path.asns[at]);
    }
  }
  return out;
}

// The AS that the route has from its origin, also where that is an AS_SET: aggregated there, not hidden.
std::optional<net::Asn> neighbor_of(const AsPath& path) {
  if (path.segments.size() < 2 || path.segments.back().type != SegmentType::as_set) {
    return path.neighbor_of_origin();
  }
  if (path.segments[path.segments.size() - 2].type != SegmentType::as_sequence) return std::nullopt;
  return path.asns[path.asns.size() - path.segments.back().count - 1];
}

// The neighbor is the first AS of the path, and nobody else stands before the origin.
bool is_first(net::Asn neighbor, const AsPath& path, std::size_t origins) {
  const auto before = std::span(path.asns).first(path.asns.size() - origins);
  return std::ranges::all_of(before,
                             [&](net::Asn asn) { return asn == neighbor || asn == path.asns.back(); });
}

}  // namespace

AsPath as_sent(const rib::Peer& peer, const AsPath& path) {
  if (path.asns.empty() || peer.asn == 0 || path.segments.front().type != SegmentType::as_sequence)
    return path;
  const bool loc_rib = peer.key.rib_kind == rib::RibKind::loc_rib;
  const bool own_in_front =
      loc_rib ? path.asns[0] == peer.asn
              : path.segments.front().count > 1 && path.asns[0] != peer.asn && path.asns[1] == peer.asn;
  if (!own_in_front) return path;
  AsPath out = path;
  out.asns.erase(out.asns.begin());
  if (--out.segments.front().count == 0) out.segments.erase(out.segments.begin());
  return out;
}

PathView view_of(const rib::Peer& peer, const wire::bgp::PathAttributes& attributes) {
  return view_of_sent(as_sent(peer, attributes.as_path));
}

PathView view_of_sent(const AsPath& path) {
  PathView out;
  out.collapsed = collapse(path);
  out.origins = path.origins();
  out.origin = path.origin();
  out.neighbor = neighbor_of(path);
  out.neighbor_is_peer = out.neighbor && (out.origin ? out.collapsed.size() == 2
                                                     : is_first(*out.neighbor, path, out.origins.size()));
  out.text = path.to_string();
  out.path = path.asns;
  return out;
}

net::Asn counted_asn(const rib::Peer& peer, const PathView& view) {
  if (peer.asn != 0) return peer.asn;
  return view.path.empty() ? 0 : view.path.front();
}

bool is_judged(rib::RibKind kind) {
  return kind != rib::RibKind::adj_rib_out_pre_policy && kind != rib::RibKind::adj_rib_out_post_policy;
}

}  // namespace peering::detect
