// Tags as a resource of their own (Microsoft.Resources/tags): read and written without the rest of what they
// are on. They lie in the document of what they are on.
#include <algorithm>
#include <map>

#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/arm/tags.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/role_scope.h"
#include "api/tracked_resource.h"

namespace peering::api {

namespace {

constexpr std::size_t scan_page = 1000;

struct Tagged {
  std::string id;
  Record record;
};

bool has_tags(std::string_view type) {
  return type == subscription_type || type == resource_group_type || type == peering_type ||
         type == peering_service_type;
}

arm::Expected<Tagged> load_tagged(const Call& call) {
  const auto key = read_scope_key(call);
  if (!key) return tl::unexpected(key.error());
  if (key->empty()) return not_found(call.path);
  auto record = load_existing(call, *key);
  if (!record) return tl::unexpected(record.error());
  const json::value* id = record->document.if_contains("id");
  if (!has_tags(record->stored.type) || !id || !id->is_string()) {
    return arm::refuse(400, "ResourceTypeNotSupported",
                       fmt::format("The resource '{}' has no tags: subscriptions, resource groups, peerings "
                                   "and peering services have.",
                                   call.parameter("scope")));
  }
  return Tagged{std::string(id->get_string()), std::move(*record)};
}

json::object tags_of(const json::object& document) {
  const json::value* tags = document.if_contains("tags");
  return tags && tags->is_object() ? tags->get_object() : json::object();
}

http::Response shown_tags(const std::string& id, json::object tags) {
  return arm::json_response(200, json::object{{"id", id + "/providers/Microsoft.Resources/tags/default"},
                                              {"name", "default"},
                                              {"type", "Microsoft.Resources/tags"},
                                              {"properties", json::object{{"tags", std::move(tags)}}}});
}

// Partners write peerings, and nothing else that has tags.
arm::Expected<void> check_writer(Call& call, const Tagged& tagged) {
  const bool is_peering = tagged.record.stored.type == peering_type;
  const Permission needed = is_peering ? Permission::partner_write : Permission::write;
  if (allows(call.caller, needed, tagged.record.stored.key)) return {};
  return arm::refuse(
      403, "AuthorizationFailed",
      fmt::format("The client '{0}' with object id '{0}' does not have authorization to perform action "
                  "'Microsoft.Resources/tags/write' over scope '{1}'.",
                  call.caller.id, tagged.id));
}

arm::Expected<void> save_tags(Call& call, const Tagged& tagged, json::object tags) {
  json::object document = tagged.record.document;
  set_or_erase(document, "tags", std::move(tags));
  const store::Resource& stored = tagged.record.stored;
  return save(call, {stored.key, stored.type, "", ""}, document, tagged.record);
}

// `properties.tags` of a body, as an object with the member `tags`.
arm::Expected<json::value> read_given(const json::value& body) {
  const auto properties = arm::object_member(body, "properties", "properties");
  if (!properties) return tl::unexpected(properties.error());
  json::value out(*properties);
  if (auto tags = arm::read_tags(out); !tags) return tl::unexpected(tags.error());
  return out;
}

// Without the tags that are given with the same value.
json::object without(const json::object& current, const json::object& given) {
  json::object out;
  for (const auto& tag : current) {
    const bool goes = std::ranges::any_of(given, [&](const auto& other) {
      return arm::same_name({tag.key().data(), tag.key().size()}, {other.key().data(), other.key().size()}) &&
             tag.value() == other.value();
    });
    if (!goes) out.emplace(tag.key(), tag.value());
  }
  return out;
}

arm::Expected<json::object> changed_tags(const json::value& body, const json::object& current) {
  const auto operation = arm::required_text(body, "operation", "operation", 64);
  if (!operation) return tl::unexpected(operation.error());
  const auto given = read_given(body);
  if (!given) return tl::unexpected(given.error());
  if (arm::same_name(*operation, "Merge")) return arm::merge_tags(current, *given);
  if (arm::same_name(*operation, "Replace")) return arm::read_tags(*given);
  if (arm::same_name(*operation, "Delete")) return without(current, tags_of(given->get_object()));
  return arm::bad_argument("operation", *operation, "Merge, Replace or Delete");
}

// Writes what `change` makes of the body and the tags that are there.
template <class Change>
arm::Answer write_tags(Call& call, Change change) {
  const auto tagged = load_tagged(call);
  if (!tagged) return tl::unexpected(tagged.error());
  if (auto ok = check_writer(call, *tagged); !ok) return tl::unexpected(ok.error());
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto tags = change(*body, tags_of(tagged->record.document));
  if (!tags) return tl::unexpected(tags.error());
  if (auto saved = save_tags(call, *tagged, *tags); !saved) return tl::unexpected(saved.error());
  return shown_tags(tagged->id, *tags);
}

using Counts = std::map<std::string, std::map<std::string, std::int64_t>>;

arm::Expected<void> count_tags(const Call& call, std::string_view type, const std::string& prefix,
                               Counts& counts) {
  store::ListQuery query{std::string(type), prefix, "", scan_page};
  while (true) {
    const auto page = call.services.resources.list(query);
    if (!page) return arm::failed(page.error());
    for (const store::Resource& each : *page) {
      if (!allows(call.caller, Permission::read, each.key)) continue;
      const auto document = parse_json(each.document);
      if (!document || !document->is_object()) continue;
      for (const auto& tag : tags_of(document->get_object())) {
        ++counts[std::string(tag.key())][std::string(tag.value().as_string())];
      }
    }
    if (page->size() < scan_page) return {};
    query.after = page->back().key;
  }
}

json::object shown_count(std::int64_t count) { return {{"type", "Total"}, {"value", count}}; }

json::object shown_name(const std::string& list, const std::string& name,
                        const std::map<std::string, std::int64_t>& values) {
  json::array shown;
  std::int64_t total = 0;
  const std::string id = list + "/" + name;
  for (const auto& [value, count] : values) {
    total += count;
    shown.push_back(
        json::object{{"id", id + "/tagValues/" + value}, {"tagValue", value}, {"count", shown_count(count)}});
  }
  return {{"id", id}, {"tagName", name}, {"count", shown_count(total)}, {"values", std::move(shown)}};
}

}  // namespace

arm::Answer get_tags(Call& call) {
  const auto tagged = load_tagged(call);
  if (!tagged) return tl::unexpected(tagged.error());
  return shown_tags(tagged->id, tags_of(tagged->record.document));
}

arm::Answer put_tags(Call& call) {
  return write_tags(call, [](const json::value& body, const json::object&) -> arm::Expected<json::object> {
    const auto given = read_given(body);
    if (!given) return tl::unexpected(given.error());
    return arm::read_tags(*given);
  });
}

arm::Answer patch_tags_at_scope(Call& call) { return write_tags(call, changed_tags); }

arm::Answer delete_tags(Call& call) {
  const auto tagged = load_tagged(call);
  if (!tagged) return tl::unexpected(tagged.error());
  if (auto ok = check_writer(call, *tagged); !ok) return tl::unexpected(ok.error());
  if (tags_of(tagged->record.document).empty()) return deleted(false);
  if (auto saved = save_tags(call, *tagged, {}); !saved) return tl::unexpected(saved.error());
  return deleted(true);
}

arm::Answer list_tag_names(Call& call) {
  Counts counts;
  const std::string prefix = call.key.substr(0, call.key.rfind('/') + 1);
  for (const std::string_view type : {resource_group_type, peering_type, peering_service_type}) {
    if (auto ok = count_tags(call, type, prefix, counts); !ok) return tl::unexpected(ok.error());
  }
  json::array out;
  for (const auto& [name, values] : counts) out.push_back(shown_name(call.path, name, values));
  return list_values(call, out);
}

}  // namespace peering::api
