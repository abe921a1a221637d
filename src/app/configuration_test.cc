#include "app/configuration.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/bgp_configuration.h"
#include "app/latency_settings.h"

namespace peering::app {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) { return parse_configuration(text, "p.toml").error().message; }

TEST(Configuration, AnEmptyFileGivesTheDefaults) {
  const auto c = parse_configuration("", "p.toml").value();
  EXPECT_EQ(c.http.listen, "127.0.0.1:8470");
  EXPECT_EQ(c.feeds.bmp_listen, "127.0.0.1:11019");
  EXPECT_EQ(c.latency.accept_age, std::chrono::hours(24 * 30));
}

TEST(Configuration, ReadsEverySection) {
  const auto c = parse_configuration(R"(
data_dir = "/tmp/x"
[http]
listen = "[::1]:0"
[network]
asn = 64500
[[network.pops]]
name = "AMS"
latitude = 52
[[network.routers]]
name = "edge-1"
pop = "AMS"
[[feeds.mrt]]
path = "updates"
[[detection.asns]]
asn = 64500
upstreams = ["64496"]
connection = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Peering/peeringServices/office"
[latency]
accept_age = "2d"
)",
                                     "p.toml")
                     .value();
  EXPECT_EQ(c.data_dir, "/tmp/x");
  EXPECT_EQ(c.network.asn, 64500);
  EXPECT_EQ(c.network.pops.at(0).latitude, 52);
  EXPECT_EQ(c.network.routers.at(0).pop, "AMS");
  EXPECT_EQ(c.feeds.mrt.at(0).path, "updates");
  EXPECT_EQ(c.detection.asns.at(0).upstreams, std::vector<std::string>{"64496"});
  EXPECT_EQ(c.detection.asns.at(0).downstreams, std::vector<std::string>{"any"});
  EXPECT_EQ(c.latency.accept_age, std::chrono::hours(48));
}

TEST(Configuration, AnUnknownKeyNamesLineAndNearestKey) {
  EXPECT_EQ(refusal("[http]\nlisten_tsl = \"x\"\n"),
            "p.toml:2: http.listen_tsl: unknown key; the nearest known one is http.listen_tls");
  EXPECT_THAT(refusal("[[network.pops]]\nnme = \"x\"\n"), HasSubstr("p.toml:2: network.pops.nme"));
  EXPECT_THAT(refusal("[htp]\nlisten = \"x\"\n"), HasSubstr("http"));
}

TEST(Configuration, WrongValuesNameLineKeyAndRule) {
  EXPECT_EQ(refusal("[http]\n\nlisten = 3\n"), "p.toml:3: http.listen: a text is expected");
  EXPECT_THAT(refusal("[http]\nlisten = \"nowhere\"\n"), HasSubstr("HOST:PORT"));
  EXPECT_THAT(refusal("[network]\nasn = -1\n"), HasSubstr("AS number"));
  EXPECT_THAT(refusal("[latency]\naccept_age = \"soon\"\n"), HasSubstr("duration"));
  EXPECT_THAT(refusal("[network]\npeering_service_community = \"70000:1\"\n"), HasSubstr("community"));
  EXPECT_THAT(refusal("[[network.routers]]\nname = \"a\"\n"), HasSubstr("network.routers.pop"));
  EXPECT_THAT(refusal("[[detection.asns]]\nasn = 0\n"), HasSubstr("detection.asns.asn"));
  EXPECT_THAT(refusal("[[detection.asns]]\nasn = 1\n"), HasSubstr("detection.asns.connection"));
  EXPECT_THAT(refusal("[[detection.asns]]\nupstreams = [\"any\", \"1\"]\n"), HasSubstr("AS numbers"));
  EXPECT_THAT(refusal("[[detection.asns]]\nconnection = \"/subscriptions/s\"\n"),
              HasSubstr("the id of a peering service"));
  EXPECT_THAT(refusal("[latency]\nsamples_min = 1\n"), HasSubstr("a number of samples from 2 to 1000000"));
  EXPECT_THAT(refusal("[latency]\ndegraded_by_ms = 0\n"), HasSubstr("milliseconds from 1 to 10000"));
  EXPECT_THAT(refusal("[latency]\ndegraded_by_percent = -1\n"), HasSubstr("a percentage from 0 to 1000"));
  EXPECT_THAT(refusal("[latency]\ndegraded_of_bins = 13\n"), HasSubstr("a number of bins from 1 to 12"));
  EXPECT_THAT(refusal("[latency]\nbaseline_weeks = 1\n"), HasSubstr("a number of weeks from 2 to 8"));
  EXPECT_THAT(refusal("[http\n"), HasSubstr("p.toml:1"));
  EXPECT_THAT(refusal("[http]\ncertificate_file = \"a.pem\"\n"), HasSubstr("private_key_file"));
}

