// What customers choose from.
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

}  // namespace peering::api
