#include "latency/metric_rules.h"

#include <cmath>

#include <gmock/gmock.h>

namespace peering::latency {
namespace {

using testing::HasSubstr;

struct MetricRulesTest : testing::Test {
  static MetricRuleText text() {
    return {"probe_icmp_duration_seconds", {"phase=rtt"}, "{instance}", "AMS", "{job}", "icmp", "s"};
  }
  void add(std::vector<MetricLabel> labels, double value) {
    const MetricRule* rule = samples.rule_for("probe_icmp_duration_seconds", labels);
    if (rule) samples.add(*rule, labels, metric_rules_now, value);
  }
  static inline const TimePoint metric_rules_now = parse_rfc3339("2026-11-27T12:00:00Z").value();

  std::vector<MetricRule> metric_rules{parse_metric_rule(text()).value()};
  SampleRules rules{.now = metric_rules_now};
  DecodedSamples out;
  MetricSamples samples{metric_rules, rules, out};
};

TEST_F(MetricRulesTest, ARuleSaysWhereEverythingStands) {
  add({{"instance", "203.0.113.9"}, {"phase", "rtt"}, {"job", "smokeping"}}, 0.0401);
  ASSERT_EQ(out.samples.size(), 1U);
  EXPECT_EQ(out.samples[0].rtt_us, 40100U);
  EXPECT_EQ(out.samples[0].client, net::Address::parse("203.0.113.9").value());
  EXPECT_EQ(out.samples[0].kind, model::SampleKind::icmp);
  EXPECT_EQ(out.names[out.samples[0].pop], "AMS");
  EXPECT_EQ(out.names[out.samples[0].source], "smokeping");
}

TEST_F(MetricRulesTest, ClientsMayHaveAPort) {
  for (const std::string_view client :
       {"203.0.113.9:9115", "[2001:db8::9]:443", "2001:db8::9", "[2001:db8::9]"}) {
    const std::size_t before = out.samples.size();
    add({{"instance", client}, {"phase", "rtt"}, {"job", "x"}}, 0.04);
    EXPECT_EQ(out.samples.size(), before + 1) << client;
  }
}

TEST_F(MetricRulesTest, OnlySeriesWithItsLabelsAreOfARule) {
  EXPECT_EQ(samples.rule_for("other", {}), nullptr);
  const std::vector<MetricLabel> setup{{"phase", "setup"}};
  EXPECT_EQ(samples.rule_for("probe_icmp_duration_seconds", setup), nullptr);
  EXPECT_EQ(samples.rule_for("probe_icmp_duration_seconds", {}), nullptr);
}

TEST_F(MetricRulesTest, EndedSeriesAndZeroAreNoSamples) {
  const std::vector<MetricLabel> labels{{"instance", "203.0.113.9"}, {"phase", "rtt"}, {"job", "x"}};
  add(labels, std::nan(""));
  add(labels, 0);
  EXPECT_EQ(samples.counts.no_value, 2U);
  EXPECT_TRUE(out.samples.empty());
  EXPECT_EQ(out.rejected, 0U);
}

TEST_F(MetricRulesTest, WhatBreaksARuleIsRejectedWithItsField) {
  const auto field = [&](std::vector<MetricLabel> labels, double value) {
    add(std::move(labels), value);
    return out.rejections.empty() ? "" : out.rejections.back().field;
  };
  EXPECT_EQ(field({{"instance", "nobody"}, {"phase", "rtt"}, {"job", "x"}}, 1), "client");
  EXPECT_EQ(field({{"phase", "rtt"}, {"job", "x"}}, 1), "client") << "its label is missing";
  EXPECT_EQ(field({{"instance", "203.0.113.9"}, {"phase", "rtt"}}, 1), "source");
  EXPECT_EQ(field({{"instance", "203.0.113.9"}, {"phase", "rtt"}, {"job", "x"}}, 11), "rtt_us") << "11 s";
  EXPECT_EQ(field({{"instance", "203.0.113.9"}, {"phase", "rtt"}, {"job", "x"}}, -1), "rtt_us");
  EXPECT_EQ(field({{"instance", "203.0.113.9"}, {"phase", "rtt"}, {"job", "x"}}, INFINITY), "rtt_us");
  EXPECT_TRUE(out.samples.empty());
}

TEST(MetricRuleText, EveryBrokenRuleNamesItsField) {
  const auto message = [](auto change) {
    MetricRuleText text = MetricRulesTest::text();
    change(text);
    const auto parsed = parse_metric_rule(text);
    return parsed ? "taken" : parsed.error().message;
  };
  EXPECT_THAT(message([](auto& t) { t.labels = {"phase"}; }), HasSubstr("labels"));
  EXPECT_THAT(message([](auto& t) { t.labels = {"=x"}; }), HasSubstr("labels"));
  EXPECT_THAT(message([](auto& t) { t.client = "{instance"; }), HasSubstr("client"));
  EXPECT_THAT(message([](auto& t) { t.pop = "{}"; }), HasSubstr("pop"));
  EXPECT_THAT(message([](auto& t) { t.kind = "guess"; }), HasSubstr("kind"));
  EXPECT_THAT(message([](auto& t) { t.unit = "min"; }), HasSubstr("unit"));
  EXPECT_EQ(message([](auto& t) { t.pop = "{site}-{rack}x"; }), "taken");
}

}  // namespace
}  // namespace peering::latency
