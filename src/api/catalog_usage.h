// Whether an entry of the catalogue can go or change: not while something is built on it.
#pragma once

#include <optional>

#include "api/call.h"
#include "api/catalog_entries.h"

namespace peering::api {

/// 409 `Conflict` that says how many entries, connections and peerings (of whichever tenants) use what would
/// not be there any more, once `after` (absent: nothing) is in the place of `before`. `entries` are those in
/// force. Reads every connection or peering when that matters.
arm::Expected<void> check_unused(const Call& call, const CatalogEntry& before,
                                 const std::optional<CatalogEntry>& after, const CatalogEntries& entries);

}  // namespace peering::api
