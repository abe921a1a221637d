#include "api/latency_metrics.h"

#include "api/documents.h"

namespace peering::api {

namespace {

constexpr Microseconds median_window = std::chrono::hours(1);

bool is_of_connections(model::SampleKind kind) {
  return kind == model::SampleKind::srtt || kind == model::SampleKind::handshake ||
         kind == model::SampleKind::quic;
}

struct Hour {
  sketch::LatencySketch connections, others;
};

bool allowed(const MetricsQuery& query, std::string_view dimension_value) {
  return std::ranges::all_of(
      query.conditions, [&](const arm::DimensionCondition& each) { return each.allows(dimension_value); });
}

// Adds the medians of one prefix, in milliseconds.
arm::Expected<void> add_medians(const Call& call, const std::string& prefix_key, const MetricsQuery& query,
                                MetricSeries& out) {
  const MetricWindow& window = query.window;
  const Microseconds width = std::min(median_window, window.grain);
  const bool whole = model::round_down(window.from, width) == window.from;
  const auto bins = call.services.latency_bins(
      {prefix_key, latency::bin_start(window.from), window.to, whole ? width : latency::bin_width});
  if (!bins) return arm::failed(bins.error());
  std::map<std::int64_t, Hour> hours;
  for (const latency::SeriesBin& bin : *bins) {
    const Microseconds since = std::max(bin.start - window.from, Microseconds(0));
    Hour& hour = hours[since / width];
    (is_of_connections(bin.series->kind) ? hour.connections : hour.others).merge(bin.sketch);
  }
  for (const auto& [index, hour] : hours) {
    const sketch::LatencySketch& sketch = hour.connections.empty() ? hour.others : hour.connections;
    if (sketch.empty()) continue;
    out.cells[window.point_of(window.from + index * width)].add(sketch.quantile(0.5) / 1000);
  }
  return {};
}

tl::unexpected<arm::Failure> too_many() {
  return arm::refuse(400, "BadRequest",
                     invalid("$filter", "",
                             "names values of the dimension, as more than 1000 prefixes are in "
                             "question")
                         .message);
}

std::string name_of(const Record& record) { return find_string(record.document, "name").value_or(""); }

// Customers' prefixes by the key that they carry, of the keys in question.
arm::Expected<std::map<std::string, std::vector<std::string>>> prefixes_by_key(
    const Call& call, const std::map<std::string, std::string>& names_by_key) {
  std::map<std::string, std::vector<std::string>> out;
  if (names_by_key.empty()) return out;
  std::size_t count = 0;
  const model::RegistryPointer registry = call.services.registry();
  for (const auto& [resource, prefix] : registry->prefixes) {
    if (prefix->key.empty() || !names_by_key.contains(prefix->key)) continue;
    if (++count > metric_prefixes_max) return too_many();
    out[prefix->key].push_back(model::lower(resource.id()));
  }
  return out;
}

}  // namespace

arm::Expected<std::vector<MetricSeries>> prefix_latency(const Call& call, const Record& service,
                                                        const MetricsQuery& query) {
  const auto prefixes = load_all(call, prefix_type, service.stored.key + "/", metric_prefixes_max + 1);
  if (!prefixes) return tl::unexpected(prefixes.error());
  std::vector<MetricSeries> out;
  for (const Record& prefix : *prefixes) {
    MetricSeries series{{name_of(prefix)}, {}};
    if (!allowed(query, series.dimensions.front())) continue;
    if (out.size() == metric_prefixes_max) return too_many();
    if (auto ok = add_medians(call, prefix.stored.key, query, series); !ok) return tl::unexpected(ok.error());
    out.push_back(std::move(series));
  }
  return out;
}

arm::Expected<std::vector<MetricSeries>> customer_latency(const Call& call, const Record& peering,
                                                          const MetricSpecification& metric,
                                                          const MetricsQuery& query) {
  const std::string_view type =
      metric.name == "RegisteredPrefixLatency" ? registered_prefix_type : registered_asn_type;
  const auto registrations = load_all(call, type, peering.stored.key + "/", metric_prefixes_max);
  if (!registrations) return tl::unexpected(registrations.error());
  std::map<std::string, std::string> names_by_key;
  for (const Record& each : *registrations) {
    if (!allowed(query, name_of(each))) continue;
    const auto key = find_string(each.document.at("properties"), "peeringServicePrefixKey");
    if (key) names_by_key.emplace(model::lower(*key), name_of(each));
  }
  const auto prefixes = prefixes_by_key(call, names_by_key);
  if (!prefixes) return tl::unexpected(prefixes.error());
  std::vector<MetricSeries> out;
  for (const auto& [key, name] : names_by_key) {
    MetricSeries series{{name}, {}};
    const auto found = prefixes->find(key);
    for (const std::string& prefix : found == prefixes->end() ? std::vector<std::string>{} : found->second) {
      if (auto ok = add_medians(call, prefix, query, series); !ok) return tl::unexpected(ok.error());
    }
    out.push_back(std::move(series));
  }
  return out;
}

}  // namespace peering::api
