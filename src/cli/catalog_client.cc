#include "cli/catalog_client.h"

#include <filesystem>
#include <fstream>

#include "api/arm/names.h"
#include "cli/read_file.h"
#include "http/query.h"

namespace peering::cli {

namespace {

using api::CatalogEntries;
using api::CatalogEntry;
using api::CatalogKind;

constexpr std::size_t entries_at_once_max = 1000;
constexpr std::size_t bytes_at_once_max = 2 * 1024 * 1024;

std::string title_in(CatalogKind kind, const json::value& shown) {
  const json::value* properties = find(shown, "properties");
  return properties ? find_string(*properties, api::title_key(kind)).value_or("") : "";
}

}  // namespace

std::string catalog_path(CatalogKind kind, std::string_view name) {
  std::string out = extension_path("", "catalog/" + std::string(to_string(kind)));
  if (!name.empty()) out += "/" + http::percent_encode(name);
  return out;
}

Outcome<CatalogKind> catalog_kind_of(const Call& call) {
  const std::string given = call.value("kind");
  if (const auto kind = api::parse_catalog_kind(given)) return *kind;
  if (const auto kind = api::parse_catalog_kind(given + "s")) return *kind;
  if (given == "country") return CatalogKind::countries;
  if (given == "facility") return CatalogKind::facilities;
  return usage_error("KIND '{}': {}", given, api::catalog_kind_rule);
}

Outcome<CatalogEntries> fetch_catalog(Session& session) {
  CatalogEntries out;
  const auto whole = session.api().get(extension_path("", "catalog"));
  if (!whole) return tl::unexpected(whole.error());
  out.source = find_string(*whole, "source").value_or("");
  for (const CatalogKind kind : api::catalog_kinds) {
    const auto items = session.api().list(catalog_path(kind));
    if (!items) return tl::unexpected(items.error());
    for (const json::value& item : *items) {
      const json::value* properties = find(item, "properties");
      const auto name = find_string(item, "name");
      if (!name || !properties || !properties->is_object()) {
        return failed("the server's answer has an entry without name or properties");
      }
      CatalogEntry entry{kind, *name, properties->get_object()};
      entry.properties.stable_erase("origin");
      out.set(std::move(entry));
    }
  }
  return out;
}

Outcome<std::optional<json::value>> find_entry(Session& session, CatalogKind kind, std::string_view name) {
  const auto items = session.api().list(catalog_path(kind));
  if (!items) return tl::unexpected(items.error());
  std::optional<json::value> called;
  std::size_t count = 0;
  for (const json::value& item : *items) {
    if (api::arm::same_name(find_string(item, "name").value_or(""), name)) {
      return std::optional<json::value>(item);
    }
    if (!api::arm::same_name(title_in(kind, item), name)) continue;
    called = item;
    ++count;
  }
  if (count > 1)
    return usage_error("{} of the {} are called '{}': give a name", count, to_string(kind), name);
  return called;
}

Outcome<void> apply_changes(Session& session, const std::vector<CatalogChange>& changes) {
  const std::string path = extension_path("", "catalog/apply");
  json::array entries;
  std::size_t bytes = 0;
  const auto send = [&]() -> Outcome<void> {
    if (entries.empty()) return {};
    const auto done = session.api().post(path, json::object{{"entries", std::move(entries)}});
    entries = json::array();
    bytes = 0;
    if (!done) return tl::unexpected(done.error());
    return {};
  };
  for (const CatalogChange& change : changes) {
    const CatalogEntry& entry = change.entry;
    json::object item{
        {"kind", to_string(entry.kind)}, {"name", entry.name}, {"properties", entry.properties}};
    const std::size_t size = json::serialize(item).size();
    if (entries.size() == entries_at_once_max || bytes + size > bytes_at_once_max) {
      if (auto done = send(); !done) return done;
    }
    bytes += size;
    entries.push_back(std::move(item));
  }
  return send();
}

Outcome<CatalogEntries> read_catalog_file(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  const auto catalog = api::parse_catalog(*text);
  if (!catalog) return failed("{}: {}", path, catalog.error().message);
  return *catalog->entries;
}

Outcome<void> write_catalog_file(Session& session, const CatalogEntries& entries, const std::string& path) {
  const std::string text = pretty(json::value(document_of(entries))) + "\n";
  if (const auto again = api::parse_catalog(text); !again) {
    return failed("the catalogue is not fit for a file: {}", again.error().message);
  }
  if (text.size() > small_file_bytes_max) {
    return failed("the catalogue has {} bytes: a file has at most {}", text.size(), small_file_bytes_max);
  }
  if (path == "-") {
    session.out() << text;
    return {};
  }
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(fresh, path, error);
  if (!file || error) return failed("cannot write {}", path);
  return {};
}

}  // namespace peering::cli
