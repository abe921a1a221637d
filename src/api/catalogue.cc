// What customers choose from, and the provider's operations.
#include <array>

#include "api/arm/names.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

// An entry of a catalogue list: an ARM resource of the subscription.
json::object entry(const Call& call, std::string_view type, std::string_view name) {
  return json::object{{"name", name},
                      {"id", fmt::format("/subscriptions/{}/providers/Microsoft.Peering/{}/{}",
                                         call.parameter("subscriptionId"), type, name)},
                      {"type", fmt::format("Microsoft.Peering/{}", type)}};
}

struct Operation {
  std::string_view name, resource, operation, description;
};

constexpr std::array<Operation, 27> operations = {{
    {"register/action", "Microsoft.Peering", "Register", "Registers the peering provider"},
    {"peerAsns/write", "Peer ASN", "Create or update", "Creates or updates a peer ASN"},
    {"peerAsns/read", "Peer ASN", "Read", "Reads peer ASNs"},
    {"peerAsns/delete", "Peer ASN", "Delete", "Deletes a peer ASN"},
    {"peeringLocations/read", "Peering location", "Read", "Reads peering locations"},
    {"legacyPeerings/read", "Legacy peering", "Read", "Reads legacy peerings"},
    {"peerings/write", "Peering", "Create or update", "Creates or updates a peering"},
    {"peerings/read", "Peering", "Read", "Reads peerings"},
    {"peerings/delete", "Peering", "Delete", "Deletes a peering"},
    {"peeringServiceLocations/read", "Peering service location", "Read", "Reads service locations"},
    {"peeringServiceProviders/read", "Peering service provider", "Read", "Reads service providers"},
    {"peeringServices/read", "Peering service", "Read", "Reads peering services"},
    {"peeringServices/write", "Peering service", "Create or update", "Creates or updates a peering service"},
    {"peeringServices/delete", "Peering service", "Delete", "Deletes a peering service"},
    {"peeringServices/prefixes/read", "Peering service prefix", "Read", "Reads prefixes"},
    {"peeringServices/prefixes/write", "Peering service prefix", "Create or update", "Registers a prefix"},
    {"peeringServices/prefixes/delete", "Peering service prefix", "Delete", "Deletes a prefix"},
    {"peerings/registeredPrefixes/read", "Registered prefix", "Read", "Reads registered prefixes"},
    {"peerings/registeredPrefixes/write", "Registered prefix", "Create or update", "Registers a prefix"},
    {"peerings/registeredPrefixes/delete", "Registered prefix", "Delete", "Deletes a registered prefix"},
    {"peerings/registeredAsns/read", "Registered ASN", "Read", "Reads registered ASNs"},
    {"peerings/registeredAsns/write", "Registered ASN", "Create or update", "Registers an ASN"},
    {"peerings/registeredAsns/delete", "Registered ASN", "Delete", "Deletes a registered ASN"},
    {"peerings/receivedRoutes/read", "Received route", "Read", "Reads received routes"},
    {"peeringServices/connectionMonitorTests/read", "Connection monitor test", "Read", "Reads tests"},
    {"peeringServices/connectionMonitorTests/write", "Connection monitor test", "Create or update",
     "Creates or updates a test"},
    {"peeringServices/connectionMonitorTests/delete", "Connection monitor test", "Delete", "Deletes a test"},
}};

}  // namespace

arm::Answer list_service_countries(Call& call) {
  const CatalogPointer catalog = call.services.catalog();
  json::array out;
  for (const std::string& country : catalog->countries) {
    out.push_back(entry(call, "peeringServiceCountries", country));
  }
  return list_values(call, out);
}

arm::Answer list_service_locations(Call& call) {
  const auto country = call.query.get("country");
  const CatalogPointer catalog = call.services.catalog();
  json::array out;
  for (const ServiceLocation& location : catalog->locations) {
    if (country && !country->empty() && !arm::same_name(location.country, *country)) continue;
    json::object properties{{"country", location.country}, {"state", location.state}};
    if (!location.azure_region.empty()) properties["azureRegion"] = location.azure_region;
    json::object item{{"properties", std::move(properties)}};
    for (auto& member : entry(call, "peeringServiceLocations", location.state)) {
      item.insert_or_assign(member.key(), member.value());
    }
    out.push_back(std::move(item));
  }
  return list_values(call, out);
}

arm::Answer list_service_providers(Call& call) {
  const CatalogPointer catalog = call.services.catalog();
  json::array out;
  for (const ServiceProvider& provider : catalog->providers) {
    json::array metros;
    for (const std::string& metro : provider.metros) metros.emplace_back(metro);
    json::object item{{"properties", json::object{{"serviceProviderName", provider.name},
                                                  {"peeringLocations", std::move(metros)}}}};
    for (auto& member : entry(call, "peeringServiceProviders", provider.name)) {
      item.insert_or_assign(member.key(), member.value());
    }
    out.push_back(std::move(item));
  }
  return list_values(call, out);
}

arm::Answer list_operations(Call& call) {
  json::array out;
  for (const Operation& each : operations) {
    out.push_back(json::object{{"name", fmt::format("Microsoft.Peering/{}", each.name)},
                               {"display", json::object{{"provider", "Microsoft.Peering"},
                                                        {"resource", each.resource},
                                                        {"operation", each.operation},
                                                        {"description", each.description}}},
                               {"isDataAction", false}});
  }
  return list_values(call, out);
}

}  // namespace peering::api
