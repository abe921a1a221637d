// One view's route for a registered prefix, as it is kept: of millions of prefixes each has several, so that
// of its attributes there is only what later questions need.
#pragma once

#include <optional>

#include "base/compact_vector.h"
#include "base/time.h"
#include "detect/path_view.h"
#include "detect/role.h"
#include "rib/route.h"

namespace peering::detect {

/// The path as the peer sent it.
class HeldPath {
 public:
  HeldPath() = default;
  explicit HeldPath(const wire::bgp::AsPath& path);

  wire::bgp::AsPath path() const;
  /// In AS numbers, prepends and members of sets each.
  std::size_t length() const { return asns_.size(); }

 private:
  CompactVector<net::Asn> asns_;
  CompactVector<wire::bgp::AsPath::Segment> segments_;  // empty: one sequence
};

struct Sighting {
  Sighting(rib::PeerPointer seen_by, const wire::bgp::PathAttributes& attributes,
           const wire::bgp::AsPath& sent);

  PathView view() const { return view_of_sent(path.path()); }
  bool is_lost() const { return lost_at != TimePoint::max(); }

  rib::PeerPointer peer;
  HeldPath path;
  TimePoint lost_at = TimePoint::max();  ///< its session went away then; nobody said that the route did
  std::uint32_t local_pref = 0;
  std::uint32_t place = 0;  ///< among the peer's prefixes
  Role role = Role::primary;
  wire::bgp::Origin origin = wire::bgp::Origin::igp;
  bool legitimate = false;
  bool judged = false;  ///< since it was announced
  bool faulty = false;  ///< a leak, or an AS next to the origin that should not stand there
  bool sound = false;   ///< the peer had it without such a fault at some time since it has it
};

}  // namespace peering::detect
