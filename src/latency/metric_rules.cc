#include "latency/metric_rules.h"

#include <algorithm>
#include <cmath>

namespace peering::latency {

namespace {

// "192.0.2.1:443" and "[2001:db8::1]:443" are addresses with a port, as targets of probes are written.
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
  const bool one_colon = std::ranges::count(text, ':') == 1;
  return one_colon ? text.substr(0, text.find(':')) : text;
}

std::optional<std::string_view> label_value(std::span<const MetricLabel> labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &MetricLabel::name);
  return found == labels.end() ? std::nullopt : std::optional(found->value);
}

std::optional<double> us_per(std::string_view unit) {
  if (unit == "s") return 1e6;
  if (unit == "ms") return 1e3;
  if (unit == "us") return 1.0;
  return std::nullopt;
}

}  // namespace

Result<LabelTemplate> LabelTemplate::parse(std::string_view text) {
  LabelTemplate out;
  while (!text.empty()) {
    const bool is_label = text.front() == '{';
    const std::size_t end = is_label ? text.find('}') : text.find('{');
    if (is_label && (end == std::string_view::npos || end == 1)) {
      return fail(ErrorCode::invalid_argument, "'{}': a label stands in braces: {{instance}}", text);
    }
    out.parts_.push_back({is_label, std::string(is_label ? text.substr(1, end - 1) : text.substr(0, end))});
    text.remove_prefix(is_label ? end + 1 : std::min(end, text.size()));
  }
  return out;
}

std::optional<std::string> LabelTemplate::fill(std::span<const MetricLabel> labels) const {
  std::string out;
  for (const Part& part : parts_) {
    if (!part.is_label) {
      out += part.text;
      continue;
    }
    const auto value = label_value(labels, part.text);
    if (!value) return std::nullopt;
    out += *value;
  }
  return out;
}

Result<MetricRule> parse_metric_rule(const MetricRuleText& text) {
  MetricRule out;
  out.metric = text.metric;
  for (const std::string& each : text.labels) {
    const std::size_t equals = each.find('=');
    if (equals == std::string::npos || equals == 0)
      return tl::unexpected(invalid("labels", each, "a list of \"name=value\""));
    out.labels.emplace_back(each.substr(0, equals), each.substr(equals + 1));
  }
  const auto read = [](LabelTemplate& to, std::string_view field, const std::string& from) -> Result<void> {
    auto parsed = LabelTemplate::parse(from);
    if (!parsed) return fail(ErrorCode::invalid_argument, "{}: {}", field, parsed.error().message);
    to = std::move(*parsed);
    return {};
  };
  if (auto done = read(out.client, "client", text.client); !done) return tl::unexpected(done.error());
  if (auto done = read(out.pop, "pop", text.pop); !done) return tl::unexpected(done.error());
  if (auto done = read(out.source, "source", text.source); !done) return tl::unexpected(done.error());
  const auto kind = model::parse_sample_kind(text.kind);
  if (!kind) return tl::unexpected(invalid("kind", text.kind, "srtt, min, handshake, icmp, stamp or quic"));
  out.kind = *kind;
  const auto us = us_per(text.unit);
  if (!us) return tl::unexpected(invalid("unit", text.unit, "s, ms or us"));
  out.us_per_unit = *us;
  return out;
}

const MetricRule* MetricSamples::rule_for(std::string_view metric,
                                          std::span<const MetricLabel> labels) const {
  for (const MetricRule& rule : metric_rules_) {
    const bool fits = rule.metric == metric && std::ranges::all_of(rule.labels, [&](const auto& wanted) {
                        return label_value(labels, wanted.first) == wanted.second;
                      });
    if (fits) return &rule;
  }
  return nullptr;
}

std::optional<RawSample> MetricSamples::sample_of(const MetricRule& rule, std::span<const MetricLabel> labels,
                                                  TimePoint at, double value) {
  const auto time = checker_.time(at, checker_.in_time(at) ? std::string() : format_rfc3339(at));
  if (!time) return std::nullopt;
  const auto filled = [&](const LabelTemplate& from, std::string_view field) {
    auto text = from.fill(labels);
    if (!text) checker_.reject(field, "", "the labels that its rule names");
    return text;
  };
  const auto client_text = filled(rule.client, "client");
  if (!client_text) return std::nullopt;
  const auto client = checker_.client_text(without_port(*client_text));
  if (!client) return std::nullopt;
  const auto pop_text = filled(rule.pop, "pop");
  if (!pop_text) return std::nullopt;
  const auto pop = checker_.pop(*pop_text);
  if (!pop) return std::nullopt;
  const auto source_text = filled(rule.source, "source");
  if (!source_text) return std::nullopt;
  const auto source = checker_.source(*source_text);
  if (!source) return std::nullopt;
  const auto rtt_us = checker_.rtt_us(value * rule.us_per_unit, fmt::format("{}", value));
  if (!rtt_us) return std::nullopt;
  return RawSample{*client, *time, *rtt_us, *pop, *source, rule.kind};
}

void MetricSamples::add(const MetricRule& rule, std::span<const MetricLabel> labels, TimePoint at,
                        double value, std::uint64_t number) {
  // Prometheus marks the end of a series by a NaN; probes say 0 when nothing came back.
  if (std::isnan(value) || value == 0) {
    counts.no_value += number;
    return;
  }
  const auto sample = sample_of(rule, labels, at, value);
  if (!sample) return;
  for (std::uint64_t i = 0; i < number; ++i) checker_.accept(*sample);
}

}  // namespace peering::latency
