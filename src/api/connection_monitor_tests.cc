// Connection monitor tests of a peering service: what shall be measured, from which agent to where.
#include <cstdint>

#include "api/arm/body.h"
#include "api/arm/resource_id.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/subscription_document.h"
#include "base/digest.h"

namespace peering::api {

namespace {

constexpr std::int64_t port_max = 65535;
constexpr std::int64_t frequency_s_max = 2147483647;

// What nobody measured has not succeeded, and has no path.
json::object shown_test(const Call& call, const std::string& key, const Record& record) {
  json::object properties = record.document.at("properties").as_object();
  const auto state = call.services.test_state ? call.services.test_state(key) : std::nullopt;
  properties["isTestSuccessful"] = state && state->successful;
  properties["path"] = state ? json::array(state->path.begin(), state->path.end()) : json::array();
  properties["provisioningState"] = "Succeeded";
  return shown(record, std::move(properties));
}

arm::Expected<void> read_text(const json::value& given, std::string_view key, json::object& out) {
  const auto text = arm::text_member(given, key, fmt::format("properties.{}", key), 256);
  if (!text) return tl::unexpected(text.error());
  if (*text) out[key] = **text;
  return {};
}

arm::Expected<void> read_number(const json::value& given, std::string_view key, std::int64_t most,
                                json::object& out) {
  const std::string field = fmt::format("properties.{}", key);
  const auto number = arm::number_member(given, key, field);
  if (!number) return tl::unexpected(number.error());
  if (!*number) return {};
  if (**number < 1 || **number > most) {
    return arm::bad_argument(field, std::to_string(**number), fmt::format("a number from 1 to {}", most));
  }
  out[key] = **number;
  return {};
}

// What the customer sets; everything may be left out.
arm::Expected<json::object> read_properties(const json::value& body) {
  const auto properties = arm::object_member(body, "properties", "properties");
  if (!properties) return tl::unexpected(properties.error());
  const json::value given(*properties);
  json::object out;
  for (const std::string_view key : {"sourceAgent", "destination"}) {
    if (auto ok = read_text(given, key, out); !ok) return tl::unexpected(ok.error());
  }
  if (auto ok = read_number(given, "destinationPort", port_max, out); !ok) return tl::unexpected(ok.error());
  if (auto ok = read_number(given, "testFrequencyInSec", frequency_s_max, out); !ok) {
    return tl::unexpected(ok.error());
  }
  return out;
}

json::object new_document(const Call& call, const json::object& parent) {
  const std::string& name = call.parameter("connectionMonitorTestName");
  return json::object{
      {"name", name},
      {"id", fmt::format("{}/connectionMonitorTests/{}", std::string(parent.at("id").as_string()), name)},
      {"type", "Microsoft.Peering/peeringServices/connectionMonitorTests"},
      {"createdAt", format_rfc3339(call.at)}};
}

}  // namespace

arm::Answer list_connection_monitor_tests(Call& call) {
  const auto service = load_parent(call, arm::parent_of(call.key + "/x"));
  if (!service) return tl::unexpected(service.error());
  return list_stored(call, connection_monitor_test_type, call.key + "/",
                     [&](const Record& record) -> arm::Expected<json::value> {
                       return shown_test(call, record.stored.key, record);
                     });
}

arm::Answer get_connection_monitor_test(Call& call) {
  const auto service = load_parent(call, arm::parent_of(call.key));
  if (!service) return tl::unexpected(service.error());
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  return arm::json_response(200, shown_test(call, call.key, *record));
}

arm::Answer put_connection_monitor_test(Call& call) {
  const auto service = load_parent(call, arm::parent_of(call.key));
  if (!service) return tl::unexpected(service.error());
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  auto properties = read_properties(*body);
  if (!properties) return tl::unexpected(properties.error());
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  json::object document = *before ? (*before)->document : new_document(call, service->document);
  document["properties"] = std::move(*properties);
  const Saving saving{call.key, connection_monitor_test_type, "", "", &service->stored};
  if (auto saved = save(call, saving, document, *before); !saved) return tl::unexpected(saved.error());
  return created_or_replaced(*before, shown_test(call, call.key, Record{{}, std::move(document)}));
}

arm::Answer delete_connection_monitor_test(Call& call) {
  const auto service = load_parent(call, arm::parent_of(call.key));
  if (!service) return tl::unexpected(service.error());
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

arm::Answer initialize_connection_monitor(Call& call) {
  const auto subscription = load_subscription(call);
  if (!subscription) return tl::unexpected(subscription.error());
  if (!workspace_of(subscription->document)) {
    json::object document = subscription->document;
    set_workspace(document, random_uuid());
    const Saving saving{subscription->stored.key, subscription_type, "", ""};
    if (auto saved = save(call, saving, document, *subscription); !saved) {
      return tl::unexpected(saved.error());
    }
  }
  http::Response out;
  out.status = 200;
  return out;
}

}  // namespace peering::api
