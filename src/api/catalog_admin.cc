// Open.Peering/catalog: the operator's own view of the catalogue, and her changes to it. They are stored and
// laid over the file.
#include <array>
#include <set>

#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/arm/preconditions.h"
#include "api/audit_entry.h"
#include "api/catalog_overlay.h"
#include "api/catalog_usage.h"
#include "api/handlers.h"
#include "base/digest.h"

namespace peering::api {

namespace {

constexpr std::size_t etag_digits = 32;
constexpr std::size_t applied_max = 5000;
constexpr std::string_view origin_key = "origin";

const CatalogEntries& entries_in_force(const Catalog& catalog) {
  static const CatalogEntries none;
  return catalog.entries ? *catalog.entries : none;
}

const CatalogEntry* entry_of_file(const Catalog& catalog, CatalogKind kind, std::string_view name) {
  return catalog.file_entries ? catalog.file_entries->find(kind, name) : nullptr;
}

arm::Expected<CatalogKind> read_kind(const Call& call) {
  const std::string& given = call.parameter("catalogKind");
  const auto kind = parse_catalog_kind(given);
  if (kind) return *kind;
  return arm::refuse(404, "InvalidResourceType",
                     fmt::format("The resource type 'Open.Peering/catalog/{}' could not be found: it is {}.",
                                 given, catalog_kind_rule));
}

std::string etag_of(const CatalogEntry& entry) {
  return to_hex(sha256(fmt::format("{}/{}\n{}", to_string(entry.kind), entry.name,
                                   json::serialize(entry.properties))))
      .substr(0, etag_digits);
}

json::object shown_entry(const CatalogEntry& entry, const Catalog& catalog) {
  const CatalogEntry* file = entry_of_file(catalog, entry.kind, entry.name);
  json::object properties = entry.properties;
  properties[origin_key] = file && file->properties == entry.properties ? "File" : "Api";
  return json::object{
      {"properties", std::move(properties)},
      {"name", entry.name},
      {"id", fmt::format("/providers/Open.Peering/catalog/{}/{}", to_string(entry.kind), entry.name)},
      {"type", fmt::format("Open.Peering/catalog/{}", to_string(entry.kind))},
      {"etag", etag_of(entry)}};
}

http::Response entry_response(int status, const CatalogEntry& entry, const Catalog& catalog) {
  http::Response out = arm::json_response(status, shown_entry(entry, catalog));
  out.headers.set("ETag", arm::etag_field(etag_of(entry)));
  return out;
}

// An entry as the store has it, which the catalogue in force is soon; else as the file has it.
struct Place {
  CatalogPointer catalog;
  CatalogKind kind{};
  std::string name, key;
  std::optional<Record> row;
  std::optional<CatalogEntry> entry;  // absent: there is none, or it is hidden

