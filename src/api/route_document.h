// A route as JSON shows it, seen from the prefix that was asked for.
#pragma once

#include "base/json.h"
#include "model/registry.h"
#include "model/unheard_feeds.h"
#include "rib/route.h"
#include "rib/vrp_table.h"

namespace peering::api {

/// `relation` is the one to the expectation's prefix, `role` what it is to those who expect. `route` has peer
/// and attributes; `vrps` may be null. A route of a feed that is not heard is marked so.
json::object shown_route(const model::Expectation& expectation, const rib::Route& route,
                         const rib::VrpTablePointer& vrps, const model::UnheardFeeds& unheard);

/// Is the route a backup for those who expect: through a backup upstream or, for a prefix longer than /24
/// (/48), the covering one?
bool is_backup(const model::Expectation& expectation, const rib::Route& route);

}  // namespace peering::api
