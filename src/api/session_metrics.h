// Metrics of a peering's BGP sessions, from the history of what the routers told of them.
#pragma once

#include "api/metric_values.h"

namespace peering::api {

/// `SessionAvailability`, `SessionAvailabilityV4`, `SessionAvailabilityV6` and `FlapCounts`. Time of which
/// nothing is known counts neither way; a point without any known time has no value.
arm::Expected<std::vector<MetricSeries>> session_metric(const Call& call, const Record& peering,
                                                        const MetricSpecification& metric,
                                                        const MetricsQuery& query);

}  // namespace peering::api
