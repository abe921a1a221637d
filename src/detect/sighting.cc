#include "detect/sighting.h"

namespace peering::detect {

namespace {

// RFC 4271 has no default; routers take 100.
constexpr std::uint32_t local_pref_default = 100;

}  // namespace

HeldPath::HeldPath(const wire::bgp::AsPath& path) : asns_(path.asns) {
  const bool plain =
      path.segments.size() == 1 && path.segments.front().type == wire::bgp::SegmentType::as_sequence;
  if (!plain) segments_ = path.segments;
}

wire::bgp::AsPath HeldPath::path() const {
  wire::bgp::AsPath out;
  out.asns.assign(asns_.begin(), asns_.end());
  if (!segments_.empty()) {
    out.segments.assign(segments_.begin(), segments_.end());
  } else if (!asns_.empty()) {
    out.segments = {{wire::bgp::SegmentType::as_sequence, static_cast<std::uint16_t>(asns_.size())}};
  }
  return out;
}

Sighting::Sighting(rib::PeerPointer seen_by, const wire::bgp::PathAttributes& attributes,
                   const wire::bgp::AsPath& sent)
    : peer(std::move(seen_by)),
      path(sent),
      local_pref(attributes.local_pref.value_or(local_pref_default)),
      origin(attributes.origin) {}

}  // namespace peering::detect
