#include "api/call.h"

#include <algorithm>
#include <charconv>

#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/audit_entry.h"
#include "api/documents.h"
#include "base/check.h"

namespace peering::api {

namespace {

constexpr std::size_t load_page = 1000;

arm::Expected<Record> record_of(store::Resource stored) {
  auto document = parse_json(stored.document);
  if (!document || !document->is_object()) {
    return arm::failed(Error{ErrorCode::corrupt, fmt::format("stored resource {} is no JSON", stored.key)});
  }
  Record out{std::move(stored), {}};
  out.document = std::move(document->get_object());
  return out;
}

}  // namespace

const std::string& Call::parameter(std::string_view name) const {
  static const std::string none;
  const auto found = parameters.find(name);
  return found == parameters.end() ? none : found->second;
}

std::string Call::base_key() const { return key.substr(0, key.rfind("/providers/open.peering/")); }

arm::Expected<std::optional<Record>> load(const Call& call, std::string_view key) {
  auto stored = call.services.resources.get(key);
  if (!stored) return arm::failed(stored.error());
  if (!*stored) return std::optional<Record>{};
  auto record = record_of(std::move(**stored));
  if (!record) return tl::unexpected(record.error());
  return std::optional<Record>(std::move(*record));
}

tl::unexpected<arm::Failure> not_found(std::string_view path) {
  std::string_view group;
  const std::string lowered = model::lower(path);
  constexpr std::string_view groups = "/resourcegroups/";
  if (const std::size_t at = lowered.find(groups); at != std::string::npos) {
    group = path.substr(at + groups.size());
    group = group.substr(0, group.find('/'));
  }
  constexpr std::string_view providers = "/providers/";
  const std::size_t at = lowered.find(providers);
  const std::string_view shown_name = at == std::string::npos ? path : path.substr(at + providers.size());
  const std::string where = group.empty() ? "" : fmt::format(" under resource group '{}'", group);
  return arm::refuse(404, "ResourceNotFound",
                     fmt::format("The Resource '{}'{} was not found.", shown_name, where));
}

arm::Expected<Record> load_existing(const Call& call, std::string_view key) {
  auto record = load(call, key);
  if (!record) return tl::unexpected(record.error());
  if (!*record) return not_found(std::string_view(call.path).substr(0, key.size()));
  return std::move(**record);
}

arm::Expected<Record> load_parent(const Call& call, std::string_view key) {
  auto record = load(call, key);
  if (!record) return tl::unexpected(record.error());
  if (!*record) {
    const std::string_view name = arm::name_of(std::string_view(call.path).substr(0, key.size()));
    return arm::refuse(404, "ParentResourceNotFound",
                       fmt::format("Can not perform requested operation on nested resource. Parent resource "
                                   "'{}' not found.",
                                   name));
  }
  return std::move(**record);
}

namespace {

store::Write must_be_unchanged(const store::Resource& resource) {
  store::Write out;
  out.key = resource.key;
  out.condition = store::Condition::etag;
  out.etag = resource.etag;
  out.reach = store::Reach::nothing;
  return out;
}

// Why a commit of `save` was refused.
arm::Expected<void> explain_conflict(Call& call, const Saving& saving, const std::optional<Record>& before) {
  const auto current = call.services.resources.get(saving.key);
  if (!current) return arm::failed(current.error());
  const std::string seen = before ? before->stored.etag : std::string();
  const std::string there = *current ? (*current)->etag : std::string();
  call.raced = seen != there;
  if (!call.raced && saving.parent) {
    const auto parent = call.services.resources.get(saving.parent->key);
    if (!parent) return arm::failed(parent.error());
    call.raced = !*parent || (*parent)->etag != saving.parent->etag;
  }
  if (call.raced || saving.taken.empty()) {
    return arm::refuse(409, "Conflict", "The resource was changed by another request at the same time.");
  }
  return arm::refuse(409, "Conflict", saving.taken);
}

}  // namespace

arm::Expected<void> save(Call& call, const Saving& saving, const json::object& document,
                         const std::optional<Record>& before) {
  std::vector<store::Write> writes;
  if (saving.parent) writes.push_back(must_be_unchanged(*saving.parent));
  store::Write write;
  write.key = saving.key;
  write.type = saving.type;
  write.document = json::serialize(document);
  write.condition = before ? store::Condition::etag : store::Condition::absent;
  if (before) write.etag = before->stored.etag;
  write.unique = saving.unique;
  PEERING_CHECK(call.origin);
  store::Write entry =
      audit_entry(call, {saving.key, saving.type, before ? &*before : nullptr, &document, *write.document});
  writes.push_back(std::move(write));
  writes.push_back(std::move(entry));
  call.changed_key = saving.key;
  if (call.defers) {
    call.deferred = std::move(writes);
    return {};
  }
  const auto revision = call.services.resources.commit(writes);
  if (!revision && revision.error().code != ErrorCode::conflict) return arm::failed(revision.error());
  if (!revision) return explain_conflict(call, saving, before);
  call.committed = *revision;
  return {};
}

arm::Expected<bool> remove_with_children(Call& call, std::string_view key) {
  auto record = load(call, key);
  if (!record) return tl::unexpected(record.error());
  if (!*record) return false;
  store::Write whole;
  whole.key = key;
  whole.type = (*record)->stored.type;
  whole.condition = store::Condition::etag;
  whole.etag = (*record)->stored.etag;
  whole.reach = store::Reach::subtree;
  whole.at = call.at;
  PEERING_CHECK(call.origin);
  whole.trace = audit_trace(call);
  store::Write entry = audit_entry(call, {key, (*record)->stored.type, &**record, nullptr, ""});
  std::vector<store::Write> writes;
  writes.push_back(std::move(whole));
  writes.push_back(std::move(entry));
  call.changed_key = key;
  if (call.defers) {
    call.deferred = std::move(writes);
    return true;
  }
  const auto revision = call.services.resources.commit(writes);
  if (!revision) {
    call.raced = revision.error().code == ErrorCode::conflict;
    return arm::failed(revision.error());
  }
  call.committed = *revision;
  return true;
}

arm::Expected<std::vector<Record>> load_all(const Call& call, std::string_view type,
                                            std::string_view key_prefix, std::size_t limit) {
  std::vector<Record> out;
  store::ListQuery query{std::string(type), std::string(key_prefix), "", load_page};
  while (out.size() < limit) {
    query.limit = std::min(load_page, limit - out.size());
    auto page = call.services.resources.list(query);
    if (!page) return arm::failed(page.error());
    const std::size_t count = page->size();
    if (count > 0) query.after = page->back().key;
    for (store::Resource& stored : *page) {
      auto record = record_of(std::move(stored));
      if (!record) return tl::unexpected(record.error());
      out.push_back(std::move(*record));
    }
    if (count < query.limit) break;
  }
  return out;
}

namespace {

// A group above the caller's scope is one she may know of, as Azure Resource Manager lists it.
bool is_visible(const Caller& caller, const store::Resource& each) {
  return allows(caller, Permission::read, each.key) ||
         (each.type == resource_group_type && may_know(caller, each.key));
}

}  // namespace

arm::Expected<std::vector<store::Resource>> read_visible(const Call& call, std::string after,
                                                         std::size_t count, const ReadAfter& read) {
  std::vector<store::Resource> out;
  while (true) {
    auto some = read(after, count);
    if (!some) return some;
    const bool ends = some->size() < count;
    if (!ends) after = some->back().key;
    for (store::Resource& each : *some) {
      if (is_visible(call.caller, each)) out.push_back(std::move(each));
      if (out.size() == count) return out;
    }
    if (ends) return out;
  }
}

arm::Answer list_stored(const Call& call, std::string_view type, std::string_view key_prefix,
                        const std::function<arm::Expected<json::value>(const Record&)>& show) {
  const auto page = arm::read_page(call.query);
  if (!page) return tl::unexpected(page.error());
  if (!page->after.empty() && !page->after.starts_with(key_prefix)) {
    return arm::bad_argument("$skipToken", call.query.get("$skipToken").value_or(""),
                             "a token of this list's nextLink");
  }
  const auto read = [&](const std::string& after,
                        std::size_t count) -> arm::Expected<std::vector<store::Resource>> {
    auto some = call.services.resources.list({std::string(type), std::string(key_prefix), after, count});
    if (!some) return arm::failed(some.error());
    return std::move(*some);
  };
  auto stored = read_visible(call, page->after, page->limit + 1, read);
  if (!stored) return tl::unexpected(stored.error());
  const bool more = stored->size() > page->limit;
  if (more) stored->pop_back();
  const std::string position = more ? stored->back().key : std::string();
  json::array items;
  for (store::Resource& each : *stored) {
    const auto record = record_of(std::move(each));
    if (!record) return tl::unexpected(record.error());
    auto item = show(*record);
    if (!item) return tl::unexpected(item.error());
    items.push_back(std::move(*item));
  }
  return arm::list_response(call.request, call.query, std::move(items), position);
}

arm::Answer list_values(const Call& call, const json::array& values) {
  const auto page = arm::read_page(call.query, arm::page_items_max);
  if (!page) return tl::unexpected(page.error());
  std::size_t start = 0;
  const std::string& after = page->after;
  const auto parsed = std::from_chars(after.data(), after.data() + after.size(), start);
  if (!after.empty() && (parsed.ec != std::errc() || parsed.ptr != after.data() + after.size())) {
    return arm::bad_argument("$skipToken", call.query.get("$skipToken").value_or(""),
                             "a token of this list's nextLink");
  }
  start = std::min(start, values.size());
  const std::size_t end = std::min(values.size(), start + page->limit);
  json::array items(values.begin() + static_cast<std::ptrdiff_t>(start),
                    values.begin() + static_cast<std::ptrdiff_t>(end));
  return arm::list_response(call.request, call.query, std::move(items),
                            end < values.size() ? std::to_string(end) : std::string());
}

http::Response created_or_replaced(const std::optional<Record>& before, const json::value& body) {
  return arm::json_response(before ? 200 : 201, body);
}

http::Response deleted(bool existed) {
  http::Response out;
  out.status = existed ? 200 : 204;
  return out;
}

json::object shown(const Record& record, json::object properties) {
  json::object out;
  out["properties"] = std::move(properties);
  for (const std::string_view key : {"location", "tags", "sku", "name", "id", "type"}) {
    if (const json::value* value = record.document.if_contains(key)) out[key] = *value;
  }
  return out;
}

}  // namespace peering::api
