// Queries of metrics as Azure Monitor's clients write them.
#include "api/metrics_query.h"

#include <gmock/gmock.h>

#include "api/arm/dimension_filter.h"
#include "api/arm/duration.h"
#include "api/documents.h"

namespace peering::api {
namespace {

using arm::DimensionCondition;
using arm::DimensionTerm;
using testing::ElementsAre;
using testing::HasSubstr;

const TimePoint at_noon = *parse_rfc3339("2026-11-23T12:00:30Z");

arm::Expected<MetricsQuery> read_metrics(std::string_view text,
                                         std::string_view type = peering_service_type) {
  return read_metrics_query(
      *arm::Query::parse(text), type,
      type == peering_type ? "Microsoft.Peering/peerings" : "Microsoft.Peering/peeringServices", at_noon);
}

TEST(Duration, ReadsWhatHasOneLength) {
  using namespace std::chrono;
  EXPECT_EQ(arm::parse_duration("PT1M"), minutes(1));
  EXPECT_EQ(arm::parse_duration("pt1h30m"), minutes(90));
  EXPECT_EQ(arm::parse_duration("P1DT12H"), hours(36));
  EXPECT_EQ(arm::parse_duration("P2W"), days(14));
  for (const std::string_view text :
       {"", "P", "PT", "1H", "P1", "PT0S", "P1M", "P1Y", "PT1D", "PT1M1H", "PT1H1H", "P1DT", "PT-1H",
        "PT99999999999H", "P401D", "PT1.5H", "PT1H "}) {
    EXPECT_FALSE(arm::parse_duration(text)) << text;
  }
}

TEST(DimensionFilter, JoinsValuesOfADimensionAndConditionsOfSeveral) {
  const auto conditions = arm::parse_dimension_filter(
      "PrefixName eq 'a' or PrefixName ne 'it''s' and (Kind sw 'x' or kind startswith '')");
  ASSERT_TRUE(conditions);
  using Op = DimensionTerm::Operator;
  EXPECT_THAT(*conditions,
              ElementsAre(DimensionCondition{"PrefixName", {{Op::equal, "a"}, {Op::not_equal, "it's"}}},
                          DimensionCondition{"Kind", {{Op::starts_with, "x"}, {Op::starts_with, ""}}}));
  EXPECT_TRUE(arm::parse_dimension_filter("")->empty());
}

TEST(DimensionFilter, ValuesCompareWithoutCase) {
  const auto allows = [](std::string_view filter, std::string_view value) {
    return arm::parse_dimension_filter(filter)->front().allows(value);
  };
  EXPECT_TRUE(allows("A eq 'Paris'", "paris"));
  EXPECT_FALSE(allows("A eq 'Paris'", "parish"));
  EXPECT_TRUE(allows("A eq '*'", "anything"));
  EXPECT_TRUE(allows("A sw 'PAR'", "paris"));
  EXPECT_FALSE(allows("A sw 'paris'", "par"));
  EXPECT_FALSE(allows("A ne 'Paris'", "paris"));
  EXPECT_TRUE(allows("A eq 'a' or A eq 'b'", "B"));
}

TEST(DimensionFilter, WhatItDoesNotUnderstandIsRefusedByPlace) {
  std::string many = "A eq 'x'";
  for (int i = 0; i < 100; ++i) many += " or A eq 'x'";
  for (const std::string& text :
       {std::string("A"), std::string("A eq"), std::string("A eq x"), std::string("A eq 'x"),
        std::string("A eq 'x' and"), std::string("A eq 'x' or B eq 'y'"), std::string("(A eq 'x'"),
        std::string("A eq 'x')"), std::string("A gt 'x'"), std::string("'A' eq 'x'"),
        std::string("A eq 'x' A eq 'y'"), std::string("((A eq 'x'))"), many, std::string(9000, ' ')}) {
    const auto conditions = arm::parse_dimension_filter(text);
    ASSERT_FALSE(conditions) << text;
    EXPECT_THAT(conditions.error().message, HasSubstr("character")) << text;
  }
}

TEST(MetricsQuery, WithoutParametersIsTheFirstMetricOfTheLastHour) {
  const auto query = read_metrics("");
  ASSERT_TRUE(query);
  ASSERT_EQ(query->metrics.size(), 1U);
  EXPECT_EQ(query->metrics.front()->name, "RoundTripTime");
  EXPECT_EQ(query->timespan_text, "2026-11-23T11:00:30Z/2026-11-23T12:00:30Z");
  EXPECT_EQ(query->interval_text, "PT1M");
  EXPECT_EQ(query->window.from, *parse_rfc3339("2026-11-23T11:00:00Z"));
  EXPECT_EQ(query->window.count, 61U);
  EXPECT_TRUE(query->aggregations.empty());
  EXPECT_EQ(query->top, 10U);
}

TEST(MetricsQuery, ReadsEveryParameterWithoutCase) {
  const auto query = read_metrics(
      "metricNames=flapcounts,%20SessionAvailability&timespan=2026-11-23T00:00:00Z/2026-11-23T06:00:00Z"
      "&interval=pt5m&aggregation=average,Total,None&top=3&orderby=count%20desc&resultType=metadata"
      "&metricnamespace=microsoft.peering/"
      "PEERINGS&$filter=SessionIp%20eq%20'*'%20and%20ConnectionId%20eq%20'x'"
      "&rollupby=connectionid",
      peering_type);
  ASSERT_TRUE(query) << query.error().message;
  ASSERT_EQ(query->metrics.size(), 2U);
  EXPECT_EQ(query->metrics.front()->name, "FlapCounts");
  EXPECT_EQ(query->interval_text, "PT5M");
  EXPECT_EQ(query->window.count, 72U);
  EXPECT_THAT(query->aggregations, ElementsAre(Aggregation::average, Aggregation::total));
  EXPECT_EQ(query->top, 3U);
  EXPECT_EQ(query->order_by, Aggregation::count);
  EXPECT_TRUE(query->descending);
  EXPECT_TRUE(query->metadata_only);
  EXPECT_THAT(query->split_by, ElementsAre("SessionIp"));
  EXPECT_EQ(query->conditions.size(), 2U);
}

TEST(MetricsQuery, TimeGrainsAreThoseThatAllMetricsHave) {
  EXPECT_EQ(read_metrics("metricnames=PrefixLatency")->interval_text, "PT1H");
  EXPECT_EQ(read_metrics("metricnames=SessionAvailability,FlapCounts", peering_type)->interval_text, "PT5M");
  EXPECT_EQ(read_metrics("metricnames=FlapCounts&timespan=P7D", peering_type)->interval_text, "PT1H");
  const auto full = read_metrics("metricnames=PrefixLatency&interval=FULL&timespan=P1D");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->window.count, 1U);
  EXPECT_EQ(read_metrics("metricnames=PrefixLatency&interval=PT7M&AutoAdjustTimegrain=true")->interval_text,
            "PT1H");
  EXPECT_EQ(read_metrics("metricnames=FlapCounts&interval=PT2M&AutoAdjustTimegrain=true", peering_type)
                ->interval_text,
            "PT5M");
  EXPECT_THAT(read_metrics("metricnames=PrefixLatency&interval=PT5M").error().message, HasSubstr("PT1H"));
  EXPECT_THAT(read_metrics("metricnames=PrefixLatency,RoundTripTime").error().message,
              HasSubstr("time grain"));
}

TEST(MetricsQuery, WhatIsWrongIsNamed) {
  const std::pair<std::string_view, std::string_view> wrong[] = {
      {"metricnames=nothing", "Valid metrics: RoundTripTime,PrefixLatency"},
      {"metricnamespace=Microsoft.Peering/peerings", "metricnamespace"},
      {"timespan=yesterday", "timespan"},
      {"timespan=2026-11-23T01:00:00Z/2026-11-23T01:00:00Z", "timespan"},
      {"timespan=2020-11-23T01:00:00Z/2026-11-23T01:00:00Z", "400 days"},
      {"timespan=P30D&interval=PT1M", "10000 intervals"},
      {"interval=PT1H", "interval"},
      {"aggregation=median", "aggregation"},
      {"top=0", "top"},
      {"top=1001", "top"},
      {"top=x", "top"},
      {"orderby=median", "orderby"},
      {"orderby=average%20sideways", "orderby"},
      {"resultType=Everything", "resultType"},
      {"interval=PT1H&AutoAdjustTimegrain=perhaps", "AutoAdjustTimegrain"},
      {"$filter=PrefixName%20eq%20'a'", "dimension"},
      {"$filter=x", "$filter"},
  };
  for (const auto& [text, named] : wrong) {
    const auto query = read_metrics(text);
    ASSERT_FALSE(query) << text;
    EXPECT_EQ(query.error().status, 400) << text;
    EXPECT_EQ(query.error().code, "BadRequest") << text;
    EXPECT_THAT(query.error().message, HasSubstr(named)) << text;
  }
  EXPECT_TRUE(read_metrics("$filter=PrefixName%20eq%20'a'&ValidateDimensions=false")->conditions.empty());
}

}  // namespace
}  // namespace peering::api
