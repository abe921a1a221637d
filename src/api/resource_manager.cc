// What clients of Azure Resource Manager ask before they come to a resource: providers and their versions,
// regions, tenants, and where everything is.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <span>

#include "api/arm/api_version.h"
#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/subscription_document.h"

namespace peering::api {

namespace {

// From this version on, one cloud; before it, a list of clouds.
constexpr std::string_view single_cloud_version = "2022-09-01";
// Before this one, one cloud in the form of the first clients.
constexpr std::string_view list_of_clouds_version = "2019";

struct ResourceType {
  std::string_view name;
  bool tracked = false;  ///< has a location
};

constexpr std::array<ResourceType, 15> peering_types = {{
    {"operations"},
    {"peerAsns"},
    {"peerings", true},
    {"peerings/registeredAsns"},
    {"peerings/registeredPrefixes"},
    {"peeringServices", true},
    {"peeringServices/prefixes"},
    {"peeringServices/connectionMonitorTests"},
    {"peeringServiceCountries"},
    {"peeringServiceLocations"},
    {"peeringServiceProviders"},
    {"peeringLocations"},
    {"legacyPeerings"},
    {"cdnPeeringPrefixes"},
    {"lookingGlass"},
}};
constexpr std::array<ResourceType, 4> insights_types = {{
    {"eventtypes"},
    {"metricDefinitions"},
    {"metricNamespaces"},
    {"metrics"},
}};
constexpr std::array<ResourceType, 4> manager_types = {{
    {"deployments"},
    {"resourceGroups"},
    {"subscriptions"},
    {"tags"},
}};
constexpr std::array<ResourceType, 2> authorization_types = {{
    {"roleAssignments"},
    {"roleDefinitions"},
}};

struct Provider {
  std::string_view name_space;
  std::span<const ResourceType> types;
  bool can_be_unregistered = false;
};

constexpr std::array<Provider, 4> providers = {{
    {"Microsoft.Peering", peering_types, true},
    {"Microsoft.Authorization", authorization_types},
    {"Microsoft.Insights", insights_types},
    {"Microsoft.Resources", manager_types},
}};

// Display forms, each once.
std::set<std::string> regions(const Call& call) {
  const CatalogPointer catalog = call.services.catalog();
  std::set<std::string> out;
  for (const ServiceLocation& location : catalog->locations) {
    if (!location.azure_region.empty()) out.insert(location.azure_region);
  }
  return out;
}

// "West US 2" as "westus2".
std::string region_name(std::string_view display) {
  std::string out;
  for (const char c : display) {
    if (c != ' ') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

// Without a subscription (null) the provider as such, which is registered nowhere.
json::object shown_provider(const Call& call, const Provider& provider, const json::object* subscription) {
  json::array versions, locations, types;
  for (const std::string_view version : arm::api_versions(provider.name_space))
    versions.emplace_back(version);
  for (const std::string& region : regions(call)) locations.emplace_back(region);
  for (const ResourceType& type : provider.types) {
    types.push_back(json::object{{"resourceType", type.name},
                                 {"locations", type.tracked ? locations : json::array()},
                                 {"apiVersions", versions},
                                 {"defaultApiVersion", versions.front()},
                                 {"capabilities", type.tracked ? "SupportsTags, SupportsLocation" : "None"}});
  }
  json::object out;
  if (subscription) {
    out["id"] =
        fmt::format("/subscriptions/{}/providers/{}", call.parameter("subscriptionId"), provider.name_space);
  }
  out["namespace"] = provider.name_space;
  if (subscription) {
    const bool registered = is_registered(*subscription, provider.name_space);
    out["registrationState"] = registered ? "Registered" : "Unregistered";
    out["registrationPolicy"] = provider.can_be_unregistered ? "RegistrationRequired" : "RegistrationFree";
  }
  out["resourceTypes"] = std::move(types);
  return out;
}

arm::Expected<const Provider*> asked_provider(const Call& call) {
  const std::string& name = call.parameter("resourceProviderNamespace");
  const auto found = std::ranges::find_if(
      providers, [&](const Provider& each) { return arm::same_name(each.name_space, name); });
  if (found != providers.end()) return &*found;
  return arm::refuse(404, "InvalidResourceNamespace",
                     fmt::format("The resource namespace '{}' is invalid.", name));
}

// Nothing where the request is about no subscription.
arm::Expected<std::optional<Record>> asked_subscription(const Call& call) {
  if (!call.parameters.contains("subscriptionId")) return std::optional<Record>{};
  auto subscription = load_subscription(call);
  if (!subscription) return tl::unexpected(subscription.error());
  return std::optional(std::move(*subscription));
}

const json::object* document_of(const std::optional<Record>& record) {
  return record ? &record->document : nullptr;
}

// What must be gone before the provider can be; children have one of these above them.
arm::Expected<void> check_unused(const Call& call, const Record& subscription) {
  for (const std::string_view type : {peering_service_type, peering_type, peer_asn_type}) {
    const auto some = call.services.resources.list({std::string(type), subscription.stored.key + "/", "", 1});
    if (!some) return arm::failed(some.error());
    if (some->empty()) continue;
    return arm::refuse(409, "Conflict",
                       fmt::format("The resource provider 'Microsoft.Peering' cannot be unregistered while "
                                   "the subscription has resources of it, such as '{}'.",
                                   some->front().key));
  }
  return {};
}

arm::Answer change_registration(Call& call, bool wanted) {
  const auto provider = asked_provider(call);
  if (!provider) return tl::unexpected(provider.error());
  auto subscription = load_subscription(call);
  if (!subscription) return tl::unexpected(subscription.error());
  const std::string_view name = (*provider)->name_space;
  if (is_registered(subscription->document, name) != wanted) {
    if (!(*provider)->can_be_unregistered) {
      return arm::refuse(409, "Conflict",
                         fmt::format("The resource provider '{}' is always registered.", name));
    }
    const Attempt attempt{Permission::write, subscription->stored.key, subscription->stored.key,
                          model::lower(call.parameter("subscriptionId")),
                          fmt::format("{}/{}/action", name, wanted ? "register" : "unregister")};
    if (auto ok = authorize(call.caller, attempt); !ok) return tl::unexpected(ok.error());
    if (!wanted) {
      if (auto ok = check_unused(call, *subscription); !ok) return tl::unexpected(ok.error());
    }
    json::object document = subscription->document;
    set_registered(document, name, wanted);
    const Saving saving{subscription->stored.key, subscription_type, "", ""};
    if (auto saved = save(call, saving, document, *subscription); !saved) {
      return tl::unexpected(saved.error());
    }
    subscription->document = std::move(document);
  }
  return arm::json_response(200, shown_provider(call, **provider, &subscription->document));
}

}  // namespace

arm::Answer get_provider(Call& call) {
  const auto provider = asked_provider(call);
  if (!provider) return tl::unexpected(provider.error());
  const auto subscription = asked_subscription(call);
  if (!subscription) return tl::unexpected(subscription.error());
  return arm::json_response(200, shown_provider(call, **provider, document_of(*subscription)));
}

arm::Answer register_provider(Call& call) { return change_registration(call, true); }
arm::Answer unregister_provider(Call& call) { return change_registration(call, false); }

arm::Answer list_providers(Call& call) {
  const auto subscription = asked_subscription(call);
  if (!subscription) return tl::unexpected(subscription.error());
  json::array out;
  for (const Provider& each : providers) {
    out.push_back(shown_provider(call, each, document_of(*subscription)));
  }
  return list_values(call, out);
}

arm::Answer list_locations(Call& call) {
  json::array out;
  for (const std::string& region : regions(call)) {
    const std::string name = region_name(region);
    out.push_back(json::object{
        {"id", fmt::format("/subscriptions/{}/locations/{}", call.parameter("subscriptionId"), name)},
        {"name", name},
        {"type", "Region"},
        {"displayName", region},
        {"regionalDisplayName", region},
        {"metadata", json::object{{"regionType", "Physical"}, {"regionCategory", "Recommended"}}}});
  }
  return list_values(call, out);
}

arm::Answer list_tenants(Call& call) {
  const json::array out{json::object{{"id", fmt::format("/tenants/{}", tenant_id)},
                                     {"tenantId", tenant_id},
                                     {"displayName", "peeringd"},
                                     {"tenantCategory", "Home"}}};
  return list_values(call, out);
}

arm::Answer get_metadata_endpoints(Call& call) {
  const std::string version = call.query.get("api-version").value_or("");
  if (version.empty()) {
    return arm::refuse(400, "MissingApiVersionParameter",
                       "The api-version query parameter (?api-version=) is required for all requests.");
  }
  const std::string origin = arm::origin_of(call.request);
  json::object authentication{{"loginEndpoint", origin + "/adfs"},
                              {"audiences", json::array{origin, origin + "/"}}};
  if (version < list_of_clouds_version) {
    return arm::json_response(200, json::object{{"galleryEndpoint", origin},
                                                {"graphEndpoint", origin},
                                                {"portalEndpoint", origin},
                                                {"authentication", std::move(authentication)}});
  }
  authentication["tenant"] = "adfs";
  authentication["identityProvider"] = "ADFS";
  json::object cloud{{"name", "peeringd"},
                     {"portal", origin},
                     {"authentication", std::move(authentication)},
                     {"resourceManager", origin + "/"},
                     {"microsoftGraphResourceId", origin + "/"},
                     {"graphAudience", origin + "/"},
                     {"suffixes", json::object()}};
  if (version >= single_cloud_version) return arm::json_response(200, cloud);
  return arm::json_response(200, json::array{std::move(cloud)});
}

}  // namespace peering::api
