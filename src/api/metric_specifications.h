// The metrics of peerings and peering services, under the names and units that Azure Monitor has for them
// ("Supported metrics for Microsoft.Peering/peerings" and "…/peeringServices").
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace peering::api {

/// Up to eight; what is empty is not there.
using MetricTexts = std::array<std::string_view, 8>;

/// One metric of a type of resource.
struct MetricSpecification {
  std::string_view name, display, description;
  std::string_view unit;         ///< "Milliseconds", "Percent", "Count" or "BitsPerSecond"
  std::string_view aggregation;  ///< that is meant when none is asked for: "Average" or "Total"
  MetricTexts grains;            ///< widths that points can have, ISO 8601 durations, the smallest first
  MetricTexts dimensions;
};

/// Metrics of a type of resource as the store lists it (`documents.h`); empty: it has none.
std::span<const MetricSpecification> metric_specifications(std::string_view type);

}  // namespace peering::api
