// Which metrics of a monitoring system are round-trip times, and of whom: rules that an operator writes.
//
// A rule names a metric and values that some of its labels must have, and says where client, PoP and source
// stand: as texts in which "{label}" is the value of a label. What no rule takes is passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "latency/raw_samples.h"
#include "latency/sample_checker.h"

namespace peering::latency {

struct MetricLabel {
  std::string_view name, value;
};

/// A text in which "{label}" stands for the value of a label.
class LabelTemplate {
 public:
  /// `invalid_argument` when a brace is not closed, or empty.
  static Result<LabelTemplate> parse(std::string_view text);
  /// Nothing: a label is missing.
  std::optional<std::string> fill(std::span<const MetricLabel> labels) const;

 private:
  struct Part {
    bool is_label = false;
    std::string text;
  };
  std::vector<Part> parts_;
};

struct MetricRule {
  std::string metric;
  std::vector<std::pair<std::string, std::string>> labels;  ///< that must have these values
  LabelTemplate client, pop, source;
  model::SampleKind kind = model::SampleKind::icmp;
  double us_per_unit = 1;
};

/// A rule as it is written.
struct MetricRuleText {
  std::string metric;
  std::vector<std::string> labels;  ///< "name=value"
  std::string client, pop, source, kind, unit;
};
/// `invalid_argument` names field, value and rule.
Result<MetricRule> parse_metric_rule(const MetricRuleText& text);

/// What became of the points of a request.
struct PointCounts {
  std::uint64_t unmapped = 0;    ///< no rule takes them
  std::uint64_t no_value = 0;    ///< markers that a series has ended, and 0: nothing was measured
  std::uint64_t unreadable = 0;  ///< forms that are not read, such as native histograms
};

/// Takes the points of one request. Owned by one thread.
class MetricSamples {
 public:
  /// All must outlive it.
  MetricSamples(std::span<const MetricRule> metric_rules, const SampleRules& rules, DecodedSamples& out)
      : metric_rules_(metric_rules), rules_(rules), checker_(rules, out) {}

  /// The rule for a series; null: none.
  const MetricRule* rule_for(std::string_view metric, std::span<const MetricLabel> labels) const;
  /// `number` samples of one value.
  void add(const MetricRule& rule, std::span<const MetricLabel> labels, TimePoint at, double value,
           std::uint64_t number = 1);
  /// One sample that breaks a rule.
  void reject(std::string_view field, std::string_view value, std::string_view rule) {
    checker_.reject(field, value, rule);
  }
  PointCounts counts;

 private:
  std::optional<RawSample> sample_of(const MetricRule& rule, std::span<const MetricLabel> labels,
                                     TimePoint at, double value);

  std::span<const MetricRule> metric_rules_;
  const SampleRules& rules_;
  SampleChecker checker_;
};

}  // namespace peering::latency
