#include "latency/beacon.h"

#include <gmock/gmock.h>

namespace peering::latency {
namespace {

struct BeaconTest : testing::Test {
  Result<DecodedSamples> decode(std::string_view body) { return decode_beacon(body, sender, rules); }
  std::string rejected_field(std::string_view sample) {
    const auto out = decode(fmt::format(R"({{"samples":[{}]}})", sample));
    return out && out->rejections.size() == 1 && out->samples.empty() ? out->rejections[0].field : "none";
  }

  const std::vector<std::string> pops{"AMS", "FRA"};
  BeaconSender sender{net::Address::parse("::ffff:198.51.100.9").value(), "AMS", pops};
  SampleRules rules{.now = parse_rfc3339("2026-11-27T12:00:00Z").value()};
};

TEST_F(BeaconTest, SamplesAreHandshakesOfWhoSpeaks) {
  const auto out =
      decode(R"({"samples":[{"rtt_us":40123.4,"age_ms":5000},{"rtt_us":9,"age_ms":0,"pop":"FRA"}]})");
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->samples.size(), 2U);
  EXPECT_EQ(out->samples[0].client, net::Address::parse("198.51.100.9").value());
  EXPECT_EQ(out->samples[0].rtt_us, 40123U);
  EXPECT_EQ(out->samples[0].at, rules.now - std::chrono::seconds(5));
  EXPECT_EQ(out->samples[0].kind, model::SampleKind::handshake);
  EXPECT_EQ(out->names[out->samples[0].pop], "AMS");
  EXPECT_EQ(out->names[out->samples[0].source], "beacon");
  EXPECT_EQ(out->names[out->samples[1].pop], "FRA");
}

TEST_F(BeaconTest, EveryBrokenRuleNamesItsField) {
  EXPECT_EQ(rejected_field(R"({"age_ms":1})"), "rtt_us");
  EXPECT_EQ(rejected_field(R"({"age_ms":1,"rtt_us":"1"})"), "rtt_us");
  EXPECT_EQ(rejected_field(R"({"age_ms":1,"rtt_us":0})"), "rtt_us");
  EXPECT_EQ(rejected_field(R"({"age_ms":1,"rtt_us":10000001})"), "rtt_us");
  EXPECT_EQ(rejected_field(R"({"rtt_us":1})"), "age_ms");
  EXPECT_EQ(rejected_field(R"({"age_ms":-1,"rtt_us":1})"), "age_ms");
  EXPECT_EQ(rejected_field(R"({"age_ms":600001,"rtt_us":1})"), "age_ms");
  EXPECT_EQ(rejected_field(R"({"age_ms":1,"rtt_us":1,"pop":"LON"})"), "pop") << "nobody makes up PoPs";
  EXPECT_EQ(rejected_field(R"({"age_ms":1,"rtt_us":1,"pop":7})"), "pop");
  EXPECT_EQ(rejected_field("7"), "age_ms");
  sender.pop = "";
  EXPECT_EQ(rejected_field(R"({"age_ms":1,"rtt_us":1})"), "pop");
}

TEST_F(BeaconTest, WhatIsNoBeaconIsRefused) {
  for (const std::string_view body : {"", "[]", "{}", R"({"samples":7})", "samples"}) {
    EXPECT_EQ(decode(body).error().code, ErrorCode::invalid_argument) << body;
  }
  std::string many = R"({"samples":[0)";
  for (std::size_t i = 0; i < beacon_samples_max; ++i) many += ",0";
  EXPECT_EQ(decode(many + "]}").error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(decode(std::string(beacon_bytes_max + 1, ' ')).error().code, ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace peering::latency
