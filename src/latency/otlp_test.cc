#include "latency/otlp.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "latency/otlp_metrics.pb.h"

namespace peering::latency {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view gauge = R"({"resourceMetrics":[{"resource":{"attributes":[
    {"key":"site","value":{"stringValue":"FRA"}}]},"scopeMetrics":[{"scope":{"name":"x"},"metrics":[
    {"name":"network.rtt","unit":"ms","gauge":{"dataPoints":[
      {"timeUnixNano":"1795435200000000000","asDouble":40.5,"attributes":[
        {"key":"peer","value":{"stringValue":"203.0.113.9"}},{"key":"tries","value":{"intValue":"3"}}]},
      {"timeUnixNano":"1795435200000000000","asInt":"41","attributes":[
        {"key":"peer","value":{"stringValue":"203.0.113.9"}}]}]}},
    {"name":"requests","sum":{"dataPoints":[{"asInt":"7"}],"aggregationTemporality":2}}]}]}]})";

std::string histogram(std::string_view temporality, std::string_view counts = R"("1","2","1")") {
  return fmt::format(
      R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"network.rtt","histogram":{{
      "aggregationTemporality":{},"dataPoints":[{{"timeUnixNano":"1795435200000000000","count":"4","sum":150,
      "bucketCounts":[{}],"explicitBounds":[20,40],"min":10,"max":60,"attributes":[
        {{"key":"peer","value":{{"stringValue":"203.0.113.9"}}}},
        {{"key":"site","value":{{"stringValue":"AMS"}}}}]}}]
      }}}}]}}]}}]}})",
      temporality, counts);
}

struct OtlpTest : testing::Test {
  Result<DecodedMetrics> decode(std::string_view body, OtlpFormat format = OtlpFormat::json) {
    return decode_otlp(format, body, metric_rules, rules);
  }
  const std::vector<MetricRule> metric_rules{
      parse_metric_rule({"network.rtt", {}, "{peer}", "{site}", "otlp", "stamp", "ms"}).value()};
  SampleRules rules{.now = parse_rfc3339("2026-11-23T12:00:05Z").value()};
};

TEST_F(OtlpTest, GaugesAreSamplesWithTheLabelsOfPointAndResource) {
  const auto out = decode(gauge);
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->decoded.samples.size(), 2U);
  EXPECT_EQ(out->decoded.samples[0].rtt_us, 40500U);
  EXPECT_EQ(out->decoded.samples[1].rtt_us, 41000U);
  EXPECT_EQ(out->decoded.samples[0].at, parse_rfc3339("2026-11-23T12:00:00Z").value());
  EXPECT_EQ(out->decoded.names[out->decoded.samples[0].pop], "FRA");
  EXPECT_EQ(out->decoded.samples[0].kind, model::SampleKind::stamp);
  EXPECT_EQ(out->counts.unreadable, 1U) << "the sum";
}

TEST_F(OtlpTest, ProtobufSaysTheSame) {
  otlp::ExportMetricsServiceRequest request;
  otlp::Metric& metric = *request.add_resource_metrics()->add_scope_metrics()->add_metrics();
  metric.set_name("network.rtt");
  otlp::NumberDataPoint& point = *metric.mutable_gauge()->add_data_points();
  for (const auto& [key, value] : {std::pair("peer", "203.0.113.9"), std::pair("site", "AMS")}) {
    otlp::KeyValue& attribute = *point.add_attributes();
    attribute.set_key(key);
    attribute.mutable_value()->set_string_value(value);
  }
  point.set_time_unix_nano(1'795'435'200'000'000'000);
  point.set_as_double(40.5);
  const auto out = decode(request.SerializeAsString(), OtlpFormat::protobuf);
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->decoded.samples.size(), 1U);
  EXPECT_EQ(out->decoded.samples[0].rtt_us, 40500U);
  EXPECT_EQ(otlp_answer(OtlpFormat::protobuf, *out), "") << "nothing was rejected";
}

TEST_F(OtlpTest, BucketsOfAHistogramOfDifferencesAreSamplesInTheirMiddle) {
  const auto out = decode(histogram("1"));
  ASSERT_TRUE(out) << out.error().message;
  std::vector<std::uint32_t> values;
  for (const RawSample& each : out->decoded.samples) values.push_back(each.rtt_us);
  EXPECT_THAT(values, ElementsAre(15000, 30000, 30000, 50000)) << "10..20, 20..40, 40..60";
}

TEST_F(OtlpTest, AHistogramSinceTheBeginningIsRejectedAndTheAnswerSaysWhy) {
  const auto out = decode(histogram("2"));
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->decoded.samples.empty());
  const auto answer = parse_json(otlp_answer(OtlpFormat::json, *out)).value();
  EXPECT_EQ(find(answer, "partialSuccess", "rejectedDataPoints")->as_string(), "1");
  EXPECT_THAT(std::string(find(answer, "partialSuccess", "errorMessage")->as_string()), HasSubstr("delta"));
}

TEST_F(OtlpTest, LyingHistogramsAreRejected) {
  for (const std::string_view counts : {R"("1","2")", R"("1","2","1","1")", R"("1","2","100000")",
                                        R"("18446744073709551615","18446744073709551615","2")"}) {
    const auto out = decode(histogram("1", counts));
    ASSERT_TRUE(out) << counts;
    EXPECT_TRUE(out->decoded.samples.empty()) << counts;
    EXPECT_EQ(out->decoded.rejected, 1U) << counts;
  }
}

TEST_F(OtlpTest, WhatIsNoRequestIsRefused) {
  for (const std::string_view body : {"", "7", "[", R"({"resourceMetrics":7})"})
    EXPECT_EQ(decode(body).error().code, ErrorCode::invalid_argument) << body;
  EXPECT_EQ(decode("\xff\xff", OtlpFormat::protobuf).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(decode("{}")) << "an empty request";
  EXPECT_TRUE(decode("", OtlpFormat::protobuf));
}

}  // namespace
}  // namespace peering::latency
