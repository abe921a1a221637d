// Metrics of what this server probes: connection monitor tests of a peering service, connectivity probes of a
// peering.
#pragma once

#include "api/metric_values.h"

namespace peering::api {

/// `RoundTripTime`, by ConnectionMonitorTestName.
arm::Expected<std::vector<MetricSeries>> round_trip_time(const Call& call, const Record& service,
                                                         const MetricsQuery& query);

/// `ConnectivityProbeAvailability`, `…Latency` and `…Jitter` (the mean difference of one round-trip time to
/// the next), by Protocol.
arm::Expected<std::vector<MetricSeries>> connectivity_probe(const Call& call, const Record& peering,
                                                            const MetricSpecification& metric,
                                                            const MetricsQuery& query);

}  // namespace peering::api
