// What clients of Azure Resource Manager ask before they come to a resource: providers and their versions,
// regions, tenants, and where everything is.
#include <array>
#include <cctype>
#include <set>

#include "api/arm/api_version.h"
#include "api/documents.h"
#include "api/handlers.h"

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

constexpr std::array<ResourceType, 15> resource_types = {{
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

json::object registration(const Call& call) {
  json::array versions, locations, types;
  for (const std::string_view version : arm::api_versions("Microsoft.Peering"))
    versions.emplace_back(version);
  for (const std::string& region : regions(call)) locations.emplace_back(region);
  for (const ResourceType& type : resource_types) {
    types.push_back(json::object{{"resourceType", type.name},
                                 {"locations", type.tracked ? locations : json::array()},
                                 {"apiVersions", versions},
                                 {"defaultApiVersion", versions.front()},
                                 {"capabilities", type.tracked ? "SupportsTags, SupportsLocation" : "None"}});
  }
  return json::object{
      {"id", fmt::format("/subscriptions/{}/providers/Microsoft.Peering", call.parameter("subscriptionId"))},
      {"namespace", "Microsoft.Peering"},
      {"registrationState", "Registered"},
      {"registrationPolicy", "RegistrationFree"},
      {"resourceTypes", std::move(types)}};
}

}  // namespace

arm::Answer get_provider_registration(Call& call) { return arm::json_response(200, registration(call)); }

arm::Answer list_providers(Call& call) { return list_values(call, json::array{registration(call)}); }

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
