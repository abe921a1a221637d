// Metrics of round-trip times: of a connection's prefixes, and of the prefixes whose customers use what a
// partner registered with a peering.
#pragma once

#include "api/metric_values.h"

namespace peering::api {

/// `PrefixLatency` of a peering service, by PrefixName.
arm::Expected<std::vector<MetricSeries>> prefix_latency(const Call& call, const Record& service,
                                                        const MetricsQuery& query);

/// `RegisteredPrefixLatency` and `AverageCustomerPrefixLatency` of a peering, by the name of what the partner
/// registered: of the customers' prefixes that carry its key. Only the partner's names are told.
arm::Expected<std::vector<MetricSeries>> customer_latency(const Call& call, const Record& peering,
                                                          const MetricSpecification& metric,
                                                          const MetricsQuery& query);

}  // namespace peering::api
