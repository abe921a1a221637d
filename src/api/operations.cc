// The provider's operations, and which metrics its resources have.
#include <array>
#include <span>

#include "api/documents.h"
#include "api/handlers.h"
#include "api/metric_specifications.h"

namespace peering::api {

namespace {

struct Operation {
  std::string_view name, resource, operation, description;
};

constexpr std::array<Operation, 27> operations = {{
    {"register/action", "Peering Resource Provider", "Registers the Peering Resource Provider",
     "Registers the subscription for the Peering Resource Provider and enables the creation of peerings"},
    {"peerAsns/write", "peerAsns", "Write PeerAsn", "Write any peerAsns"},
    {"peerAsns/read", "peerAsns", "Read PeerAsn", "Read any peerAsns"},
    {"peerAsns/delete", "peerAsns", "Delete PeerAsn", "Delete any peerAsns"},
    {"peeringLocations/read", "peeringLocations", "Read PeeringLocation", "Read any peeringLocations"},
    {"legacyPeerings/read", "legacyPeerings", "Read LegacyPeering", "Read any legacyPeerings"},
    {"peerings/write", "peerings", "Write Peering", "Write any peerings"},
    {"peerings/read", "peerings", "Read Peering", "Read any peerings"},
    {"peerings/delete", "peerings", "Delete Peering", "Delete any peerings"},
    {"peeringServiceLocations/read", "peeringServiceLocations", "Read PeeringServiceLocations",
     "Read any peeringServiceLocations"},
    {"peeringServiceProviders/read", "peeringServiceProviders", "Read PeeringServiceProviders",
     "Read any peeringServiceProviders"},
    {"peeringServices/read", "peeringServices", "Read PeeringServices", "Read any peeringServices"},
    {"peeringServices/write", "peeringServices", "Write PeeringService", "Write any peeringServices"},
    {"peeringServices/delete", "peeringServices", "Delete PeeringServices", "Delete any peeringServices"},
    {"peeringServices/prefixes/read", "prefixes", "Read PeeringServicePrefixes", "Read any prefixes"},
    {"peeringServices/prefixes/write", "prefixes", "Write PeeringServicePrefixes", "Write any prefixes"},
    {"peeringServices/prefixes/delete", "prefixes", "Delete PeeringServicePrefixes", "Delete any prefixes"},
    {"peerings/registeredPrefixes/read", "registeredPrefixes", "Read RegisteredPrefixes",
     "Read any registeredPrefixes"},
    {"peerings/registeredPrefixes/write", "registeredPrefixes", "Write RegisteredPrefixes",
     "Write any registeredPrefixes"},
    {"peerings/registeredPrefixes/delete", "registeredPrefixes", "Delete RegisteredPrefixes",
     "Delete any registeredPrefixes"},
    {"peerings/registeredAsns/read", "registeredAsns", "Read RegisteredAsns", "Read any registeredAsns"},
    {"peerings/registeredAsns/write", "registeredAsns", "Write RegisteredAsns", "Write any registeredAsns"},
    {"peerings/registeredAsns/delete", "registeredAsns", "Delete RegisteredAsns",
     "Delete any registeredAsns"},
    {"peerings/receivedRoutes/read", "receivedRoutes", "Read PeeringReceivedRoutes",
     "Read any receivedRoutes"},
    {"peeringServices/connectionMonitorTests/read", "connectionMonitorTests",
     "Read Peering Service Connection Monitor Tests", "Read any Peering Service Connection Monitor Tests"},
    {"peeringServices/connectionMonitorTests/write", "connectionMonitorTests",
     "Write Peering Service Connection Monitor Tests", "Write any connectionMonitorTests"},
    {"peeringServices/connectionMonitorTests/delete", "connectionMonitorTests",
     "Delete Peering Service Connection Monitor Tests",
     "Delete any Peering Service Connection Monitor Tests"},
}};

// The operation that reads a type carries the metrics of the type.
std::span<const MetricSpecification> metrics_of(std::string_view operation) {
  if (operation == "peerings/read") return metric_specifications(peering_type);
  if (operation == "peeringServices/read") return metric_specifications(peering_service_type);
  return {};
}

json::object shown_metric(const MetricSpecification& metric) {
  json::array grains, dimensions;
  for (const std::string_view grain : metric.grains) {
    if (!grain.empty()) grains.emplace_back(grain);
  }
  for (const std::string_view name : metric.dimensions) {
    if (!name.empty()) dimensions.push_back(json::object{{"name", name}, {"displayName", name}});
  }
  return json::object{{"name", metric.name},
                      {"displayName", metric.display},
                      {"displayDescription", metric.description},
                      {"unit", metric.unit},
                      {"aggregationType", metric.aggregation},
                      {"supportedTimeGrainTypes", std::move(grains)},
                      {"dimensions", std::move(dimensions)}};
}

json::object shown_operation(const Operation& operation) {
  json::object out{{"name", fmt::format("Microsoft.Peering/{}", operation.name)},
                   {"display", json::object{{"provider", "Microsoft.Peering"},
                                            {"resource", operation.resource},
                                            {"operation", operation.operation},
                                            {"description", operation.description}}},
                   {"isDataAction", false}};
  json::array metrics;
  for (const MetricSpecification& metric : metrics_of(operation.name))
    metrics.push_back(shown_metric(metric));
  if (metrics.empty()) return out;
  json::object specification{{"metricSpecifications", std::move(metrics)}};
  out["properties"] = json::object{{"serviceSpecification", std::move(specification)}};
  return out;
}

}  // namespace

arm::Answer list_operations(Call& call) {
  json::array out;
  for (const Operation& operation : operations) out.push_back(shown_operation(operation));
  return list_values(call, out);
}

}  // namespace peering::api
