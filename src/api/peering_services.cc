// Peering services: the customer's connections.
#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/arm/tags.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/subscription_document.h"
#include "api/tracked_resource.h"

namespace peering::api {

namespace {

// Those of a subscription that was made ready for connection monitor tests tell where these come from: from
// this server alone, and there is no workspace elsewhere that a key would open.
json::object shown_service(const Call& call, const std::optional<std::string>& workspace,
                           const Record& record) {
  json::object properties = record.document.at("properties").as_object();
  if (workspace) {
    json::array agents;
    const std::string& agent = call.services.settings.probe_agent;
    if (!agent.empty()) agents.emplace_back(agent);
    properties["logAnalyticsWorkspaceProperties"] =
        json::object{{"workspaceID", *workspace}, {"connectedAgents", std::move(agents)}};
  }
  properties["provisioningState"] = "Succeeded";
  return shown(record, std::move(properties));
}

arm::Expected<std::optional<std::string>> asked_workspace(const Call& call) {
  const auto subscription = load_subscription(call);
  if (!subscription) return tl::unexpected(subscription.error());
  return workspace_of(subscription->document);
}

// The four properties that a customer sets, read and checked against the catalogue.
arm::Expected<json::object> read_properties(const json::value& body, const Catalog& catalog) {
  const auto properties = arm::object_member(body, "properties", "properties");
  if (!properties) return tl::unexpected(properties.error());
  const json::value value(*properties);
  json::object out;
  for (const std::string_view key : {"peeringServiceLocation", "peeringServiceProvider",
                                     "providerPrimaryPeeringLocation", "providerBackupPeeringLocation"}) {
    const auto text = arm::text_member(value, key, fmt::format("properties.{}", key), 256);
    if (!text) return tl::unexpected(text.error());
    if (*text && !(*text)->empty()) out[key] = **text;
  }
  const auto given = [&](std::string_view key) -> std::string {
    const json::value* text = out.if_contains(key);
    return text ? std::string(text->as_string()) : std::string();
  };
  const std::string location = given("peeringServiceLocation"), name = given("peeringServiceProvider");
  if (!location.empty() && !catalog.has_location(location)) {
    return arm::bad_argument("properties.peeringServiceLocation", location,
                             "a name of the list peeringServiceLocations");
  }
  const ServiceProvider* provider = name.empty() ? nullptr : catalog.find_provider(name);
  if (!name.empty() && !provider) {
    return arm::bad_argument("properties.peeringServiceProvider", name,
                             "a name of the list peeringServiceProviders");
  }
  const std::string primary = given("providerPrimaryPeeringLocation");
  const std::string backup = given("providerBackupPeeringLocation");
  const auto known = [&](const std::string& metro) { return provider && provider->has_metro(metro); };
  if (!primary.empty() && !known(primary)) {
    return arm::bad_argument("properties.providerPrimaryPeeringLocation", primary,
                             "one of the provider's peeringLocations");
  }
  if (!backup.empty() && !known(backup)) {
    return arm::bad_argument("properties.providerBackupPeeringLocation", backup,
                             "one of the provider's peeringLocations");
  }
  if (!backup.empty() && arm::same_name(primary, backup)) {
    return arm::bad_argument("properties.providerBackupPeeringLocation", backup,
                             "another location than providerPrimaryPeeringLocation");
  }
  return out;
}

// `sku` as it is echoed; empty when none was sent.
arm::Expected<json::object> read_sku(const json::value& body) {
  const auto sku = arm::object_member(body, "sku", "sku");
  if (!sku) return tl::unexpected(sku.error());
  if (sku->empty()) return json::object();
  const auto name = arm::required_text(json::value(*sku), "name", "sku.name", 128);
  if (!name) return tl::unexpected(name.error());
  return json::object{{"name", *name}};
}

}  // namespace

arm::Answer list_peering_services(Call& call) {
  // Both lists end in /providers/Microsoft.Peering/peeringServices: of a group, or of a subscription.
  const std::string scope = call.key.substr(0, call.key.rfind("/providers/"));
  const auto workspace = asked_workspace(call);
  if (!workspace) return tl::unexpected(workspace.error());
  return list_stored(call, peering_service_type, scope + "/",
                     [&](const Record& record) -> arm::Expected<json::value> {
                       return shown_service(call, *workspace, record);
                     });
}

arm::Answer get_peering_service(Call& call) {
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  const auto workspace = asked_workspace(call);
  if (!workspace) return tl::unexpected(workspace.error());
  return arm::json_response(200, shown_service(call, *workspace, *record));
}

arm::Answer put_peering_service(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  const auto location = read_location(*body, *before);
  if (!location) return tl::unexpected(location.error());
  auto tags = arm::read_tags(*body);
  if (!tags) return tl::unexpected(tags.error());
  auto sku = read_sku(*body);
  if (!sku) return tl::unexpected(sku.error());
  auto properties = read_properties(*body, *call.services.catalog());
  if (!properties) return tl::unexpected(properties.error());
  const auto workspace = asked_workspace(call);
  if (!workspace) return tl::unexpected(workspace.error());
  json::object document = *before ? (*before)->document : json::object();
  if (!*before) {
    const auto group = load_existing(call, call.key.substr(0, call.key.find("/providers/")));
    if (!group) return tl::unexpected(group.error());
    document["name"] = call.parameter("peeringServiceName");
    document["id"] =
        fmt::format("{}/providers/Microsoft.Peering/peeringServices/{}",
                    std::string(group->document.at("id").as_string()), call.parameter("peeringServiceName"));
    document["type"] = "Microsoft.Peering/peeringServices";
    document["location"] = *location;
    document["createdAt"] = format_rfc3339(call.at);
  }
  document["properties"] = std::move(*properties);
  set_or_erase(document, "tags", std::move(*tags));
  set_or_erase(document, "sku", std::move(*sku));
  if (auto saved = save(call, {call.key, peering_service_type, "", ""}, document, *before); !saved) {
    return tl::unexpected(saved.error());
  }
  return created_or_replaced(*before, shown_service(call, *workspace, Record{{}, std::move(document)}));
}

arm::Answer patch_peering_service(Call& call) {
  return patch_tags(call, peering_service_type, [](const Call& made, const Record& record) {
    return shown_service(made, asked_workspace(made).value_or(std::nullopt), record);
  });
}

arm::Answer delete_peering_service(Call& call) {
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

}  // namespace peering::api
