// Microsoft.Insights on peerings and peering services: metrics, metricDefinitions, metricNamespaces.
#include <algorithm>
#include <set>

#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/metric_values.h"
#include "api/metrics_query.h"

namespace peering::api {

namespace {

// The resource that the path is about, and what its metrics are called.
struct Measured {
  Record resource;
  std::string id;
  std::string_view type;        // as the store lists it
  std::string_view name_space;  // as clients write it
};

arm::Expected<Measured> measured(const Call& call) {
  const std::size_t end = call.key.rfind("/providers/microsoft.insights/");
  auto resource = load(call, call.key.substr(0, end));
  if (!resource) return tl::unexpected(resource.error());
  if (!*resource) return not_found(std::string_view(call.path).substr(0, end));
  Measured out{std::move(**resource), {}, {}, {}};
  out.id = find_string(out.resource.document, "id").value_or("");
  const bool peering = out.resource.stored.type == peering_type;
  out.type = peering ? peering_type : peering_service_type;
  out.name_space = peering ? "Microsoft.Peering/peerings" : "Microsoft.Peering/peeringServices";
  return out;
}

json::object localized(std::string_view value, std::string_view shown) {
  return json::object{{"value", value}, {"localizedValue", shown}};
}

json::array texts(const MetricTexts& from, const std::function<json::value(std::string_view)>& make) {
  json::array out;
  for (const std::string_view each : from) {
    if (!each.empty()) out.push_back(make(each));
  }
  return out;
}

// Azure Monitor spells one unit otherwise than the providers that declare it.
std::string_view monitor_unit(std::string_view declared) {
  return declared == "Milliseconds" ? std::string_view("MilliSeconds") : declared;
}

json::object shown_definition(const Measured& of, const MetricSpecification& metric) {
  const auto grain = [](std::string_view text) {
    return json::object{{"timeGrain", text}, {"retention", "P93D"}};
  };
  const auto dimension = [](std::string_view text) { return localized(text, text); };
  return json::object{
      {"id", fmt::format("{}/providers/microsoft.insights/metricdefinitions/{}", of.id, metric.name)},
      {"resourceId", of.id},
      {"namespace", of.name_space},
      {"name", localized(metric.name, metric.display)},
      {"displayDescription", metric.description},
      {"isDimensionRequired", false},
      {"unit", monitor_unit(metric.unit)},
      {"primaryAggregationType", metric.aggregation},
      {"supportedAggregationTypes", json::array{"None", "Average", "Minimum", "Maximum", "Total", "Count"}},
      {"metricAvailabilities", texts(metric.grains, grain)},
      {"dimensions", texts(metric.dimensions, dimension)}};
}

// Series by the values of the dimensions that the answer is split by.
using SplitSeries = std::map<std::vector<std::string>, std::map<std::size_t, MetricCell>>;

SplitSeries split(const MetricSpecification& metric, const MetricsQuery& query,
                  const std::vector<MetricSeries>& all) {
  SplitSeries out;
  for (const MetricSeries& series : all) {
    std::vector<std::string> values;
    for (const std::string& name : query.split_by) {
      const auto place = std::ranges::find_if(
          metric.dimensions, [&](std::string_view each) { return arm::same_name(each, name); });
      values.push_back(series.dimensions[static_cast<std::size_t>(place - metric.dimensions.begin())]);
    }
    auto& cells = out[std::move(values)];
    for (const auto& [index, cell] : series.cells) cells[index].merge(cell);
  }
  return out;
}

MetricCell whole_of(const std::map<std::size_t, MetricCell>& cells) {
  MetricCell out;
  for (const auto& [index, cell] : cells) out.merge(cell);
  return out;
}

// The series in the order asked for, those without any value last, no more than asked for.
std::vector<SplitSeries::const_iterator> ranked(const SplitSeries& all, const MetricsQuery& query) {
  std::vector<SplitSeries::const_iterator> out;
  for (auto each = all.begin(); each != all.end(); ++each) out.push_back(each);
  if (query.order_by) {
    const auto rank = [&](SplitSeries::const_iterator each) {
      const MetricCell whole = whole_of(each->second);
      const double value = whole.count == 0 ? 0 : whole.value(*query.order_by);
      return std::pair(whole.count == 0, query.descending ? -value : value);
    };
    std::ranges::stable_sort(out, {}, rank);
  }
  if (out.size() > query.top) out.resize(query.top);
  return out;
}

Aggregation usual_aggregation(const MetricSpecification& metric) {
  return parse_aggregation(metric.aggregation).value_or(Aggregation::average);
}

json::array shown_points(const MetricSpecification& metric, const MetricsQuery& query,
                         const std::map<std::size_t, MetricCell>& cells) {
  std::vector<Aggregation> aggregations = query.aggregations;
  if (aggregations.empty()) aggregations.push_back(usual_aggregation(metric));
  json::array out;
  for (std::size_t index = 0; index < query.window.count; ++index) {
    const TimePoint at = query.window.from + static_cast<std::int64_t>(index) * query.window.grain;
    json::object point{{"timeStamp", format_rfc3339(at)}};
    if (const auto cell = cells.find(index); cell != cells.end()) {
      for (const Aggregation each : aggregations) point[to_string(each)] = cell->second.value(each);
    }
    out.push_back(std::move(point));
  }
  return out;
}

json::object shown_series(const MetricSpecification& metric, const MetricsQuery& query,
                          const SplitSeries::value_type& series) {
  json::array names;
  for (std::size_t i = 0; i < query.split_by.size(); ++i) {
    const std::string name = model::lower(query.split_by[i]);
    names.push_back(json::object{{"name", localized(name, name)}, {"value", series.first[i]}});
  }
  json::object out{{"metadatavalues", std::move(names)}};
  if (!query.metadata_only) out["data"] = shown_points(metric, query, series.second);
  return out;
}

arm::Expected<json::object> shown_metric(const Call& call, const Measured& of,
                                         const MetricSpecification& metric, const MetricsQuery& query) {
  const auto values = metric_values(call, of.resource, metric, query);
  if (!values) return tl::unexpected(values.error());
  json::array series;
  const SplitSeries by_value = split(metric, query, *values);
  for (const auto& each : ranked(by_value, query)) series.push_back(shown_series(metric, query, *each));
  return json::object{{"id", fmt::format("{}/providers/Microsoft.Insights/metrics/{}", of.id, metric.name)},
                      {"type", "Microsoft.Insights/metrics"},
                      {"name", localized(metric.name, metric.display)},
                      {"displayDescription", metric.description},
                      {"unit", monitor_unit(metric.unit)},
                      {"timeseries", std::move(series)},
                      {"errorCode", "Success"}};
}

}  // namespace

arm::Answer list_metrics(Call& call) {
  const auto of = measured(call);
  if (!of) return tl::unexpected(of.error());
  const auto query = read_metrics_query(call.query, of->type, of->name_space, call.at);
  if (!query) return tl::unexpected(query.error());
  json::array metrics;
  for (const MetricSpecification* each : query->metrics) {
    auto shown = shown_metric(call, *of, *each, *query);
    if (!shown) return tl::unexpected(shown.error());
    metrics.push_back(std::move(*shown));
  }
  return arm::json_response(
      200, json::object{{"cost", query->window.count * query->metrics.size()},
                        {"timespan", query->timespan_text},
                        {"interval", query->interval_text},
                        {"value", std::move(metrics)},
                        {"namespace", of->name_space},
                        {"resourceregion", find_string(of->resource.document, "location").value_or("")}});
}

arm::Answer list_metric_definitions(Call& call) {
  const auto of = measured(call);
  if (!of) return tl::unexpected(of.error());
  const std::string asked = call.query.get("metricnamespace").value_or("");
  if (!asked.empty() && !arm::same_name(asked, of->name_space)) {
    return arm::refuse(400, "BadRequest", invalid("metricnamespace", asked, of->name_space).message);
  }
  json::array out;
  for (const MetricSpecification& each : metric_specifications(of->type)) {
    out.push_back(shown_definition(*of, each));
  }
  return arm::json_response(200, json::object{{"value", std::move(out)}});
}

arm::Answer list_metric_namespaces(Call& call) {
  const auto of = measured(call);
  if (!of) return tl::unexpected(of.error());
  std::string name(of->name_space);
  std::ranges::replace(name, '/', '-');
  json::object one{{"id", fmt::format("{}/providers/microsoft.insights/metricNamespaces/{}", of->id, name)},
                   {"type", "Microsoft.Insights/metricNamespaces"},
                   {"name", name},
                   {"classification", "Platform"},
                   {"properties", json::object{{"metricNamespaceName", of->name_space}}}};
  return arm::json_response(200, json::object{{"value", json::array{std::move(one)}}});
}

}  // namespace peering::api