  std::optional<std::string> etag() const {
    return entry ? std::optional<std::string>(etag_of(*entry)) : std::nullopt;
  }
};

arm::Expected<Place> look_up(const Call& call, CatalogKind kind, const std::string& name) {
  Place out;
  out.catalog = call.services.catalog();
  out.kind = kind;
  out.name = name;
  out.key = catalog_key(kind, name);
  auto row = load(call, out.key);
  if (!row) return tl::unexpected(row.error());
  out.row = std::move(*row);
  if (out.row) {
    auto stored = row_of(out.key, out.row->stored.document);
    if (!stored) return arm::failed(stored.error());
    out.name = stored->name;
    if (stored->properties) out.entry = CatalogEntry{kind, stored->name, std::move(*stored->properties)};
  } else if (const CatalogEntry* file = entry_of_file(*out.catalog, kind, name)) {
    out.name = file->name;
    out.entry = *file;
  }
  return out;
}

arm::Expected<Place> look_up(const Call& call) {
  const auto kind = read_kind(call);
  if (!kind) return tl::unexpected(kind.error());
  return look_up(call, *kind, call.parameter("catalogName"));
}

// What may be there once the change is made.
arm::Expected<void> check_change(const Call& call, const Place& place, const CatalogEntry& entry,
                                 const CatalogEntries& entries) {
  if (auto ok = check_entry(entry, entries); !ok) return arm::failed(ok.error());
  if (!place.entry) return {};
  return check_unused(call, *place.entry, entry, entries);
}

// The properties that a body gives, without what only the server says.
arm::Expected<json::object> read_properties(const json::value& body) {
  static constexpr std::array<std::string_view, 5> known = {"id", "name", "type", "etag", "properties"};
  if (auto ok = arm::only_members(body.get_object(), "", known); !ok) return tl::unexpected(ok.error());
  auto properties = arm::object_member(body, "properties", "properties");
  if (!properties) return tl::unexpected(properties.error());
  properties->stable_erase(origin_key);
  return std::move(*properties);
}

arm::Answer write_entry(Call& call, const Place& place, json::object properties) {
  if (!properties.contains(title_key(place.kind))) properties[title_key(place.kind)] = place.name;
  const CatalogEntry entry{place.kind, place.name, std::move(properties)};
  if (auto ok = check_change(call, place, entry, entries_in_force(*place.catalog)); !ok) {
    return tl::unexpected(ok.error());
  }
  if (place.entry != entry) {
    const CatalogRow row{entry.kind, entry.name, entry.properties};
    const Saving saving{place.key, catalog_entry_type, "", ""};
    if (auto saved = save(call, saving, document_of(row), place.row); !saved) {
      return tl::unexpected(saved.error());
    }
  }
  return entry_response(place.entry ? 200 : 201, entry, *place.catalog);
}

// Takes the entry out of the catalogue: hides the file's, or forgets what is stored.
arm::Expected<void> take_out(Call& call, const Place& place, bool in_file) {
  if (in_file) {
    const CatalogRow hidden{place.kind, place.name, std::nullopt};
    return save(call, {place.key, catalog_entry_type, "", ""}, document_of(hidden), place.row);
  }
  const auto removed = remove_with_children(call, place.key);
  if (!removed) return tl::unexpected(removed.error());
  return {};
}

arm::Expected<bool> read_reset(const Call& call) {
  const std::string text = call.query.get("reset").value_or("false");
  if (arm::same_name(text, "true")) return true;
  if (arm::same_name(text, "false")) return false;
  return arm::bad_argument("reset", text, "true or false");
}

// Forgets what is stored of the entry, so that the file's is in force, or none.
arm::Answer reset_entry(Call& call, const Place& place, const CatalogEntry* file) {
  if (!place.row) return deleted(false);
  if (file) {
    if (auto ok = check_change(call, place, *file, entries_in_force(*place.catalog)); !ok) {
      return tl::unexpected(ok.error());
    }
  } else if (place.entry) {
    if (auto ok = check_unused(call, *place.entry, std::nullopt, entries_in_force(*place.catalog)); !ok) {
      return tl::unexpected(ok.error());
    }
  }
  if (auto done = take_out(call, place, false); !done) return tl::unexpected(done.error());
  return deleted(true);
}

}  // namespace

arm::Answer get_catalog(Call& call) {
  return arm::json_response(200, document_of(entries_in_force(*call.services.catalog())));
}

arm::Answer list_catalog_entries(Call& call) {
  const auto kind = read_kind(call);
  if (!kind) return tl::unexpected(kind.error());
  const CatalogPointer catalog = call.services.catalog();
  json::array out;
  for (const CatalogEntry* entry : entries_in_force(*catalog).of_kind(*kind)) {
    out.push_back(shown_entry(*entry, *catalog));
  }
  return list_values(call, out);
}

arm::Answer get_catalog_entry(Call& call) {
  const auto kind = read_kind(call);
  if (!kind) return tl::unexpected(kind.error());
  const CatalogPointer catalog = call.services.catalog();
  const CatalogEntry* entry = entries_in_force(*catalog).find(*kind, call.parameter("catalogName"));
  if (!entry) return not_found(call.path);
  return entry_response(200, *entry, *catalog);
}

arm::Answer put_catalog_entry(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto place = look_up(call);
  if (!place) return tl::unexpected(place.error());
  if (auto ok = arm::check_preconditions(call.request, place->etag()); !ok) return tl::unexpected(ok.error());
  auto properties = read_properties(*body);
  if (!properties) return tl::unexpected(properties.error());
  return write_entry(call, *place, std::move(*properties));
}

arm::Answer patch_catalog_entry(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto place = look_up(call);
  if (!place) return tl::unexpected(place.error());
  if (!place->entry) return not_found(call.path);
  if (auto ok = arm::check_preconditions(call.request, place->etag()); !ok) return tl::unexpected(ok.error());
  const auto given = read_properties(*body);
  if (!given) return tl::unexpected(given.error());
  json::value merged = arm::merge_patch(json::value(place->entry->properties), json::value(*given));
  return write_entry(call, *place, std::move(merged.get_object()));
}

arm::Answer delete_catalog_entry(Call& call) {
  const auto reset = read_reset(call);
  if (!reset) return tl::unexpected(reset.error());
  const auto place = look_up(call);
  if (!place) return tl::unexpected(place.error());
  if (auto ok = arm::check_preconditions(call.request, place->etag()); !ok) return tl::unexpected(ok.error());
  const CatalogEntry* file = entry_of_file(*place->catalog, place->kind, place->name);
  if (*reset) return reset_entry(call, *place, file);
  if (!place->entry) return deleted(false);
  if (auto ok = check_unused(call, *place->entry, std::nullopt, entries_in_force(*place->catalog)); !ok) {
    return tl::unexpected(ok.error());
  }
  if (auto done = take_out(call, *place, file != nullptr); !done) return tl::unexpected(done.error());
  return deleted(true);
}

namespace {

// Many entries that become the catalogue's together or not at all.
class Application {
 public:
  explicit Application(Call& call) : call_(call), catalog_(call.services.catalog()) {
    entries_ = entries_in_force(*catalog_);
  }

