// What a latency report is asked for, read from the query of a request (INTERFACES section 7).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/arm/failure.h"
#include "api/arm/query.h"
#include "base/time.h"

namespace peering::api {

/// Checked and complete: what was not asked for has its default.
struct LatencyQuery {
  TimePoint from, to;  ///< from inclusive, to exclusive
  Microseconds interval{};
  std::string timespan_text, interval_text;  ///< as served back
  std::optional<std::string> pop;
  bool by_pop = true, by_kind = true, by_source = false;
  std::vector<double> percentiles{50, 90, 95, 99};  ///< above 0, below or equal to 100, ascending
  bool csv = false;
};

inline constexpr std::size_t latency_points_max = 10000;

/// `now` ends a timespan that is a duration. 400 names the parameter, its value and the rule.
arm::Expected<LatencyQuery> read_latency_query(const arm::Query& query, TimePoint now);

}  // namespace peering::api
