#include "api/metrics_query.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "api/arm/duration.h"
#include "api/arm/names.h"
#include "http/query.h"

namespace peering::api {

namespace {

constexpr std::array<std::string_view, 5> aggregation_names = {"average", "count", "minimum", "maximum",
                                                               "total"};
constexpr Microseconds resolution = std::chrono::minutes(1);
constexpr std::size_t usual_points_max = 1440;

tl::unexpected<arm::Failure> wrong(std::string_view field, std::string_view value, std::string_view rule) {
  return arm::refuse(400, "BadRequest", invalid(field, value, rule).message);
}

std::vector<std::string_view> split_names(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) out.push_back(part);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

template <class Texts>
bool contains(const Texts& texts, std::string_view name) {
  return std::ranges::any_of(texts, [&](std::string_view each) { return arm::same_name(each, name); });
}

// A parameter that is true or false; `usual` when it is not given.
arm::Expected<bool> read_flag(const arm::Query& query, std::string_view name, bool usual) {
  const auto text = query.get(name);
  if (!text || text->empty()) return usual;
  if (arm::same_name(*text, "true")) return true;
  if (arm::same_name(*text, "false")) return false;
  return wrong(name, *text, "true or false");
}

// Reads one query; the members are steps in the order of the parameters' dependence.
class Reader {
 public:
  Reader(const arm::Query& query, std::span<const MetricSpecification> all, std::string_view name_space,
         TimePoint now)
      : query_(query), all_(all), name_space_(name_space), now_(now) {}

  arm::Expected<MetricsQuery> read() {
    using Step = arm::Expected<void> (Reader::*)();
    for (const Step step : {&Reader::read_namespace, &Reader::read_names, &Reader::read_timespan,
                            &Reader::read_interval, &Reader::read_aggregations, &Reader::read_conditions,
                            &Reader::read_order, &Reader::read_top, &Reader::read_result_type}) {
      if (auto ok = (this->*step)(); !ok) return tl::unexpected(ok.error());
    }
    return std::move(out_);
  }

 private:
  std::string text(std::string_view name) const { return query_.get(name).value_or(""); }

  arm::Expected<void> read_namespace() {
    const std::string given = text("metricnamespace");
    if (given.empty() || arm::same_name(given, name_space_)) return {};
    return wrong("metricnamespace", given, name_space_);
  }

  arm::Expected<void> read_names() {
    const std::string given = text("metricnames");
    for (const std::string_view name : split_names(given)) {
      const auto found = std::ranges::find_if(
          all_, [&](const MetricSpecification& each) { return arm::same_name(each.name, name); });
      if (found == all_.end()) return unknown_metric(name);
      if (std::ranges::find(out_.metrics, &*found) == out_.metrics.end()) out_.metrics.push_back(&*found);
    }
    if (out_.metrics.empty()) out_.metrics.push_back(&all_.front());
    return {};
  }

  arm::Expected<void> unknown_metric(std::string_view name) const {
    std::string valid;
    for (const MetricSpecification& each : all_) {
      if (!valid.empty()) valid += ",";
      valid += each.name;
    }
    const std::size_t slash = name_space_.find('/');
    return arm::refuse(400, "BadRequest",
                       fmt::format("Failed to find metric configuration for provider: {}, resource Type: {}, "
                                   "metric: {}, Valid metrics: {}",
                                   name_space_.substr(0, slash), name_space_.substr(slash + 1), name, valid));
  }

  // `az` encodes it twice.
  std::string timespan() const {
    const std::string given = text("timespan");
    return http::percent_decode(given).value_or(given);
  }

  arm::Expected<void> read_timespan() {
    const std::string given = timespan();
    const std::size_t slash = given.find('/');
    if (slash == std::string::npos) {
      const auto duration = given.empty() ? Microseconds(std::chrono::hours(1)) : arm::parse_duration(given);
      if (!duration) return wrong("timespan", given, "start/end in RFC 3339, or a duration as PT1H");
      out_.window.from = now_ - *duration;
      out_.window.to = now_;
    } else {
      const auto from = arm::parse_time(given.substr(0, slash)),
                 to = arm::parse_time(given.substr(slash + 1));
      if (!from || !to) return wrong("timespan", given, "start/end are RFC 3339 date-times");
      if (*from >= *to) return wrong("timespan", given, "the start lies before the end");
      if (*to - *from > arm::duration_max) return wrong("timespan", given, "at most 400 days");
      out_.window.from = *from;
      out_.window.to = *to;
    }
    out_.timespan_text =
        fmt::format("{}/{}", format_rfc3339(out_.window.from), format_rfc3339(out_.window.to));
    out_.window.from -= out_.window.from.time_since_epoch() % resolution;
    return {};
  }

  // The grains that all metrics have, the smallest first.
  std::vector<std::string_view> common_grains() const {
    std::vector<std::string_view> out;
    for (const std::string_view grain : out_.metrics.front()->grains) {
      const bool everywhere = std::ranges::all_of(
          out_.metrics, [&](const MetricSpecification* each) { return contains(each->grains, grain); });
      if (!grain.empty() && everywhere) out.push_back(grain);
    }
    return out;
  }

  std::size_t points_of(Microseconds grain) const {
    const Microseconds whole = out_.window.to - out_.window.from;
    return static_cast<std::size_t>((whole + grain - Microseconds(1)) / grain);
  }

