// The reference implementation of ResourceStore: what the other implementations must agree with. Keeps
// everything in memory, forgets it at the end; for tests and simulation.
#pragma once

#include <memory>

#include "store/resource_store.h"

namespace peering::store {

std::unique_ptr<ResourceStore> make_memory_resource_store(Trace trace = nullptr);

}  // namespace peering::store
