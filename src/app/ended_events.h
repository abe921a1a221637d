// What ended not long before the server starts, and so may come back (detect/reopening.h).
#pragma once

#include <vector>

#include "store/telemetry_store.h"

namespace peering::app {

/// Events that ended since `since` by their own time, among the versions that were stored last.
Result<std::vector<model::Event>> ended_since(store::TelemetryStore& telemetry, TimePoint since);

}  // namespace peering::app
