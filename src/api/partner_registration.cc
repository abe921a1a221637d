#include "api/partner_registration.h"

#include "api/peering_sessions.h"
#include "base/digest.h"

namespace peering::api {

arm::Expected<void> check_registrable(const Call& call, const Record& peering,
                                      const std::optional<Record>& before) {
  if (before || peering_now(peering.document, *call.services.sessions()).active()) return {};
  return arm::bad_argument("peeringName", call.parameter("peeringName"),
                           "a peering with at least one connection in the state Active");
}

json::object new_registration(const Call& call, const Record& peering, std::string_view collection,
                              const std::string& name) {
  json::object out;
  out["name"] = name;
  out["id"] = fmt::format("{}/{}/{}", std::string(peering.document.at("id").as_string()), collection, name);
  out["type"] = fmt::format("Microsoft.Peering/peerings/{}", collection);
  out["createdAt"] = format_rfc3339(call.at);
  out["changedAt"] = format_rfc3339(call.at);
  return out;
}

std::string key_of(const std::optional<Record>& before) {
  if (!before) return random_uuid();
  return find_string(before->document.at("properties"), "peeringServicePrefixKey").value_or(random_uuid());
}

arm::Expected<void> check_same_value(const std::optional<Record>& before, std::string_view member,
                                     const json::value& given) {
  if (!before) return {};
  const json::value& stored = before->document.at("properties").at(member);
  if (stored == given) return {};
  const auto text = [](const json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
  };
  return arm::bad_argument(
      fmt::format("properties.{}", member), text(given),
      fmt::format("{}, as it was registered; delete it and register another", text(stored)));
}

}  // namespace peering::api