  arm::Expected<void> use_grain(std::string_view grain) {
    out_.interval_text = grain;
    out_.window.grain =
        arm::same_name(grain, "FULL") ? out_.window.to - out_.window.from : *arm::parse_duration(grain);
    out_.window.count = points_of(out_.window.grain);
    if (out_.window.count > metric_points_max) {
      return wrong("timespan", text("timespan"), "at most 10000 intervals");
    }
    return {};
  }

  arm::Expected<void> read_interval() {
    const std::string given = text("interval");
    if (arm::same_name(given, "FULL")) return use_grain("FULL");
    const auto grains = common_grains();
    std::string supported;
    for (const std::string_view each : grains)
      supported += (supported.empty() ? "" : ",") + std::string(each);
    if (grains.empty()) {
      return wrong("metricnames", text("metricnames"), "metrics of one request share a time grain");
    }
    if (given.empty()) {
      const auto usual = std::ranges::find_if(grains, [&](std::string_view each) {
        return points_of(*arm::parse_duration(each)) <= usual_points_max;
      });
      return use_grain(usual == grains.end() ? grains.back() : *usual);
    }
    const auto asked = arm::parse_duration(given);
    for (const std::string_view each : grains) {
      if (asked == arm::parse_duration(each)) return use_grain(each);
    }
    const auto adjusts = read_flag(query_, "AutoAdjustTimegrain", false);
    if (!adjusts) return tl::unexpected(adjusts.error());
    if (!asked || !*adjusts) return wrong("interval", given, "one of " + supported + ",FULL");
    const auto wider = std::ranges::find_if(
        grains, [&](std::string_view each) { return *arm::parse_duration(each) >= *asked; });
    return use_grain(wider == grains.end() ? grains.back() : *wider);
  }

  arm::Expected<void> read_aggregations() {
    const std::string given = text("aggregation");
    for (const std::string_view name : split_names(given)) {
      if (arm::same_name(name, "none")) continue;
      const auto parsed = parse_aggregation(name);
      if (!parsed) return wrong("aggregation", name, "Average, Count, Minimum, Maximum, Total or None");
      if (std::ranges::find(out_.aggregations, *parsed) == out_.aggregations.end()) {
        out_.aggregations.push_back(*parsed);
      }
    }
    return {};
  }

  arm::Expected<void> read_conditions() {
    auto parsed = arm::parse_dimension_filter(text("$filter"));
    if (!parsed) return arm::refuse(400, "BadRequest", parsed.error().message);
    const auto validates = read_flag(query_, "ValidateDimensions", true);
    if (!validates) return tl::unexpected(validates.error());
    const std::string rolled_text = text("rollupby");
    const auto rolled = split_names(rolled_text);
    for (arm::DimensionCondition& each : *parsed) {
      const bool known = std::ranges::all_of(out_.metrics, [&](const MetricSpecification* metric) {
        return contains(metric->dimensions, each.dimension);
      });
      if (!known && *validates) {
        return wrong("$filter", each.dimension, "a dimension of every metric that is asked for");
      }
      if (!known) continue;
      if (!contains(rolled, each.dimension) && !contains(out_.split_by, each.dimension)) {
        out_.split_by.push_back(each.dimension);
      }
      out_.conditions.push_back(std::move(each));
    }
    return {};
  }

  arm::Expected<void> read_order() {
    const std::string given = text("orderby");
    if (given.empty()) return {};
    const std::size_t blank = std::min(given.find(' '), given.size());
    out_.order_by = parse_aggregation(std::string_view(given).substr(0, blank));
    const std::string_view direction = std::string_view(given).substr(std::min(blank + 1, given.size()));
    out_.descending = arm::same_name(direction, "desc");
    if (out_.order_by && (direction.empty() || out_.descending || arm::same_name(direction, "asc")))
      return {};
    return wrong("orderby", given, "an aggregation, and asc or desc");
  }

  arm::Expected<void> read_top() {
    const std::string given = text("top");
    if (given.empty()) return {};
    const auto parsed = std::from_chars(given.data(), given.data() + given.size(), out_.top);
    if (parsed.ec == std::errc() && parsed.ptr == given.data() + given.size() && out_.top >= 1 &&
        out_.top <= metric_top_max) {
      return {};
    }
    return wrong("top", given, "a whole number from 1 to 1000");
  }

  arm::Expected<void> read_result_type() {
    const std::string given = text("resultType");
    out_.metadata_only = arm::same_name(given, "Metadata");
    if (given.empty() || out_.metadata_only || arm::same_name(given, "Data")) return {};
    return wrong("resultType", given, "Data or Metadata");
  }

  const arm::Query& query_;
  const std::span<const MetricSpecification> all_;
  const std::string_view name_space_;
  const TimePoint now_;
  MetricsQuery out_;
};

}  // namespace

std::string_view to_string(Aggregation aggregation) {
  return aggregation_names[static_cast<std::size_t>(aggregation)];
}

std::optional<Aggregation> parse_aggregation(std::string_view text) {
  for (std::size_t i = 0; i < aggregation_names.size(); ++i) {
    if (arm::same_name(aggregation_names[i], text)) return static_cast<Aggregation>(i);
  }
  return std::nullopt;
}

arm::Expected<MetricsQuery> read_metrics_query(const arm::Query& query, std::string_view type,
                                               std::string_view name_space, TimePoint now) {
  return Reader(query, metric_specifications(type), name_space, now).read();
}

}  // namespace peering::api
