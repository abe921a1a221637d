#include "api/catalog_overlay.h"

#include <algorithm>

#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "model/registry.h"

namespace peering::api {

namespace {

constexpr std::size_t text_bytes_max = 1024;
constexpr std::size_t title_bytes_max = 256;
constexpr std::size_t list_items_max = 5000;

std::string entry_text(const json::object& properties, std::string_view key) {
  return find_string(json::value(properties), key).value_or("");
}

tl::unexpected<Error> refused(std::string_view field, std::string_view value, std::string_view rule) {
  return tl::unexpected(invalid(field, value, rule));
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

Result<void> check_limits(const json::value& value, const std::string& path) {
  if (const json::string* text = value.if_string()) {
    const std::string_view given(text->data(), text->size());
    if (given.size() > text_bytes_max) return refused(path, given, "at most 1024 bytes");
    if (has_control_character(given)) return refused(path, given, "without control characters");
  }
  if (const json::array* list = value.if_array()) {
    if (list->size() > list_items_max) {
      return refused(path, fmt::format("{} items", list->size()), "at most 5000 items");
    }
    std::size_t index = 0;
    for (const json::value& item : *list) {
      if (auto ok = check_limits(item, fmt::format("{}[{}]", path, index++)); !ok) return ok;
    }
  }
  if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) {
      if (auto ok = check_limits(member.value(), fmt::format("{}.{}", path, std::string(member.key())));
          !ok) {
        return ok;
      }
    }
  }
  return {};
}

// A catalogue with nothing but the entry, and what the entry is called in its messages.
struct Alone {
  json::object document;
  std::string path;
};

json::array one(json::object item) {
  json::array out;
  out.push_back(std::move(item));
  return out;
}

Alone alone(const CatalogEntry& entry) {
  json::object item = entry.properties;
  if (const auto parent = parent_of(entry.kind)) item.stable_erase(parent->key);
  const json::object metro{{"name", "x"}, {"country", "XX"}};
  json::object out{{"countries", json::array()}, {"providers", json::array()}};
  switch (entry.kind) {
    case CatalogKind::countries:
      item["states"] = json::array();
      out["countries"] = one(std::move(item));
      return {std::move(out), "catalogue.countries[0]"};
    case CatalogKind::states:
      out["countries"] = one({{"name", "x"}, {"states", one(std::move(item))}});
      return {std::move(out), "catalogue.countries[0].states[0]"};
    case CatalogKind::metros:
      out["metros"] = one(std::move(item));
      return {std::move(out), "catalogue.metros[0]"};
    case CatalogKind::facilities:
    case CatalogKind::exchanges: {
      json::object parent = metro;
      parent[to_string(entry.kind)] = one(std::move(item));
      out["metros"] = one(std::move(parent));
      return {std::move(out), fmt::format("catalogue.metros[0].{}[0]", to_string(entry.kind))};
    }
    case CatalogKind::providers:
      out["providers"] = one(std::move(item));
      return {std::move(out), "catalogue.providers[0]"};
    case CatalogKind::bandwidth_offers:
      out["bandwidthOffers"] = one(std::move(item));
      return {std::move(out), "catalogue.bandwidthOffers[0]"};
  }
  return {};
}

// By the rules of the file, so that there is one set of them.
Result<void> check_form(const CatalogEntry& entry) {
  const json::object& given = entry.properties;
  for (const std::string_view key : {"states", "facilities", "exchanges"}) {
    if (given.contains(key)) {
      return refused(fmt::format("properties.{}", key), "a list", "these are entries of their own");
    }
  }
  if (auto ok = check_limits(json::value(given), "properties"); !ok) return ok;
  if (const auto parent = parent_of(entry.kind); parent && entry_text(given, parent->key).empty()) {
    const json::value* value = given.if_contains(parent->key);
    return refused(fmt::format("properties.{}", parent->key), value ? json::serialize(*value) : "",
                   fmt::format("it is required: one of the {}", to_string(parent->kind)));
  }
  const Alone document = alone(entry);
  const auto read = read_catalog(json::value(document.document));
  if (!read) {
    Error error = read.error();
    if (error.message.starts_with(document.path)) {
      error.message.replace(0, document.path.size(), "properties");
    }
    return tl::unexpected(std::move(error));
  }
  if (const std::string title = title_of(entry); title.size() > title_bytes_max) {
    return refused(fmt::format("properties.{}", title_key(entry.kind)), title, "at most 256 bytes");
  }
  return {};
}

Result<void> check_title(const CatalogEntry& entry, const CatalogEntries& entries) {
  const std::string title = title_of(entry);
  const std::string sought =
      entry.kind == CatalogKind::states ? state_title(entry_text(entry.properties, "country"), title) : title;
  const CatalogEntry* other = entries.find_called(entry.kind, sought);
  if (!other || arm::same_name(other->name, entry.name)) return {};
  return refused(fmt::format("properties.{}", title_key(entry.kind)), title,
                 fmt::format("the entry '{}' is called so already", other->name));
}

Result<void> check_references(const CatalogEntry& entry, const CatalogEntries& entries) {
  if (const auto parent = parent_of(entry.kind)) {
    const std::string named = entry_text(entry.properties, parent->key);
    if (!entries.find_called(parent->kind, named)) {
      return refused(fmt::format("properties.{}", parent->key), named,
                     fmt::format("one of the catalogue's {}", to_string(parent->kind)));
    }
  }
  if (entry.kind != CatalogKind::providers) return {};
  const json::value* metros = entry.properties.if_contains("metros");
  for (std::size_t i = 0; metros && metros->is_array() && i < metros->get_array().size(); ++i) {
    const json::value& metro = metros->get_array()[i];
    const std::string named = metro.is_string() ? std::string(metro.get_string()) : std::string();
    if (!entries.find_called(CatalogKind::metros, named)) {
      return refused(fmt::format("properties.metros[{}]", i), named, "one of the catalogue's metros");
    }
  }
  return {};
}

// A provider stays when one of its metros goes: the file may name metros that it does not describe, too.
Result<void> check_fit(const CatalogEntry& entry, const CatalogEntries& entries) {
  if (auto ok = check_title(entry, entries); !ok) return ok;
  if (entry.kind == CatalogKind::providers) return {};
  return check_references(entry, entries);
}

// What lies in an entry that is hidden, or called otherwise now, goes with it.
void drop_orphans(CatalogEntries& entries, std::vector<std::string>& left_out) {
  for (const CatalogKind kind : catalog_kinds) {
    const auto parent = parent_of(kind);
    if (!parent) continue;
    std::vector<std::string> orphans;
    for (const CatalogEntry* entry : entries.of_kind(kind)) {
      if (!entries.find_called(parent->kind, entry_text(entry->properties, parent->key))) {
        orphans.push_back(entry->name);
      }
    }
    for (const std::string& name : orphans) {
      left_out.push_back(
          fmt::format("{}/{}: its {} is not in the catalogue", to_string(kind), name, parent->key));
      entries.erase(kind, name);
    }
  }
}

}  // namespace

