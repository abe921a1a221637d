// What customers choose from.
#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/catalogue_entry.h"
#include "api/handlers.h"

namespace peering::api {

json::object catalogue_entry(const Call& call, std::string_view type, std::string_view name,
                             json::object properties) {
  json::object out;
  if (!properties.empty()) out["properties"] = std::move(properties);
  out["name"] = name;
  out["id"] = fmt::format("/subscriptions/{}/providers/Microsoft.Peering/{}/{}",
                          call.parameter("subscriptionId"), type, name);
  out["type"] = fmt::format("Microsoft.Peering/{}", type);
  return out;
}

arm::Answer list_service_countries(Call& call) {
  const CatalogPointer catalog = call.services.catalog();
  json::array out;
  for (const std::string& country : catalog->countries) {
    out.push_back(catalogue_entry(call, "peeringServiceCountries", country, {}));
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
    out.push_back(catalogue_entry(call, "peeringServiceLocations", location.state, std::move(properties)));
  }
  return list_values(call, out);
}

arm::Answer list_service_providers(Call& call) {
  const CatalogPointer catalog = call.services.catalog();
  json::array out;
  for (const ServiceProvider& provider : catalog->providers) {
    json::array metros;
    for (const std::string& metro : provider.metros) metros.emplace_back(metro);
    json::object properties{{"serviceProviderName", provider.name}, {"peeringLocations", std::move(metros)}};
    out.push_back(catalogue_entry(call, "peeringServiceProviders", provider.name, std::move(properties)));
  }
  return list_values(call, out);
}

arm::Answer check_service_provider_availability(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto location = arm::required_text(*body, "peeringServiceLocation", "peeringServiceLocation", 256);
  if (!location) return tl::unexpected(location.error());
  const auto provider = arm::required_text(*body, "peeringServiceProvider", "peeringServiceProvider", 256);
  if (!provider) return tl::unexpected(provider.error());
  const bool near = call.services.catalog()->is_near(*location, *provider);
  return arm::json_response(200, json::value(near ? "Available" : "Unavailable"));
}

}  // namespace peering::api