  arm::Expected<void> add(const json::value& item, const std::string& path) {
    if (!item.is_object()) return arm::bad_content(path, json::serialize(item), "an object");
    static constexpr std::array<std::string_view, 3> known = {"kind", "name", "properties"};
    if (auto ok = arm::only_members(item.get_object(), path, known); !ok) return ok;
    const auto given = arm::required_text(item, "kind", path + ".kind", 64);
    if (!given) return tl::unexpected(given.error());
    const auto kind = parse_catalog_kind(*given);
    if (!kind) return arm::bad_argument(path + ".kind", *given, catalog_kind_rule);
    const auto name = arm::required_text(item, "name", path + ".name", 64);
    if (!name) return tl::unexpected(name.error());
    if (!arm::is_resource_name(*name)) {
      return arm::bad_argument(path + ".name", *name, arm::resource_name_rule);
    }
    auto place = look_up(call_, *kind, *name);
    if (!place) return tl::unexpected(place.error());
    if (!seen_.insert(place->key).second) {
      return arm::bad_argument(path + ".name", *name, "an entry is given once");
    }
    auto properties = arm::object_member(item, "properties", path + ".properties");
    if (!properties) return tl::unexpected(properties.error());
    properties->stable_erase(origin_key);
    return change(*place, {*kind, place->name, std::move(*properties)}, path);
  }

  arm::Answer commit() {
    if (!writes_.empty()) {
      const auto revision = call_.services.resources.commit(writes_);
      if (!revision) {
        call_.raced = revision.error().code == ErrorCode::conflict;
        return arm::failed(revision.error());
      }
      call_.committed = *revision;
      call_.changed_key = call_.key;
    }
    return arm::json_response(
        200, json::object{{"added", added_}, {"changed", changed_}, {"unchanged", unchanged_}});
  }

 private:
  arm::Expected<void> change(const Place& place, CatalogEntry entry, const std::string& path) {
    if (place.entry == entry) {
      ++unchanged_;
      return {};
    }
    if (auto ok = check_change(call_, place, entry, entries_); !ok) {
      arm::Failure failure = ok.error();
      failure.message = fmt::format("{}: {}", path, failure.message);
      return tl::unexpected(std::move(failure));
    }
    ++(place.entry ? changed_ : added_);
    const json::object document = document_of(CatalogRow{entry.kind, entry.name, entry.properties});
    store::Write write;
    write.key = place.key;
    write.type = catalog_entry_type;
    write.document = json::serialize(document);
    write.condition = place.row ? store::Condition::etag : store::Condition::absent;
    if (place.row) write.etag = place.row->stored.etag;
    store::Write audited = audit_entry(
        call_,
        {place.key, catalog_entry_type, place.row ? &*place.row : nullptr, &document, *write.document});
    writes_.push_back(std::move(write));
    writes_.push_back(std::move(audited));
    entries_.set(std::move(entry));
    return {};
  }

  Call& call_;
  CatalogPointer catalog_;
  CatalogEntries entries_;
  std::set<std::string> seen_;
  std::vector<store::Write> writes_;
  std::size_t added_ = 0, changed_ = 0, unchanged_ = 0;
};

}  // namespace

arm::Answer apply_catalog(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const json::value* list = find(*body, "entries");
  if (!list || !list->is_array()) {
    return arm::bad_content("entries", list ? json::serialize(*list) : "", "a list of entries");
  }
  if (list->get_array().size() > applied_max) {
    return arm::bad_content("entries", fmt::format("{} entries", list->get_array().size()),
                            "at most 5000 entries");
  }
  Application application(call);
  std::size_t index = 0;
  for (const json::value& item : list->get_array()) {
    if (auto ok = application.add(item, fmt::format("entries[{}]", index++)); !ok) {
      return tl::unexpected(ok.error());
    }
  }
  return application.commit();
}

}  // namespace peering::api
