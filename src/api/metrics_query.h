// What a request for metrics asks for, read from its query as Azure Monitor's clients write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/arm/dimension_filter.h"
#include "api/arm/failure.h"
#include "api/arm/query.h"
#include "api/metric_specifications.h"
#include "base/time.h"

namespace peering::api {

/// What a point says of the values in it.
enum class Aggregation : std::uint8_t { average, count, minimum, maximum, total };
/// "average", as points name it.
std::string_view to_string(Aggregation aggregation);
/// Compared without case.
std::optional<Aggregation> parse_aggregation(std::string_view text);

/// The points of an answer: `count` of them, each `grain` wide, from `from` on.
struct MetricWindow {
  TimePoint from{}, to{};  ///< from inclusive, to exclusive
  Microseconds grain{};
  std::size_t count = 0;

  /// The point that holds `at`, which is before `to`; what is before `from` belongs to the first.
  std::size_t point_of(TimePoint at) const {
    return at <= from ? 0 : static_cast<std::size_t>((at - from) / grain);
  }
};

/// Checked and complete.
struct MetricsQuery {
  std::vector<const MetricSpecification*> metrics;
  MetricWindow window;
  std::string timespan_text;  ///< "start/end"
  std::string interval_text;
  std::vector<Aggregation> aggregations;  ///< empty: each metric's own
  std::vector<arm::DimensionCondition> conditions;
  std::vector<std::string> split_by;  ///< dimensions of which each value is a series of its own
  std::size_t top = 10;               ///< series at most, where they are split
  std::optional<Aggregation> order_by;
  bool descending = false;
  bool metadata_only = false;  ///< no points
};

inline constexpr std::size_t metric_points_max = 10000;
inline constexpr std::size_t metric_top_max = 1000;

/// `type`: of the resource, as the store lists it; `name_space`: the same as clients write it
/// ("Microsoft.Peering/peerings"). 400 `BadRequest` names the parameter, its value and the rule.
arm::Expected<MetricsQuery> read_metrics_query(const arm::Query& query, std::string_view type,
                                               std::string_view name_space, TimePoint now);

}  // namespace peering::api
