// The values of a resource's metrics, from what is stored and measured. A gap is a gap, never zero.
//
// Latencies are averages of hourly medians, as Azure Monitor has them: the samples of a prefix in an hour, of
// all PoPs and sources, give one value. Samples that clients' own connections gave (srtt, handshake, quic)
// come first; only an hour that has none of them is answered by min, icmp and stamp.
// Of traffic nothing is measured here: its metrics are known and have no values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api/call.h"
#include "api/metrics_query.h"

namespace peering::api {

/// The values in one point.
struct MetricCell {
  double sum = 0, minimum = 0, maximum = 0;
  std::uint64_t count = 0;

  void add(double value) { merge({value, value, value, 1}); }
  void merge(const MetricCell& other);
  /// Only of a cell that is not empty.
  double value(Aggregation aggregation) const;
};

/// The points of one combination of dimensions' values; what is not there has no values.
struct MetricSeries {
  std::vector<std::string> dimensions;  ///< values, in the order of the specification
  std::map<std::size_t, MetricCell> cells;
};

/// Most prefixes of customers that one request reads.
inline constexpr std::size_t metric_prefixes_max = 1000;

/// Values of a metric of the resource, by all its dimensions, of series that the query's conditions allow.
/// 400 `BadRequest` when more than `metric_prefixes_max` prefixes are in question.
arm::Expected<std::vector<MetricSeries>> metric_values(const Call& call, const Record& resource,
                                                       const MetricSpecification& metric,
                                                       const MetricsQuery& query);

}  // namespace peering::api
