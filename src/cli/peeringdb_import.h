// What a PeeringDB dump makes of a catalogue: metros of cities, their facilities and exchanges, and networks
// as providers at the metros where they are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/catalog_entries.h"
#include "cli/peeringdb.h"

namespace peering::cli {

struct ImportOptions {
  double join_miles = 25;  ///< a facility belongs to the nearest metro of its country within
};

/// One entry that is to be written.
struct CatalogChange {
  api::CatalogEntry entry;
  std::optional<api::CatalogEntry> before;  ///< absent: there is none yet
};

struct ImportPlan {
  std::vector<CatalogChange> changes;  ///< in the order in which they can be made
  std::size_t unplaced_exchanges = 0;  ///< of which no metro is known
  std::size_t unplaced_networks = 0;   ///< that are in no metro
};

/// What is new or another in `db` than in `catalogue`. Made once more over its own result it is empty.
///
/// Networks of `db` become providers; of buildings and exchanges only those where such a network is. A
/// facility or exchange that the catalogue has (by its PeeringDB id) keeps its metro and everything that
/// PeeringDB does not know; a provider is known by its AS number, else by its name, and gets metros and
/// numbers but loses none.
ImportPlan plan_import(const PeeringDb& db, const api::CatalogEntries& catalogue,
                       const ImportOptions& options = {});

}  // namespace peering::cli
