#include "api/what_if.h"

#include <fmt/format.h>

namespace peering::api {

namespace {

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
  const bool is_new = before.is_null(), is_same = before == after;
  out["changeType"] = !with_payloads ? "Deploy" : is_new ? "Create" : is_same ? "NoChange" : "Modify";
  if (!with_payloads) return out;
  if (!before.is_null()) out["before"] = before;
  if (!after.is_null()) out["after"] = after;
  if (!is_new && !is_same) out["delta"] = property_changes(before, after);
  return out;
}

json::object what_if_other(const std::string& id, bool is_deleted) {
  return json::object{{"resourceId", id}, {"changeType", is_deleted ? "Delete" : "Ignore"}};
}

}  // namespace peering::api
