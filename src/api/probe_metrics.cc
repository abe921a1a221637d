#include "api/probe_metrics.h"

#include <cmath>

#include "api/documents.h"

namespace peering::api {

namespace {

bool allowed(const MetricsQuery& query, std::string_view value) {
  return std::ranges::all_of(query.conditions,
                             [&](const arm::DimensionCondition& each) { return each.allows(value); });
}

std::vector<model::TestResult> results_of(const Call& call, const Record& owner, std::string_view name,
                                          const MetricsQuery& query) {
  if (!call.services.test_results) return {};
  return call.services.test_results(owner.document.at("id").as_string(), name, query.window.from,
                                    query.window.to);
}

double milliseconds(std::int64_t us) { return static_cast<double>(us) / 1000; }

void add_round_trips(const std::vector<model::TestResult>& results, const MetricWindow& window,
                     MetricSeries& out) {
  for (const model::TestResult& each : results) {
    if (each.rtt_us) out.cells[window.point_of(each.at)].add(milliseconds(*each.rtt_us));
  }
}

void add_availability(const std::vector<model::TestResult>& results, const MetricWindow& window,
                      MetricSeries& out) {
  for (const model::TestResult& each : results) {
    out.cells[window.point_of(each.at)].add(each.rtt_us ? 100 : 0);
  }
}

void add_jitter(const std::vector<model::TestResult>& results, const MetricWindow& window,
                MetricSeries& out) {
  std::optional<std::int64_t> before;
  for (const model::TestResult& each : results) {
    if (before && each.rtt_us) {
      out.cells[window.point_of(each.at)].add(std::abs(milliseconds(*each.rtt_us - *before)));
    }
    before = each.rtt_us;
  }
}

}  // namespace

arm::Expected<std::vector<MetricSeries>> round_trip_time(const Call& call, const Record& service,
                                                         const MetricsQuery& query) {
  const auto tests =
      load_all(call, connection_monitor_test_type, service.stored.key + "/", metric_prefixes_max);
  if (!tests) return tl::unexpected(tests.error());
  std::vector<MetricSeries> out;
  for (const Record& test : *tests) {
    MetricSeries series{{find_string(test.document, "name").value_or("")}, {}};
    if (!allowed(query, series.dimensions.front())) continue;
    add_round_trips(results_of(call, service, series.dimensions.front(), query), query.window, series);
    out.push_back(std::move(series));
  }
  return out;
}

arm::Expected<std::vector<MetricSeries>> connectivity_probe(const Call& call, const Record& peering,
                                                            const MetricSpecification& metric,
                                                            const MetricsQuery& query) {
  std::vector<MetricSeries> out;
  for (const std::string_view protocol : {"ICMP", "TCP"}) {
    if (!allowed(query, protocol)) continue;
    const auto results = results_of(call, peering, protocol, query);
    if (results.empty()) continue;
    MetricSeries series{{std::string(protocol)}, {}};
    if (metric.name == "ConnectivityProbeAvailability") {
      add_availability(results, query.window, series);
    } else if (metric.name == "ConnectivityProbeJitter") {
      add_jitter(results, query.window, series);
    } else {
      add_round_trips(results, query.window, series);
    }
    out.push_back(std::move(series));
  }
  return out;
}

}  // namespace peering::api
