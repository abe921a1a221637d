// A look into the table by people: for any prefix or address, by relation and peer, bounded.
//
// Detectors ask for everything about what they watch (`Table::routes`, `covered`, `covering`); an operator
// asks about anything, 0.0.0.0/0 included, so a search ends after so many routes and after so many prefixes
// looked at.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "net/prefix.h"
#include "rib/route.h"

namespace peering::rib {

/// Most prefixes that one search looks at in one table.
inline constexpr std::size_t searched_prefixes_max = 100'000;

/// Which routes somebody looks for.
struct RouteSearch {
  net::Prefix prefix;
  /// `prefix` is one address, and the longest prefix over it that has routes takes its place.
  bool longest_match = false;
  bool exact = true, covering = false, more_specific = false;
  std::optional<net::Address> peer;  ///< only routes of peers with this address
  std::size_t limit = 1000;          ///< most routes
};

/// What a search gave.
struct FoundRoutes {
  net::Prefix prefix;         ///< the one asked for, or the longest match
  std::vector<Route> routes;  ///< exact ones, covering ones from the shortest on, more specific ones in order
  bool truncated = false;     ///< there are more, or there may be
};

}  // namespace peering::rib
