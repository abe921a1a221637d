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
/// One event for each registered prefix and ROA around it that expires soon. Told again it is the same event.
void tell_expiring_roas(const model::Registry& registry, const Settings& settings, TimePoint now,
                        std::vector<model::Event>& out);
/// The same of these entries alone. Costs as much as they and the ROAs that expire are many.
void tell_expiring_roas(std::span<const model::RegisteredPrefixPointer> entries, const Settings& settings,
                        TimePoint now, std::vector<model::Event>& out);

}  // namespace peering::detect
