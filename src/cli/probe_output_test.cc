#include "cli/probe_output.h"

#include <sstream>
#include <vector>

#include <gmock/gmock.h>

#include "base/json.h"

namespace peering::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Converted {
  std::vector<std::string> samples;  // "client kind rtt_us time"
  std::uint64_t lost = 0, passed_over = 0;
  std::string error;
};

Converted convert(ProbeFormat format, const std::string& text, std::optional<TimePoint> time = std::nullopt) {
  std::istringstream in(text);
  ProbeOutput output(in, {format, "AMS", "test", time});
  Converted out;
  for (auto body = output.next();; body = output.next()) {
    if (!body) out.error = body.error().message;
    if (!body || !*body) break;
    std::istringstream lines(**body);
    for (std::string line; std::getline(lines, line);) {
      const json::value sample = parse_json(line).value();
      EXPECT_EQ(find_string(sample, "pop"), "AMS");
      EXPECT_EQ(find_string(sample, "source"), "test");
      const json::value& at = sample.at("time");
      out.samples.push_back(fmt::format(
          "{} {} {:.0f} {}", *find_string(sample, "client"), *find_string(sample, "kind"),
          sample.at("rtt_us").to_number<double>(),
          at.is_string() ? std::string(at.as_string()) : fmt::format("{:.6f}", at.to_number<double>())));
    }
  }
  out.lost = output.lost();
  out.passed_over = output.passed_over();
  return out;
}

constexpr std::string_view atlas_ping =
    R"({"fw":5020,"af":4,"dst_addr":"192.0.2.1","result":[{"rtt":31.469868},{"x":"*"},)"
    R"({"error":"sendto failed"}],"rcvd":1,"sent":3,"prb_id":7,"msm_id":1,"timestamp":1654959318,)"
    R"("from":"203.0.113.125","type":"ping","note":"a } in \" text"})";

TEST(ProbeOutput, ResultsOfAtlasComeInAListOrByLine) {
  const std::string one(atlas_ping);
  for (const std::string& text :
       {one + "\n" + one + "\n", "[" + one + "," + one + "]", "[\n" + one + " ,\n" + one + "\n]\n"}) {
    const Converted got = convert(ProbeFormat::atlas, text);
    EXPECT_EQ(got.error, "");
    EXPECT_THAT(got.samples, ElementsAre("203.0.113.125 icmp 31470 1654959318.000000",
                                         "203.0.113.125 icmp 31470 1654959318.000000"));
    EXPECT_EQ(got.lost, 4U);
  }
}

TEST(ProbeOutput, WhatIsNoPingIsPassedOver) {
  const Converted got =
      convert(ProbeFormat::atlas, R"([{"type":"dns","from":"203.0.113.1","result":[]},{"a":1}])");
  EXPECT_TRUE(got.samples.empty());
  EXPECT_EQ(got.passed_over, 2U);
}

TEST(ProbeOutput, LinesOfFpingWithTimesAndWithout) {
  const Converted timed =
      convert(ProbeFormat::fping,
              "[1795782558.29510] 203.0.113.1 : [0], 64 bytes, 0.039 ms (0.039 avg, 0% loss)\n"
              "[1795782558.30] 203.0.113.9 : [0], timed out (NaN avg, 100% loss)\n"
              "\n203.0.113.1 : xmt/rcv/%loss = 1/1/0%, min/avg/max = 0.039/0.039/0.039\n");
  EXPECT_EQ(timed.error, "");
  EXPECT_THAT(timed.samples, ElementsAre("203.0.113.1 icmp 39 1795782558.295100"));
  EXPECT_EQ(timed.lost, 1U);
  EXPECT_EQ(timed.passed_over, 1U);
  const auto time = parse_rfc3339("2026-11-23T10:00:00Z").value();
  EXPECT_THAT(convert(ProbeFormat::fping, "2001:db8::1 : 42.3 - 41.1\n", time).samples,
              ElementsAre("2001:db8::1 icmp 42300 2026-11-23T10:00:00Z",
                          "2001:db8::1 icmp 41100 2026-11-23T10:00:00Z"));
  EXPECT_THAT(convert(ProbeFormat::fping, "203.0.113.1 : 42.3\n").error,
              HasSubstr("line 1: fping -C says no times"));
  EXPECT_THAT(convert(ProbeFormat::fping, "203.0.113.1 : [0], 64 bytes, 1 ms\n").error, HasSubstr("--time"));
  EXPECT_THAT(convert(ProbeFormat::fping, "203.0.113.1 : fast\n", time).error,
              HasSubstr("line 1: no round-trip"));
}

TEST(ProbeOutput, ScampersJsonSaysWhenEachAnswerCame) {
  const std::string line =
      R"({"type":"ping","method":"icmp-echo","dst":"203.0.113.1","start":{"sec":1795782558,"usec":462818},)"
      R"("ping_sent":3,"responses":[{"rx":{"sec":1795782558,"usec":462975},"rtt":0.038},)"
      R"({"rx":{"sec":1795782559,"usec":1},"rtt":40.5}]})";
  const std::string around = R"({"type":"cycle-start","id":0})";
  const Converted got = convert(ProbeFormat::scamper, around + "\n" + line + "\n");
  EXPECT_THAT(got.samples, ElementsAre("203.0.113.1 icmp 38 1795782558.462975",
                                       "203.0.113.1 icmp 40500 1795782559.000001"));
  EXPECT_EQ(got.lost, 1U);
  EXPECT_EQ(got.passed_over, 1U);
  std::string tcp = line;
  tcp.replace(tcp.find("icmp-echo"), 9, "tcp-syn");
  EXPECT_THAT(convert(ProbeFormat::scamper, tcp).samples.at(0), HasSubstr("handshake"));
}

TEST(ProbeOutput, WhatIsDamagedIsToldWithItsPlace) {
  const std::string one(atlas_ping);
  EXPECT_THAT(convert(ProbeFormat::atlas, one + one.substr(0, 50)).error, HasSubstr("result 2 is cut off"));
  EXPECT_THAT(convert(ProbeFormat::atlas, one + "{\"a\" 1}").error, HasSubstr("result 2: "));
  EXPECT_THAT(
      convert(ProbeFormat::atlas, "{\"a\":\"" + std::string(ProbeOutput::object_bytes_max, 'x')).error,
      HasSubstr("result 1 is longer"));
}

}  // namespace
}  // namespace peering::cli
