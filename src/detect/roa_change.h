// The ROAs around a registered prefix changed: information, whatever its routes are.
#pragma once

#include <vector>

#include "detect/judgement.h"
#include "rib/vrp_table.h"

namespace peering::detect {

/// One event for each registered prefix that the change touches, wants the kind and is told here
/// (`Settings::owns`).
void tell_roa_changes(const model::Registry& registry, const Settings& settings, const rib::VrpDelta& delta,
                      TimePoint now, std::vector<model::Event>& out);

}  // namespace peering::detect
