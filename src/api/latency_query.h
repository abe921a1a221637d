// What a latency report is asked for, read from the query of a request.
#pragma once

#include "api/arm/failure.h"
#include "api/arm/query.h"
#include "base/time.h"
#include "latency/report.h"

namespace peering::api {

/// Checked and complete: what was not asked for has its default. `report.resource_id` is left empty.
struct LatencyQuery {
  latency::ReportQuery report;
  bool csv = false;
};

inline constexpr std::size_t latency_points_max = 10000;

/// `now` ends a timespan that is a duration. 400 names the parameter, its value and the rule.
arm::Expected<LatencyQuery> read_latency_query(const arm::Query& query, TimePoint now);

/// Only from when to when, as `timespan` says or `otherwise` where it is absent; the rest is left as it is.
arm::Expected<latency::ReportQuery> read_latency_span(const arm::Query& query, std::string_view otherwise,
                                                      TimePoint now);

}  // namespace peering::api
