// The difference between two expectations, for people and as a merge patch.
#include "detect/suggestion.h"

namespace peering::detect {

json::array changed_fields(const model::Expectation& before, const model::Expectation& after) {
  const json::object from = model::to_json(before).as_object(), to = model::to_json(after).as_object();
  json::array out;
  for (const auto& member : from) {
    const json::value* now = to.if_contains(member.key());
    if (now && *now == member.value()) continue;
    json::object change{{"field", member.key()}, {"before", member.value()}};
    if (now) change["after"] = *now;
    out.push_back(std::move(change));
  }
  for (const auto& member : to) {
    if (from.contains(member.key())) continue;
    out.push_back(json::object{{"field", member.key()}, {"after", member.value()}});
  }
  return out;
}

json::object patch_of(const model::Expectation& before, const model::Expectation& after) {
  json::object out;
  for (const json::value& change : changed_fields(before, after)) {
    const json::value* value = find(change, "after");
    out[change.at("field").as_string()] = value ? *value : json::value();
  }
  return out;
}

}  // namespace peering::detect
