// From the UPDATE of a message to the routes that a shard is told of, and what is counted on the way.
#pragma once

#include <span>
#include <vector>

#include "base/metrics.h"
#include "feeds/shard_message.h"
#include "rib/update_routes.h"

namespace peering::feeds {

/// Prefixes of an UPDATE that a table takes, by what becomes of them (RFC 7606: after `treat_as_withdraw` all
/// are withdrawals).
struct RouteCount {
  std::size_t announced = 0, withdrawn = 0;
};
RouteCount count_routes(const wire::bgp::UpdateScan& update);

/// Appends what the UPDATE says, to the run of routes at the end of `out` when there is one.
void push_update(const wire::bgp::UpdateScan& update, const wire::bgp::SessionFacts& facts,
                 const rib::UpdateSource& from, std::vector<ShardMessage>& out);
/// The same for a batch, and for what was put together elsewhere.
void push_batch(const rib::RouteBatch& batch, std::vector<ShardMessage>& out);
void push_burst(const rib::RouteBurst& more, TimePoint time, std::vector<ShardMessage>& out);

/// Counts the faults of an UPDATE by what RFC 7606 makes of them and the attribute's code.
void count_faults(Metrics& metrics, std::span<const wire::bgp::Issue> issues);

/// Of paths that were forgotten because a peer has more than `rib::paths_max` for one prefix.
Counter& forgotten_paths(Metrics& metrics);
/// Counts those of one UPDATE: `before` it the peer's `paths` had forgotten so many. The log tells the first.
void count_forgotten_paths(const rib::UpdateSource& from, std::uint64_t before, Counter& counter);

}  // namespace peering::feeds