TEST(Configuration, SaysWhatADegradationIs) {
  const auto defaults = judge_settings(parse_configuration("", "p.toml").value());
  EXPECT_EQ(defaults.samples_min, 10);
  EXPECT_EQ(defaults.rise_us_min, 5000);
  EXPECT_EQ(defaults.rise_fraction_min, 0.1);
  EXPECT_EQ(std::pair(defaults.shifted_bins, defaults.of_bins), std::pair(std::size_t{2}, std::size_t{3}));
  EXPECT_EQ(defaults.recovered_bins, 3);
  EXPECT_EQ(defaults.window(), std::chrono::days(28));
  const auto c = parse_configuration("[latency]\ndegraded_bins = 4\n", "p.toml").value();
  EXPECT_EQ(check_judgement(c).error().message,
            "latency.degraded_bins: 4 bins are never among the 3 of latency.degraded_of_bins");
}

TEST(Configuration, BgpNeighborsAreCheckedAsAWhole) {
  const std::string head = "[network]\nasn = 7\n[feeds.bgp]\nrouter_id = \"10.0.0.1\"\n";
  const auto neighbor = [](std::string_view rest) {
    return fmt::format("[[feeds.bgp.neighbors]]\nasn = 8\n{}\n", rest);
  };
  const auto settings = [](const std::string& text) {
    return bgp_settings(parse_configuration(text, "p.toml").value());
  };
  const auto good =
      settings(head + neighbor("address = \"192.0.2.1\"\nrole = \"customer\"\nfamilies = [\"ipv6\"]"))
          .value();
  EXPECT_EQ(good.asn, 7U);
  EXPECT_EQ(good.neighbors.at(0).families, std::vector{wire::bgp::ipv6_unicast});
  EXPECT_EQ(good.neighbors.at(0).role, wire::bgp::Role::customer);
  const std::string one = neighbor("address = \"192.0.2.1\"");
  EXPECT_THAT(settings(head + one + one).error().message, HasSubstr("named once"));
  EXPECT_THAT(settings("[network]\nasn = 7\n" + one).error().message, HasSubstr("router_id"));
  EXPECT_THAT(settings("[feeds.bgp]\nrouter_id = \"10.0.0.1\"\n" + one).error().message, HasSubstr("asn"));
  EXPECT_THAT(
      settings(head + neighbor("address = \"192.0.2.1\"\npassword_file = \"/nowhere\"")).error().message,
      HasSubstr("password_file: /nowhere"));
  EXPECT_THAT(refusal(neighbor("address = \"router\"")), HasSubstr("IPv4 or IPv6 address"));
  EXPECT_THAT(refusal(neighbor("")), HasSubstr("feeds.bgp.neighbors.address: is required"));
  EXPECT_THAT(refusal(neighbor("address = \"::1\"\nhold_time_s = 2")), HasSubstr("3 to 65535"));
}

TEST(Configuration, WhatIsPrintedReadsBackTheSame) {
  auto c = parse_configuration(
               "[network]\nasn = 7\n[[feeds.mrt]]\npath = \"a\\\"b\"\n[[feeds.bgp.neighbors]]\naddress = "
               "\"::1\"\nasn = 1\n",
               "p.toml")
               .value();
  const std::string printed = print_configuration(c);
  const auto again = parse_configuration(printed, "printed").value();
  EXPECT_EQ(print_configuration(again), printed);
  EXPECT_EQ(again.feeds.mrt.at(0).path, "a\"b");
}

TEST(Configuration, TheReferencePageIsWhatTheTableSays) {
  std::ifstream in(PEERING_SOURCE_DIR "/docs/configuration.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(page, configuration_reference()) << "run peeringd --print-reference > docs/configuration.md";
}

}  // namespace
}  // namespace peering::app
