#include "api/metric_values.h"

#include "api/latency_metrics.h"
#include "api/probe_metrics.h"
#include "api/session_metrics.h"

namespace peering::api {

void MetricCell::merge(const MetricCell& other) {
  if (other.count == 0) return;
  minimum = count == 0 ? other.minimum : std::min(minimum, other.minimum);
  maximum = count == 0 ? other.maximum : std::max(maximum, other.maximum);
  sum += other.sum;
  count += other.count;
}

double MetricCell::value(Aggregation aggregation) const {
  switch (aggregation) {
    case Aggregation::count:
      return static_cast<double>(count);
    case Aggregation::minimum:
      return minimum;
    case Aggregation::maximum:
      return maximum;
    case Aggregation::total:
      return sum;
    default:
      return sum / static_cast<double>(count);
  }
}

arm::Expected<std::vector<MetricSeries>> metric_values(const Call& call, const Record& resource,
                                                       const MetricSpecification& metric,
                                                       const MetricsQuery& query) {
  if (metric.name == "PrefixLatency") return prefix_latency(call, resource, query);
  if (metric.name == "RegisteredPrefixLatency" || metric.name == "AverageCustomerPrefixLatency") {
    return customer_latency(call, resource, metric, query);
  }
  if (metric.name == "RoundTripTime") return round_trip_time(call, resource, query);
  if (metric.name.starts_with("ConnectivityProbe")) return connectivity_probe(call, resource, metric, query);
  if (metric.name.starts_with("SessionAvailability") || metric.name == "FlapCounts") {
    return session_metric(call, resource, metric, query);
  }
  return std::vector<MetricSeries>{};
}

}  // namespace peering::api
