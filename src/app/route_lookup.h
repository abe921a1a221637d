// Routes out of the tables of all shards: each prefix is in the table of the shard that owns it, short ones
// are in every table.
#pragma once

#include <memory>
#include <vector>

#include "app/shard.h"
#include "base/result.h"
#include "net/prefix.h"
#include "rib/route.h"
#include "rib/route_search.h"

namespace peering::app {

using Shards = std::vector<std::unique_ptr<Shard>>;

/// Current routes for the prefix: exact, covering and more specific ones, 1000 of each shard at most. Blocks.
Result<std::vector<rib::Route>> routes_around(const Shards& shards, const net::Prefix& prefix);
/// What an operator looks for. Blocks.
Result<rib::FoundRoutes> search_routes(const Shards& shards, const rib::RouteSearch& search);

}  // namespace peering::app
