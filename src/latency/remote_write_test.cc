#include "latency/remote_write.h"

#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <snappy.h>

#include "latency/remote_write.pb.h"

namespace peering::latency {
namespace {

struct RemoteWriteTest : testing::Test {
  remote_write::TimeSeries& series(std::string_view metric, std::string_view instance = "203.0.113.9") {
    remote_write::TimeSeries& out = *request.add_timeseries();
    const auto label = [&](std::string_view name, std::string_view value) {
      out.add_labels()->set_name(std::string(name));
      out.mutable_labels()->rbegin()->set_value(std::string(value));
    };
    label("__name__", metric);
    label("instance", instance);
    return out;
  }
  static void sample(remote_write::TimeSeries& to, double value, TimePoint at = remote_now) {
    remote_write::Sample& out = *to.add_samples();
    out.set_value(value);
    out.set_timestamp(to_us(at) / 1000);
  }
  Result<DecodedMetrics> decode() const {
    std::string packed;
    const std::string bytes = request.SerializeAsString();
    snappy::Compress(bytes.data(), bytes.size(), &packed);
    return decode_remote_write(packed, metric_rules, rules);
  }

  static inline const TimePoint remote_now = parse_rfc3339("2026-11-27T12:00:00Z").value();
  const std::vector<MetricRule> metric_rules{
      parse_metric_rule({"rtt_seconds", {}, "{instance}", "AMS", "prometheus", "icmp", "s"}).value()};
  SampleRules rules{.now = remote_now};
  remote_write::WriteRequest request;
};

TEST_F(RemoteWriteTest, SamplesOfARulesSeriesAreTakenInAnyOrder) {
  auto& mine = series("rtt_seconds");
  sample(mine, 0.040);
  sample(mine, 0.041, remote_now - std::chrono::minutes(3));
  sample(series("up"), 1);
  const auto out = decode();
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->decoded.samples.size(), 2U);
  EXPECT_EQ(out->decoded.samples[0].rtt_us, 40000U);
  EXPECT_EQ(out->decoded.samples[1].at, remote_now - std::chrono::minutes(3));
  EXPECT_EQ(out->counts.unmapped, 1U);
}

TEST_F(RemoteWriteTest, MarkersOfEndedSeriesAndNativeHistogramsAreCounted) {
  auto& mine = series("rtt_seconds");
  const std::uint64_t stale_bits = 0x7ff0000000000002;
  double stale = 0;
  std::memcpy(&stale, &stale_bits, sizeof stale);
  sample(mine, stale);
  mine.add_histograms();
  const auto out = decode();
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->decoded.samples.empty());
  EXPECT_EQ(out->decoded.rejected, 0U);
  EXPECT_EQ(out->counts.no_value, 1U);
  EXPECT_EQ(out->counts.unreadable, 1U);
}

TEST_F(RemoteWriteTest, OldSamplesAreRejectedAloneAndTimesThatAreNone) {
  auto& mine = series("rtt_seconds");
  sample(mine, 0.040, remote_now - std::chrono::days(400));
  sample(mine, 0.040);
  mine.add_samples()->set_timestamp(std::numeric_limits<std::int64_t>::max());
  mine.add_samples()->set_timestamp(-1);
  const auto out = decode();
  ASSERT_TRUE(out);
  EXPECT_EQ(out->decoded.samples.size(), 1U);
  EXPECT_EQ(out->decoded.rejected, 3U);
}

TEST_F(RemoteWriteTest, WhatIsNoRequestIsRefused) {
  const auto code = [&](std::string_view body) {
    const auto out = decode_remote_write(body, metric_rules, rules);
    return out ? "taken" : std::string(to_string(out.error().code));
  };
  EXPECT_EQ(code(""), "invalid_argument");
  EXPECT_EQ(code("no snappy at all"), "invalid_argument");
  std::string packed;
  snappy::Compress("\xff\xff\xff", 3, &packed);
  EXPECT_EQ(code(packed), "invalid_argument") << "no message";
  EXPECT_EQ(code("\xff\xff\xff\xff\x0f"
                 "x"),
            "limit_exceeded")
      << "it promises 4 GiB";
  EXPECT_EQ(code("\x80\x80\x80\x10"
                 "x"),
            "invalid_argument")
      << "it promises 32 MiB and has nothing";
}

}  // namespace
}  // namespace peering::latency
