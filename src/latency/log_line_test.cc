#include "latency/log_line.h"

#include <gmock/gmock.h>

namespace peering::latency {
namespace {

using testing::ElementsAre;

struct LogLineTest : testing::Test {
  LogLine read(std::string_view line, std::string_view pop = "AMS", std::string_view source = "edge-1") {
    return reader.read(line, pop, source);
  }
  std::string rejected_field() const { return out.rejections.empty() ? "" : out.rejections.back().field; }

  SampleRules rules{.now = parse_rfc3339("2026-11-23T16:15:00Z").value()};
  DecodedSamples out;
  LogLineReader reader{rules, out};
};

TEST_F(LogLineTest, NumbersMayBeTextsAsLogVariablesAre) {
  EXPECT_EQ(read(R"({"time":"1795450416.246","client":"198.51.100.2","rtt_us":"40490","x":1,"pop":"FRA"})"),
            LogLine::sample);
  EXPECT_EQ(read(R"({"time":"2026-11-23T16:14:33.724Z","client":"::ffff:198.51.100.3","rtt_us":40557})"),
            LogLine::sample);
  ASSERT_EQ(out.samples.size(), 2U);
  EXPECT_EQ(out.samples[0].rtt_us, 40490U);
  EXPECT_EQ(out.samples[0].at, parse_rfc3339("2026-11-23T16:13:36.246Z").value());
  EXPECT_EQ(out.names[out.samples[0].pop], "FRA");
  EXPECT_EQ(out.names[out.samples[1].pop], "AMS");
  EXPECT_EQ(out.names[out.samples[1].source], "edge-1");
  EXPECT_EQ(out.samples[1].client, net::Address::parse("198.51.100.3").value());
}

TEST_F(LogLineTest, ALineWithoutATimeIsOfNow) {
  EXPECT_EQ(read(R"({"client":"198.51.100.2","rtt_us":"1"})"), LogLine::sample);
  EXPECT_EQ(out.samples.at(0).at, rules.now);
}

TEST_F(LogLineTest, WhereLinesMayBeOldOneWithoutATimeIsRejected) {
  LogLineReader of_files(rules, out, Untimed::rejected);
  EXPECT_EQ(of_files.read(R"({"client":"198.51.100.2","rtt_us":"1"})", "AMS", ""), LogLine::rejected);
  EXPECT_EQ(rejected_field(), "time");
}

TEST_F(LogLineTest, AConnectionWithoutARoundTripIsNoMistake) {
  for (const std::string_view line :
       {R"({"client":"198.51.100.2","rtt_us":""})", R"({"client":"198.51.100.2","rtt_us":"-"})",
        R"({"client":"198.51.100.2","rtt_us":0})", R"({"client":"unix:","rtt_us":"12"})"}) {
    EXPECT_EQ(read(line), LogLine::no_round_trip) << line;
  }
  EXPECT_EQ(out.rejected, 0U);
}

TEST_F(LogLineTest, EveryBrokenRuleNamesItsField) {
  const auto field = [&](std::string_view line, std::string_view pop = "AMS") {
    EXPECT_EQ(read(line, pop), LogLine::rejected) << line;
    return rejected_field();
  };
  EXPECT_EQ(field("no JSON"), "line");
  EXPECT_EQ(field("[1]"), "line");
  EXPECT_EQ(field(R"({"client":"198.51.100.2","rtt_us":"1","x":"y")"), "line") << "half a line";
  EXPECT_EQ(field(R"({"client":"nobody","rtt_us":"1"})"), "client");
  EXPECT_EQ(field(R"({"rtt_us":"1"})"), "client");
  EXPECT_EQ(field(R"({"client":"198.51.100.2"})"), "rtt_us");
  EXPECT_EQ(field(R"({"client":"198.51.100.2","rtt_us":"12ms"})"), "rtt_us");
  EXPECT_EQ(field(R"({"client":"198.51.100.2","rtt_us":["1"]})"), "rtt_us");
  EXPECT_EQ(field(R"({"client":"198.51.100.2","rtt_us":"10000001"})"), "rtt_us");
  EXPECT_EQ(field(R"({"client":"198.51.100.2","rtt_us":"-5"})"), "rtt_us");
  EXPECT_EQ(field(R"({"client":"198.51.100.2","rtt_us":"1"})", ""), "pop");
  EXPECT_EQ(field(R"({"client":"198.51.100.2","rtt_us":"1","kind":"guess"})"), "kind");
  EXPECT_EQ(field(R"({"time":"1795453416","client":"198.51.100.2","rtt_us":"1"})"), "time")
      << "35 minutes ahead";
  EXPECT_EQ(field(R"({"time":"soon","client":"198.51.100.2","rtt_us":"1"})"), "time");
  EXPECT_EQ(out.samples.size(), 0U);
  EXPECT_EQ(out.rejected, 14U);
}

}  // namespace
}  // namespace peering::latency
