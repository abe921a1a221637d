// Which way a route is for its connection: the primary one or the backup.
#pragma once

#include "detect/event_shape.h"
#include "detect/path_view.h"
#include "detect/settings.h"
#include "model/registry.h"

namespace peering::detect {

/// Backup when the AS next to the origin is one of the expectation's `backup_upstreams`, or when the router's
/// PoP lies in the connection's backup metro and not in its primary one. `connection` may be null.
Role role_of(const Settings& settings, const model::Connection* connection,
             const model::Expectation& expectation, const rib::Peer& peer, const PathView& view);

/// Whether a covering route is a backup of the prefix: it is longer than /24, or /48, and so hardly taken by
/// others.
bool has_covering_backup(const net::Prefix& prefix);

/// "primary" or "backup".
std::string_view to_string(Role role);

}  // namespace peering::detect
