// The catalogue as single entries, each with a name of its own: what the API shows, changes and stores. The
// file's nested form and the entries say the same; `document_of` and `entries_of` turn one into the other.
//
// An entry's name is one that resources may have. Those of the file have none there: theirs are made of what
// they are called ("New York" is `New-York`, a state is `Australia.Victoria`, a facility of PeeringDB
// `Ashburn.fac-1`), so that they stay the same as long as the file's words do.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace peering::api {

/// In an order in which what is referred to comes first.
enum class CatalogKind : std::uint8_t {
  countries,
  states,
  metros,
  facilities,
  exchanges,
  providers,
  bandwidth_offers,
};
inline constexpr std::array<CatalogKind, 7> catalog_kinds = {
    CatalogKind::countries, CatalogKind::states,    CatalogKind::metros,          CatalogKind::facilities,
    CatalogKind::exchanges, CatalogKind::providers, CatalogKind::bandwidth_offers};
/// "countries", "bandwidthOffers".
std::string_view to_string(CatalogKind kind);
/// Compared without case.
std::optional<CatalogKind> parse_catalog_kind(std::string_view text);
inline constexpr std::string_view catalog_kind_rule =
    "countries, states, metros, facilities, exchanges, providers or bandwidthOffers";

/// One entry. `properties` are the members that it has in the file but those that lie in it, and instead the
/// name of what it lies in: `country` of a state, `metro` of a facility or exchange.
struct CatalogEntry {
  CatalogKind kind = CatalogKind::countries;
  std::string name;
  json::object properties;
  friend bool operator==(const CatalogEntry&, const CatalogEntry&) = default;
};

/// The property by which people call an entry of the kind: "name", "address", "exchangeName", "offerName".
std::string_view title_key(CatalogKind kind);
/// What people call it.
std::string title_of(const CatalogEntry& entry);
/// The name of an entry that the file has: 1 to 63 letters, digits, '_', '.' and '-'.
std::string entry_name_of(CatalogKind kind, const json::object& properties);
/// The property of the kind that names its parent, and the parent's kind; nothing for kinds without one.
struct CatalogParent {
  std::string_view key;
  CatalogKind kind;
};
std::optional<CatalogParent> parent_of(CatalogKind kind);

/// Entries in order, found by name and by what they are called. A value.
class CatalogEntries {
 public:
  std::string source;  ///< where the facts come from, for people

  /// In the order in which they were added.
  std::vector<const CatalogEntry*> of_kind(CatalogKind kind) const;
  std::size_t size() const { return at_.size(); }
  /// Null when there is none. Compares without case.
  const CatalogEntry* find(CatalogKind kind, std::string_view name) const;
  /// By what people call it, without case: countries, metros, providers; a state by its own name, with its
  /// country's before it (`state_title`). Null when there is none, and for other kinds.
  const CatalogEntry* find_called(CatalogKind kind, std::string_view title) const;
  /// Adds the entry, or puts it in the place of the one of its name.
  void set(CatalogEntry entry);
  void erase(CatalogKind kind, std::string_view name);

 private:
  void forget_title(const CatalogEntry& entry);

  std::vector<std::optional<CatalogEntry>> entries_;
  std::unordered_map<std::string, std::size_t> at_;      // by kind and name
  std::unordered_map<std::string, std::size_t> called_;  // by kind and title
};

/// How `find_called` knows a state.
std::string state_title(std::string_view country, std::string_view state);

/// The entries of a document that `read_catalog` takes.
CatalogEntries entries_of(const json::value& document);
/// The document of the entries. What lies in something that is not there is left out.
json::object document_of(const CatalogEntries& entries);

}  // namespace peering::api
