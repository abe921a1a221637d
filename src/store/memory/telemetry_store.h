// The reference implementation of TelemetryStore: what the other implementations must agree with. Keeps
// everything in memory, forgets it at the end; for tests and simulation.
#pragma once

#include <memory>

#include "store/telemetry_store.h"

namespace peering::store {

std::unique_ptr<TelemetryStore> make_memory_telemetry_store();

}  // namespace peering::store
