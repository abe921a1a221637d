// The catalogue's entries over the API, and files of the catalogue.
#pragma once

#include <string>
#include <vector>

#include "api/catalog_entries.h"
#include "cli/peeringdb_import.h"
#include "cli/session.h"

namespace peering::cli {

/// "/providers/Open.Peering/catalog/metros", with a name "…/metros/Tokyo".
std::string catalog_path(api::CatalogKind kind, std::string_view name = {});

/// The kind that a person named, also in the singular; a usage error for another word.
Outcome<api::CatalogKind> catalog_kind_of(const Call& call);

/// Every entry in force.
Outcome<api::CatalogEntries> fetch_catalog(Session& session);

/// The entry of the kind with the name, or the one that is called so; nothing when there is none.
Outcome<std::optional<json::value>> find_entry(Session& session, api::CatalogKind kind,
                                               std::string_view name);

/// Makes the changes, many in one request.
Outcome<void> apply_changes(Session& session, const std::vector<CatalogChange>& changes);

/// Reads a catalogue file; the error names field, value and rule.
Outcome<api::CatalogEntries> read_catalog_file(const std::string& path);
/// Writes one, whole or not at all, after it was read back from its text; "-" is stdout.
Outcome<void> write_catalog_file(Session& session, const api::CatalogEntries& entries,
                                 const std::string& path);

}  // namespace peering::cli