std::string catalog_key_prefix(CatalogKind kind) {
  return fmt::format("/providers/open.peering/catalog/{}/", model::lower(to_string(kind)));
}

std::string catalog_key(CatalogKind kind, std::string_view name) {
  return catalog_key_prefix(kind) + model::lower(name);
}

json::object document_of(const CatalogRow& row) {
  json::object out{{"name", row.name}};
  if (row.properties) {
    out["properties"] = *row.properties;
  } else {
    out["hidden"] = true;
  }
  return out;
}

Result<CatalogRow> row_of(std::string_view key, std::string_view document) {
  const auto value = parse_json(document);
  if (!value) return tl::unexpected(value.error());
  const std::string_view of_kind = key.substr(0, key.rfind('/'));
  const auto found = parse_catalog_kind(arm::name_of(of_kind));
  CatalogRow out;
  out.name = find_string(*value, "name").value_or("");
  const json::value* properties = find(*value, "properties");
  const json::value* hidden = find(*value, "hidden");
  if (!found || out.name.empty() || (properties ? !properties->is_object() : !hidden)) {
    return fail(ErrorCode::corrupt, "the stored {} is no entry of the catalogue", key);
  }
  out.kind = *found;
  if (properties) out.properties = properties->get_object();
  return out;
}

Result<void> check_entry(const CatalogEntry& entry, const CatalogEntries& entries) {
  if (auto ok = check_form(entry); !ok) return ok;
  if (auto ok = check_title(entry, entries); !ok) return ok;
  return check_references(entry, entries);
}

Result<LaidOver> lay_over(const CatalogPointer& file, const CatalogRows& rows) {
  if (rows.empty() || !file->file_entries) return LaidOver{file, {}};
  LaidOver out;
  auto entries = std::make_shared<CatalogEntries>(*file->file_entries);
  for (const auto& [key, row] : rows) {
    if (!row.properties) entries->erase(row.kind, row.name);
  }
  for (const CatalogKind kind : catalog_kinds) {
    for (const auto& [key, row] : rows) {
      if (row.kind != kind || !row.properties) continue;
      CatalogEntry entry{kind, row.name, *row.properties};
      if (const auto fits = check_fit(entry, *entries); fits) {
        entries->set(std::move(entry));
      } else {
        out.left_out.push_back(fmt::format("{}/{}: {}", to_string(kind), row.name, fits.error().message));
      }
    }
  }
  drop_orphans(*entries, out.left_out);
  auto catalog = read_catalog(json::value(document_of(*entries)));
  if (!catalog) return tl::unexpected(catalog.error());
  catalog->file_entries = file->file_entries;
  catalog->entries = std::move(entries);
  out.catalog = std::make_shared<const Catalog>(std::move(*catalog));
  return out;
}

}  // namespace peering::api
