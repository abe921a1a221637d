// Subscriptions: they exist because an Operator made them.
#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

json::object shown_subscription(const Record& record) {
  const json::object& document = record.document;
  json::object out{{"id", document.at("id")},
                   {"subscriptionId", document.at("name")},
                   {"tenantId", tenant_id},
                   {"displayName", document.at("displayName")},
                   {"state", "Enabled"}};
  if (const json::value* tags = document.if_contains("tags")) out["tags"] = *tags;
  return out;
}

}  // namespace

arm::Answer list_subscriptions(Call& call) {
  const auto records = load_all(call, subscription_type, "/subscriptions/", arm::page_items_max * 100);
  if (!records) return tl::unexpected(records.error());
  json::array out;
  for (const Record& record : *records) {
    if (may_know(call.caller, record.stored.key)) out.push_back(shown_subscription(record));
  }
  return list_values(call, out);
}

arm::Answer get_subscription(Call& call) {
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  return arm::json_response(200, shown_subscription(*record));
}

arm::Answer put_subscription(Call& call) {
  const auto body = arm::read_object_or_nothing(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto name = arm::text_member(*body, "displayName", "displayName", 256);
  if (!name) return tl::unexpected(name.error());
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  const std::string& guid = call.parameter("subscriptionId");
  json::object document = *before ? (*before)->document : json::object();
  if (!*before) {
    document["id"] = "/subscriptions/" + guid;
    document["name"] = guid;
    document["type"] = "Microsoft.Resources/subscriptions";
    document["createdAt"] = format_rfc3339(call.at);
  }
  document["displayName"] = name->value_or(guid);
  if (auto saved = save(call, {call.key, subscription_type, "", ""}, document, *before); !saved) {
    return tl::unexpected(saved.error());
  }
  return created_or_replaced(*before, shown_subscription(Record{{}, std::move(document)}));
}

}  // namespace peering::api
