#include "api/catalog_entries.h"

#include <algorithm>

#include "api/arm/names.h"
#include "base/digest.h"
#include "model/registry.h"

namespace peering::api {

namespace {

constexpr std::array<std::string_view, 7> kind_names = {
    "countries", "states", "metros", "facilities", "exchanges", "providers", "bandwidthOffers"};
constexpr std::size_t name_bytes_max = 63;
constexpr std::size_t digest_digits = 8;

std::string text_of(const json::object& properties, std::string_view key) {
  const json::value* member = properties.if_contains(key);
  const json::string* text = member ? member->if_string() : nullptr;
  return text ? std::string(text->data(), text->size()) : std::string();
}

std::string digest_of(std::string_view text) { return to_hex(sha256(text)).substr(0, digest_digits); }

// Every run of characters that a name cannot have becomes one '-'.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (arm::is_resource_name(std::string_view(&c, 1))) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? digest_of(text) : out;
}

std::string shortened(std::string name) {
  if (name.size() <= name_bytes_max) return name;
  const std::string digest = digest_of(name);
  name.resize(name_bytes_max - 1 - digest.size());
  return name + "-" + digest;
}

std::string place_in_metro(const json::object& properties, std::string_view kind, std::string_view title) {
  const json::value* id = properties.if_contains("peeringDBFacilityId");
  const std::string what =
      id && id->is_int64() ? fmt::format("{}-{}", kind, id->get_int64()) : plain(text_of(properties, title));
  return plain(text_of(properties, "metro")) + "." + what;
}

std::string place_of(CatalogKind kind, std::string_view name) {
  return fmt::format("{}/{}", static_cast<int>(kind), model::lower(name));
}

// Empty for kinds whose entries may be called the same.
std::string unique_title(const CatalogEntry& entry) {
  switch (entry.kind) {
    case CatalogKind::countries:
    case CatalogKind::metros:
    case CatalogKind::providers:
      return text_of(entry.properties, "name");
    case CatalogKind::states:
      return state_title(text_of(entry.properties, "country"), text_of(entry.properties, "name"));
    default:
      return {};
  }
}

const json::array& list_of(const json::value& value, std::string_view key) {
  static const json::array none;
  const json::value* list = find(value, key);
  return list && list->is_array() ? list->get_array() : none;
}

json::object without(const json::value& value, std::initializer_list<std::string_view> keys) {
  json::object out = value.get_object();
  for (const std::string_view key : keys) out.stable_erase(key);
  return out;
}

json::object with_parent(std::string_view key, const std::string& parent, const json::value& value) {
  json::object out{{key, parent}};
  for (const auto& member : value.get_object()) out[member.key()] = member.value();
  return out;
}

// Adds an entry of the file. Two that would have one name are told apart by all they say.
void add(CatalogEntries& out, CatalogKind kind, json::object properties) {
  std::string name = entry_name_of(kind, properties);
  if (out.find(kind, name)) name = shortened(name + "-" + digest_of(json::serialize(properties)));
  for (int again = 2; out.find(kind, name); ++again) name = shortened(fmt::format("{}-{}", name, again));
  out.set({kind, std::move(name), std::move(properties)});
}

void add_metro(CatalogEntries& out, const json::value& metro) {
  const std::string name = find_string(metro, "name").value_or("");
  add(out, CatalogKind::metros, without(metro, {"facilities", "exchanges"}));
  for (const json::value& each : list_of(metro, "facilities")) {
    add(out, CatalogKind::facilities, with_parent("metro", name, each));
  }
  for (const json::value& each : list_of(metro, "exchanges")) {
    add(out, CatalogKind::exchanges, with_parent("metro", name, each));
  }
}

// The children of each parent, by what the parent is called in lower case.
std::unordered_map<std::string, json::array> children_of(const CatalogEntries& entries, CatalogKind kind) {
  std::unordered_map<std::string, json::array> out;
  const auto parent = parent_of(kind);
  for (const CatalogEntry* entry : entries.of_kind(kind)) {
    json::object item = entry->properties;
    const std::string name = model::lower(text_of(item, parent->key));
    item.stable_erase(parent->key);
    out[name].push_back(std::move(item));
  }
  return out;
}

json::array take(std::unordered_map<std::string, json::array>& children, std::string_view parent) {
  const auto found = children.find(model::lower(parent));
  return found == children.end() ? json::array() : std::move(found->second);
}

}  // namespace

