// Less-specific routes over a registered prefix. When the registered prefix itself goes away traffic follows
// them, so a change of their origin matters; which origin is right nobody declared, so the first one seen is
// what later ones are compared with.
#pragma once

#include <set>
#include <unordered_map>
#include <vector>

#include "detect/judgement.h"

namespace peering::detect {

class CoveringRoutes {
 public:
  /// Registered prefixes that are told of one covering route.
  static constexpr std::size_t told_max = 256;

  /// Appends a finding for each registered prefix strictly inside `observed` when the route's origin is
  /// neither the one first seen nor one that the prefix allows.
  void judge(const model::Registry& registry, const net::Prefix& observed, const PathView& view,
             std::vector<Finding>& out);
  /// Whether a prefix covers so much that it says nothing of one inside (defaults, martians).
  static bool too_short(const net::Prefix& prefix);
  bool knows(const net::Prefix& observed) const { return first_origins_.contains(observed); }
  /// Forgets what was first seen: nobody has a route for the prefix any more.
  void forget(const net::Prefix& observed) { first_origins_.erase(observed); }

 private:
  std::unordered_map<net::Prefix, std::set<net::Asn>> first_origins_;
};

}  // namespace peering::detect
