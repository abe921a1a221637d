#include "api/what_if.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace peering::api {

namespace {

// What is observed, not deployed: it may change between the two readings, whatever the template says.
constexpr std::array<std::string_view, 7> observed = {
    "connectionState",       "errorMessage",   "isTestSuccessful", "learnedType",
    "prefixValidationState", "sessionStateV4", "sessionStateV6"};

// Of a monitor test its path is observed, of monitoring settings it is a rule.
bool is_observed(std::string_view key, const json::object& among) {
  return std::ranges::find(observed, key) != observed.end() ||
         (key == "path" && among.contains("isTestSuccessful"));
}

json::value without_observed(const json::value& value) {
  if (const json::array* items = value.if_array()) {
    json::array out;
    for (const json::value& each : *items) out.push_back(without_observed(each));
    return out;
  }
  if (!value.is_object()) return value;
  json::object out;
  for (const auto& member : value.get_object()) {
    const std::string_view key(member.key().data(), member.key().size());
    if (!is_observed(key, value.get_object())) out[key] = without_observed(member.value());
  }
  return out;
}

void add_changes(const std::string& path, const json::value* before, const json::value* after,
                 json::array& out) {
  if (before && after && *before == *after) return;
  if (before && after && before->is_object() && after->is_object()) {
    const auto inner = [&](std::string_view key) {
      return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
    };
    for (const auto& member : before->get_object()) {
      add_changes(inner(member.key()), &member.value(), after->get_object().if_contains(member.key()), out);
    }
    for (const auto& member : after->get_object()) {
      if (before->get_object().contains(member.key())) continue;
      add_changes(inner(member.key()), nullptr, &member.value(), out);
    }
    return;
  }
  json::object change{{"path", path},
                      {"propertyChangeType", !before  ? "Create"
                                             : !after ? "Delete"
                                                      : "Modify"}};
  if (before) change["before"] = *before;
  if (after) change["after"] = *after;
  out.push_back(std::move(change));
}

}  // namespace

json::array property_changes(const json::value& before, const json::value& after) {
  json::array out;
  add_changes("", &before, &after, out);
  return out;
}

json::object what_if_change(const std::string& id, const json::value& before, const json::value& after,
                            bool with_payloads) {
  json::object out{{"resourceId", id}};
  const json::value had = without_observed(before), would_have = without_observed(after);
  const bool is_new = before.is_null(), is_same = had == would_have;
  out["changeType"] = !with_payloads ? "Deploy" : is_new ? "Create" : is_same ? "NoChange" : "Modify";
  if (!with_payloads) return out;
  if (!before.is_null()) out["before"] = before;
  if (!after.is_null()) out["after"] = after;
  if (!is_new && !is_same) out["delta"] = property_changes(had, would_have);
  return out;
}

json::object what_if_other(const std::string& id, bool is_deleted) {
  return json::object{{"resourceId", id}, {"changeType", is_deleted ? "Delete" : "Ignore"}};
}

}  // namespace peering::api
