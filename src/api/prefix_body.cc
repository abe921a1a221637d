#include "api/prefix_body.h"

#include "api/arm/body.h"

namespace peering::api {

arm::Expected<PrefixBody> read_prefix_body(const Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto properties = arm::object_member(*body, "properties", "properties");
  if (!properties) return tl::unexpected(properties.error());
  const json::value value(*properties);
  const auto text = arm::required_text(value, "prefix", "properties.prefix", 256);
  if (!text) return tl::unexpected(text.error());
  const auto key =
      arm::text_member(value, "peeringServicePrefixKey", "properties.peeringServicePrefixKey", 256);
  if (!key) return tl::unexpected(key.error());
  const auto prefix = net::Prefix::parse(*text);
  if (!prefix) return arm::refuse(400, "BadArgument", "properties." + prefix.error().message);
  if (prefix->length() == 0) {
    return arm::bad_argument("properties.prefix", *text, "a default route is no customer's prefix");
  }
  if (prefix->family() == net::Family::ipv6 && !call.services.settings.ipv6_allowed) {
    return arm::bad_argument("properties.prefix", *text, "only IPv4 prefixes are supported here");
  }
  return PrefixBody{*prefix, key->value_or("")};
}

Microseconds age_of(const Record& record, TimePoint at) {
  const auto changed = parse_rfc3339(find_string(json::value(record.document), "changedAt").value_or(""));
  return changed ? at - *changed : Microseconds::zero();
}

}  // namespace peering::api
