#include "latency/tcpinfo_line.h"

#include <gmock/gmock.h>

namespace peering::latency {
namespace {

struct TcpinfoLineTest : testing::Test {
  LogLine read(std::string_view line) { return reader.read(line, "AMS", "tcpinfo.log"); }
  std::string rejected_field() const { return out.rejections.empty() ? "" : out.rejections.back().field; }

  SampleRules rules{.now = parse_rfc3339("2026-11-27T21:00:00Z").value()};
  DecodedSamples out;
  TcpinfoLineReader reader{rules, out, model::TimeZone::find("UTC").value()};
};

TEST_F(TcpinfoLineTest, LinesOfBothLogLevelsAreSamples) {
  EXPECT_EQ(read("20261127.20h49m01s txn_close 198.51.100.2 192.0.2.1 40490"), LogLine::sample);
  EXPECT_EQ(
      read("20261127.20h49m59s ssn_start 2001:db8::2 2001:db8::1 41000 20245 0 4 10 7 64088 0 0 0 0 0 0 1 1"),
      LogLine::sample);
  ASSERT_EQ(out.samples.size(), 2U);
  EXPECT_EQ(out.samples[0].rtt_us, 40490U);
  EXPECT_EQ(out.samples[0].at, parse_rfc3339("2026-11-27T20:49:01Z").value());
  EXPECT_EQ(out.samples[0].client, net::Address::parse("198.51.100.2").value());
  EXPECT_EQ(out.samples[0].kind, model::SampleKind::srtt);
  EXPECT_EQ(out.names[out.samples[0].pop], "AMS");
  EXPECT_EQ(out.names[out.samples[0].source], "tcpinfo.log");
  EXPECT_EQ(out.samples[1].rtt_us, 41000U);
  EXPECT_EQ(out.samples[1].at, parse_rfc3339("2026-11-27T20:49:59Z").value());
}

TEST_F(TcpinfoLineTest, TimesAreThoseOfTheServersClock) {
  TcpinfoLineReader berlin(rules, out, model::TimeZone::find("Europe/Berlin").value());
  EXPECT_EQ(berlin.read("20261127.21h49m01s txn_close 198.51.100.2 192.0.2.1 40490", "AMS", ""),
            LogLine::sample);
  EXPECT_EQ(out.samples.at(0).at, parse_rfc3339("2026-11-27T20:49:01Z").value());
}

TEST_F(TcpinfoLineTest, NamesOfColumnsAreNoSample) {
  EXPECT_EQ(read("timestamp event client server rtt"), LogLine::nothing);
  EXPECT_EQ(read("timestamp event client server rtt rttvar last_sent last_recv"), LogLine::nothing);
  EXPECT_EQ(out.rejected, 0U);
}

TEST_F(TcpinfoLineTest, AConnectionWithoutARoundTripIsNoMistake) {
  EXPECT_EQ(read("20261127.20h49m01s ssn_start 198.51.100.2 192.0.2.1 0"), LogLine::no_round_trip);
}

TEST_F(TcpinfoLineTest, EveryBrokenRuleNamesItsField) {
  const auto field = [&](std::string_view line) {
    EXPECT_EQ(read(line), LogLine::rejected) << line;
    return rejected_field();
  };
  EXPECT_EQ(field("20261127.20h49m01s txn_close 198.51.100.2 192.0.2.1"), "line");
  EXPECT_EQ(field("{}"), "line");
  EXPECT_EQ(field("20261127.20h49m txn_close 198.51.100.2 192.0.2.1 40490"), "time");
  EXPECT_EQ(field("20261327.20h49m01s txn_close 198.51.100.2 192.0.2.1 40490"), "time");
  EXPECT_EQ(field("20261127.24h49m01s txn_close 198.51.100.2 192.0.2.1 40490"), "time");
  EXPECT_EQ(field("20261127.2-h49m01s txn_close 198.51.100.2 192.0.2.1 40490"), "time");
  EXPECT_EQ(field("20261127.21h49m01s txn_close 198.51.100.2 192.0.2.1 40490"), "time") << "ahead";
  EXPECT_EQ(field("20251127.20h49m01s txn_close 198.51.100.2 192.0.2.1 40490"), "time") << "a year old";
  EXPECT_EQ(field("20261127.20h49m01s txn_close nobody 192.0.2.1 40490"), "client");
  EXPECT_EQ(field("20261127.20h49m01s txn_close 198.51.100.2 192.0.2.1 -1"), "rtt_us");
  EXPECT_EQ(field("20261127.20h49m01s txn_close 198.51.100.2 192.0.2.1 40.5"), "rtt_us");
  EXPECT_EQ(field("20261127.20h49m01s txn_close 198.51.100.2 192.0.2.1 99999999999"), "rtt_us");
  EXPECT_EQ(reader.read("20261127.20h49m01s txn_close 198.51.100.2 192.0.2.1 40490", "", ""),
            LogLine::rejected);
  EXPECT_EQ(rejected_field(), "pop");
  EXPECT_TRUE(out.samples.empty());
}

}  // namespace
}  // namespace peering::latency
