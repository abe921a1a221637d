// The rest of the Internet: three tiers of ASes and the prefixes of the lowest.
#pragma once

#include <vector>

#include "sim/world.h"

namespace peering::sim {

/// Announcements of every transit and exchange session of `world` (which has its sites already): a transit
/// provider announces every prefix, a neighbour at an exchange its customers' (about one in eight). Paths are
/// 2 to 7 ASes long, one in eight with prepends.
std::vector<RouteGroup> make_background(const World& world, std::size_t prefixes);

}  // namespace peering::sim
