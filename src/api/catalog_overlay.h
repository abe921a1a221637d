// What the operator changed over the API, laid over the catalogue's file: a stored row adds an entry,
// replaces the one of its name, or hides it.
//
// A row was checked against the catalogue of its day. The file can be another one today: a row that does not
// fit it is left out and told of, and comes back with the file that it fits.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/catalog.h"
#include "api/catalog_entries.h"

namespace peering::api {

/// Type of the rows as the store lists them.
inline constexpr std::string_view catalog_entry_type = "open.peering/catalog";
/// The key of a kind's rows, with a trailing '/'.
std::string catalog_key_prefix(CatalogKind kind);
/// The key of an entry's row.
std::string catalog_key(CatalogKind kind, std::string_view name);

/// A stored row; without properties it hides the file's entry.
struct CatalogRow {
  CatalogKind kind = CatalogKind::countries;
  std::string name;
  std::optional<json::object> properties;
};
/// The document of a row and back; `corrupt` when it is not what this program writes.
json::object document_of(const CatalogRow& row);
Result<CatalogRow> row_of(std::string_view key, std::string_view document);

/// Rows by key.
using CatalogRows = std::map<std::string, CatalogRow>;

/// Whether the entry may be one of `entries`, in the place of the one of its name: its properties are of the
/// right form, what it refers to is there, and nothing else is called the same. The error names the field as
/// "properties.…", the value and the rule.
Result<void> check_entry(const CatalogEntry& entry, const CatalogEntries& entries);

/// The catalogue in force and, in words, what of the rows is left out because it does not fit.
struct LaidOver {
  CatalogPointer catalog;
  std::vector<std::string> left_out;
};
/// Lays the rows over the catalogue of a file; `file` itself when there are none. An error is a defect: the
/// entries fit, yet are no catalogue.
Result<LaidOver> lay_over(const CatalogPointer& file, const CatalogRows& rows);

}  // namespace peering::api
