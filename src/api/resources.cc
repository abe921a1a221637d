// Lists of all tracked resources, as Azure Resource Manager has them beside each provider's own lists.
#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "api/arm/filter.h"
#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/documents.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

constexpr std::array<std::string_view, 2> tracked_types = {peering_type, peering_service_type};

using Test = std::function<bool(const json::object&)>;

std::string text_of(const json::object& document, std::string_view member) {
  return find_string(json::value(document), member).value_or("");
}

Test tag_test(std::string name, std::optional<std::string> value) {
  return [name = std::move(name), value = std::move(value)](const json::object& document) {
    const json::value* tags = document.if_contains("tags");
    if (!tags || !tags->is_object()) return false;
    return std::ranges::any_of(tags->get_object(), [&](const auto& tag) {
      return arm::same_name({tag.key().data(), tag.key().size()}, name) &&
             (!value || std::string_view(tag.value().as_string()) == *value);
    });
  };
}

// What one comparison asks for; nothing for a field that is not known.
std::optional<Test> test_of(const arm::FilterTerm& term) {
  const auto member = [&](std::string_view key) {
    return [key, text = term.literal](const json::object& document) {
      return arm::same_name(text_of(document, key), text);
    };
  };
  if (arm::same_name(term.field, "resourceType")) return member("type");
  if (arm::same_name(term.field, "name")) return member("name");
  if (arm::same_name(term.field, "tagName")) return tag_test(term.literal, std::nullopt);
  if (arm::same_name(term.field, "location")) {
    return [text = term.literal](const json::object& document) {
      return arm::same_region(text_of(document, "location"), text);
    };
  }
  if (arm::same_name(term.field, "resourceGroup")) {
    return [text = term.literal](const json::object& document) {
      const auto segments = arm::split_path(text_of(document, "id"));
      const auto id = segments ? arm::parse_resource_id(*segments) : std::nullopt;
      return id && arm::same_name(id->resource_group, text);
    };
  }
  return std::nullopt;
}

arm::Expected<std::vector<Test>> read_tests(const Call& call) {
  const std::string text = call.query.get("$filter").value_or("");
  const auto terms = arm::parse_filter(text);
  if (!terms) return arm::failed(terms.error());
  std::vector<Test> out;
  std::string tag_name;
  for (const arm::FilterTerm& term : *terms) {
    const bool is_value = arm::same_name(term.field, "tagValue") && !tag_name.empty();
    auto test = is_value ? tag_test(tag_name, term.literal) : test_of(term);
    if (!test || term.comparison != arm::Comparison::eq) {
      return arm::bad_argument("$filter", text,
                               "resourceType, name, location, resourceGroup, and tagName with tagValue, each "
                               "with eq, joined by and");
    }
    if (arm::same_name(term.field, "tagName")) tag_name = term.literal;
    out.push_back(std::move(*test));
  }
  return out;
}

struct Expansion {
  bool created = false, changed = false, state = false;
};

arm::Expected<Expansion> read_expansion(const Call& call) {
  Expansion out;
  const std::string given = call.query.get("$expand").value_or("");
  for (std::string_view rest = given; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view word = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    bool* const wanted = arm::same_name(word, "createdTime")         ? &out.created
                         : arm::same_name(word, "changedTime")       ? &out.changed
                         : arm::same_name(word, "provisioningState") ? &out.state
                                                                     : nullptr;
    if (!wanted) return arm::bad_argument("$expand", given, "createdTime, changedTime, provisioningState");
    *wanted = true;
  }
  return out;
}

json::object shown_resource(const json::object& document, const Expansion& expand) {
  json::object out;
  for (const std::string_view key : {"id", "name", "type", "kind", "sku", "location", "tags"}) {
    if (const json::value* value = document.if_contains(key)) out[key] = *value;
  }
  const std::string created = text_of(document, "createdAt"), changed = text_of(document, "changedAt");
  if (expand.created) out["createdTime"] = created;
  if (expand.changed) out["changedTime"] = changed.empty() ? created : changed;
  if (expand.state) out["provisioningState"] = "Succeeded";
  return out;
}

// Up to `count` resources of both types in order of their keys.
arm::Expected<std::vector<store::Resource>> read_tracked(const Call& call, const std::string& prefix,
                                                         const std::string& after, std::size_t count) {
  std::vector<store::Resource> out;
  for (const std::string_view type : tracked_types) {
    auto some = call.services.resources.list({std::string(type), prefix, after, count});
    if (!some) return arm::failed(some.error());
    std::ranges::move(*some, std::back_inserter(out));
  }
  std::ranges::sort(out, {}, &store::Resource::key);
  out.resize(std::min(out.size(), count));
  return out;
}

}  // namespace

arm::Answer list_resources(Call& call) {
  const auto page = arm::read_page(call.query, arm::page_items_max);
  if (!page) return tl::unexpected(page.error());
  const auto tests = read_tests(call);
  if (!tests) return tl::unexpected(tests.error());
  const auto expansion = read_expansion(call);
  if (!expansion) return tl::unexpected(expansion.error());
  // A subscription's list or a group's: ".../resources".
  const std::string prefix = call.key.substr(0, call.key.rfind('/') + 1);
  auto found = read_visible(
      call, page->after, page->limit + 1,
      [&](const std::string& after, std::size_t count) { return read_tracked(call, prefix, after, count); });
  if (!found) return tl::unexpected(found.error());
  const bool more = found->size() > page->limit;
  if (more) found->pop_back();
  json::array items;
  for (const store::Resource& each : *found) {
    const auto document = parse_json(each.document);
    if (!document) return arm::failed(document.error());
    const json::object* const resource = document->if_object();
    const bool wanted =
        resource && std::ranges::all_of(*tests, [&](const Test& test) { return test(*resource); });
    if (wanted) items.push_back(shown_resource(*resource, *expansion));
  }
  return arm::list_response(call.request, call.query, std::move(items),
                            more ? found->back().key : std::string());
}

}  // namespace peering::api