std::string_view to_string(CatalogKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::optional<CatalogKind> parse_catalog_kind(std::string_view text) {
  for (std::size_t i = 0; i < kind_names.size(); ++i) {
    if (arm::same_name(text, kind_names[i])) return static_cast<CatalogKind>(i);
  }
  return std::nullopt;
}

std::string_view title_key(CatalogKind kind) {
  switch (kind) {
    case CatalogKind::facilities:
      return "address";
    case CatalogKind::exchanges:
      return "exchangeName";
    case CatalogKind::bandwidth_offers:
      return "offerName";
    default:
      return "name";
  }
}

std::string title_of(const CatalogEntry& entry) { return text_of(entry.properties, title_key(entry.kind)); }

std::string entry_name_of(CatalogKind kind, const json::object& properties) {
  switch (kind) {
    case CatalogKind::states:
      return shortened(plain(text_of(properties, "country")) + "." + plain(text_of(properties, "name")));
    case CatalogKind::facilities: {
      const std::string type = text_of(properties, "directPeeringType");
      const bool usual = type.empty() || arm::same_name(type, "Edge");
      return shortened(place_in_metro(properties, "fac", "address") + (usual ? "" : "." + plain(type)));
    }
    case CatalogKind::exchanges:
      return shortened(place_in_metro(properties, "ix", "exchangeName"));
    default:
      return shortened(plain(text_of(properties, title_key(kind))));
  }
}

std::optional<CatalogParent> parent_of(CatalogKind kind) {
  if (kind == CatalogKind::states) return CatalogParent{"country", CatalogKind::countries};
  if (kind == CatalogKind::facilities || kind == CatalogKind::exchanges) {
    return CatalogParent{"metro", CatalogKind::metros};
  }
  return std::nullopt;
}

std::string state_title(std::string_view country, std::string_view state) {
  return fmt::format("{}\n{}", country, state);
}

std::vector<const CatalogEntry*> CatalogEntries::of_kind(CatalogKind kind) const {
  std::vector<const CatalogEntry*> out;
  for (const auto& entry : entries_) {
    if (entry && entry->kind == kind) out.push_back(&*entry);
  }
  return out;
}

const CatalogEntry* CatalogEntries::find(CatalogKind kind, std::string_view name) const {
  const auto found = at_.find(place_of(kind, name));
  return found == at_.end() ? nullptr : &*entries_[found->second];
}

const CatalogEntry* CatalogEntries::find_called(CatalogKind kind, std::string_view title) const {
  const auto found = called_.find(place_of(kind, title));
  return found == called_.end() ? nullptr : &*entries_[found->second];
}

void CatalogEntries::set(CatalogEntry entry) {
  const auto [place, fresh] = at_.emplace(place_of(entry.kind, entry.name), entries_.size());
  const std::size_t at = place->second;
  if (fresh) {
    entries_.emplace_back();
  } else {
    forget_title(*entries_[at]);
  }
  if (const std::string title = unique_title(entry); !title.empty()) {
    called_.emplace(place_of(entry.kind, title), at);
  }
  entries_[at] = std::move(entry);
}

void CatalogEntries::erase(CatalogKind kind, std::string_view name) {
  const auto found = at_.find(place_of(kind, name));
  if (found == at_.end()) return;
  forget_title(*entries_[found->second]);
  entries_[found->second].reset();
  at_.erase(found);
}

void CatalogEntries::forget_title(const CatalogEntry& entry) {
  const auto found = called_.find(place_of(entry.kind, unique_title(entry)));
  if (found != called_.end() && entries_[found->second]->name == entry.name) called_.erase(found);
}

CatalogEntries entries_of(const json::value& document) {
  CatalogEntries out;
  out.source = find_string(document, "source").value_or("");
  for (const json::value& country : list_of(document, "countries")) {
    add(out, CatalogKind::countries, without(country, {"states"}));
    const std::string name = find_string(country, "name").value_or("");
    for (const json::value& state : list_of(country, "states")) {
      add(out, CatalogKind::states, with_parent("country", name, state));
    }
  }
  for (const json::value& metro : list_of(document, "metros")) add_metro(out, metro);
  for (const json::value& provider : list_of(document, "providers")) {
    add(out, CatalogKind::providers, provider.get_object());
  }
  for (const json::value& offer : list_of(document, "bandwidthOffers")) {
    add(out, CatalogKind::bandwidth_offers, offer.get_object());
  }
  return out;
}

json::object document_of(const CatalogEntries& entries) {
  json::object out;
  if (!entries.source.empty()) out["source"] = entries.source;
  json::array countries, metros, providers, offers;
  auto states = children_of(entries, CatalogKind::states);
  for (const CatalogEntry* entry : entries.of_kind(CatalogKind::countries)) {
    json::object country = entry->properties;
    country["states"] = take(states, text_of(country, "name"));
    countries.push_back(std::move(country));
  }
  auto facilities = children_of(entries, CatalogKind::facilities);
  auto exchanges = children_of(entries, CatalogKind::exchanges);
  for (const CatalogEntry* entry : entries.of_kind(CatalogKind::metros)) {
    json::object metro = entry->properties;
    const std::string name = text_of(metro, "name");
    if (json::array list = take(facilities, name); !list.empty()) metro["facilities"] = std::move(list);
    if (json::array list = take(exchanges, name); !list.empty()) metro["exchanges"] = std::move(list);
    metros.push_back(std::move(metro));
  }
  for (const CatalogEntry* entry : entries.of_kind(CatalogKind::providers)) {
    providers.push_back(entry->properties);
  }
  for (const CatalogEntry* entry : entries.of_kind(CatalogKind::bandwidth_offers)) {
    offers.push_back(entry->properties);
  }
  out["countries"] = std::move(countries);
  out["bandwidthOffers"] = std::move(offers);
  out["metros"] = std::move(metros);
  out["providers"] = std::move(providers);
  return out;
}

}  // namespace peering::api
