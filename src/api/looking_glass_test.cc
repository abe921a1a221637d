// The looking glass answers from the routing table, and with what probes meet.
#include <thread>
#include <tuple>

#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class LookingGlass : public ApiFixture {
 protected:
  LookingGlass() {
    make_group();
    routes = {route("203.0.113.0/24", {64496, 64500}), route("203.0.113.0/24", {64499, 64500}),
              route("203.0.112.0/22", {64499})};
    auto seattle = std::make_shared<rib::Peer>(*routes[1].peer);
    seattle->key.address = *net::Address::parse("192.0.2.9");
    seattle->pop = "Seattle";
    routes[1].peer = seattle;
  }
  Reply ask(const std::string& query) {
    return post(std::string(sub_a) + "/providers/Microsoft.Peering/lookingGlass?" + query, "");
  }
  static std::string output(const Reply& reply) { return find_string(reply.body, "output").value_or(""); }
};

TEST_F(LookingGlass, ShowsTheRoutesOfTheLongestMatch) {
  const Reply reply =
      ask("command=BgpRoute&sourceType=AzureRegion&sourceLocation=West%20US&destinationIP=203.0.113.7");
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(find_string(reply.body, "command"), "BgpRoute");
  EXPECT_THAT(output(reply), HasSubstr("BGP routing table entry for 203.0.113.0/24\n"));
  EXPECT_THAT(output(reply), HasSubstr("AS path: 64496 64500\n"));
  EXPECT_THAT(output(reply), HasSubstr("AS path: 64499 64500\n"));
  EXPECT_THAT(output(reply), HasSubstr("router edge1, peer 192.0.2.1 AS64496, next hop 192.0.2.1\n"));
  EXPECT_THAT(output(reply), Not(HasSubstr("203.0.112.0/22")));
}

TEST_F(LookingGlass, ShowsOnlyTheRoutesOfTheSourceWhereItHasAny) {
  const Reply reply =
      ask("command=bgproute&sourceType=edgesite&sourceLocation=seattle&destinationIP=203.0.113.7");
  EXPECT_THAT(output(reply), HasSubstr("AS path: 64499 64500\n"));
  EXPECT_THAT(output(reply), Not(HasSubstr("64496")));
}

TEST_F(LookingGlass, SaysWhenThereIsNoRoute) {
  const Reply reply =
      ask("command=BgpRoute&sourceType=EdgeSite&sourceLocation=Seattle&destinationIP=2001:db8::1");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(output(reply), "No BGP route to 2001:db8::1\n");
}

TEST_F(LookingGlass, RefusesByParameter) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"sourceType=EdgeSite&sourceLocation=Seattle&destinationIP=203.0.113.7", "command ''"},
      {"command=Reboot&sourceType=EdgeSite&sourceLocation=x&destinationIP=203.0.113.7", "command 'Reboot'"},
      {"command=BgpRoute&sourceLocation=Seattle&destinationIP=203.0.113.7", "sourceType ''"},
      {"command=BgpRoute&sourceType=Site&sourceLocation=x&destinationIP=203.0.113.7", "sourceType 'Site'"},
      {"command=BgpRoute&sourceType=EdgeSite&destinationIP=203.0.113.7", "sourceLocation ''"},
      {"command=BgpRoute&sourceType=EdgeSite&sourceLocation=Seattle", "destinationIP ''"},
      {"command=BgpRoute&sourceType=EdgeSite&sourceLocation=x&destinationIP=203.0.113.0/24", "destinationIP"},
      {"command=Ping&sourceType=EdgeSite&sourceLocation=x&destinationIP=203.0.113.7;reboot", "destinationIP"},
      {"command=Ping&sourceType=EdgeSite&sourceLocation=x&destinationIP=203.0.113.7", "sourceLocation 'x'"},
  };
  for (const auto& [query, said] : cases) {
    const Reply reply = ask(query);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_EQ(reply.code(), "BadArgument") << query;
    EXPECT_THAT(reply.message(), HasSubstr(said));
  }
}

// A server at the PoP edge-sea, whose prober has the answers that a test gives it.
class LookingGlassWithProbes : public LookingGlass {
 protected:
  LookingGlassWithProbes() {
    Services given = services();
    given.settings.probe_pop = "edge-sea";
    given.settings.probe_metro = "Seattle";
    given.probe = [this](const model::ProbeOrder& order,
                         const std::function<void(model::ProbeReport)>& done) {
      orders.push_back(order);
      if (refusal) return refusal;
      std::thread([this, done] { done(report); }).detach();
      return refusal;
    };
    api = std::make_unique<Api>(std::move(given));
  }
  Reply probe(std::string_view command, std::string_view source = "edge-sea",
              std::string_view type = "EdgeSite") {
    return ask(fmt::format("command={}&sourceType={}&sourceLocation={}&destinationIP=203.0.113.7", command,
                           type, source));
  }
  static model::ProbeAnswer answered(std::int64_t rtt_us) {
    model::ProbeAnswer out;
    out.end = model::ProbeEnd::answered;
    out.rtt = Microseconds(rtt_us);
    out.from = *net::Address::parse("203.0.113.7");
    out.ttl = 60;
    out.bytes = 64;
    return out;
  }

  model::ProbeReport report;
  std::optional<model::ProbeRefusal> refusal;
  std::vector<model::ProbeOrder> orders;
};

TEST_F(LookingGlassWithProbes, PrintsWhatPingPrints) {
  report.payload_bytes = 56;
  report.took = std::chrono::milliseconds(2004);
  model::ProbeAnswer unreachable;
  unreachable.end = model::ProbeEnd::unreachable;
  unreachable.from = *net::Address::parse("198.51.100.1");
  unreachable.reason = "Destination Host Unreachable";
  report.answers = {answered(450), answered(12'340), model::ProbeAnswer{}, unreachable};
  const Reply reply = probe("ping");
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(find_string(reply.body, "command"), "Ping");
  EXPECT_EQ(output(reply),
            "PING 203.0.113.7 (203.0.113.7) 56(84) bytes of data.\n"
            "64 bytes from 203.0.113.7: icmp_seq=1 ttl=60 time=0.450 ms\n"
            "64 bytes from 203.0.113.7: icmp_seq=2 ttl=60 time=12.3 ms\n"
            "From 198.51.100.1 icmp_seq=4 Destination Host Unreachable\n"
            "\n"
            "--- 203.0.113.7 ping statistics ---\n"
            "4 packets transmitted, 2 received, +1 errors, 50% packet loss, time 2004ms\n"
            "rtt min/avg/max/mdev = 0.450/6.395/12.340/5.945 ms\n");
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].subscription, "00000000-0000-4000-8000-00000000000a");
  EXPECT_EQ(orders[0].destination.to_string(), "203.0.113.7");
}

TEST_F(LookingGlassWithProbes, PrintsWhatTraceroutePrints) {
  report.payload_bytes = 32;
  model::ProbeAnswer hop = answered(1234);
  hop.end = model::ProbeEnd::expired;
  hop.from = *net::Address::parse("198.51.100.1");
  model::ProbeAnswer other = hop, filtered = hop;
  other.from = *net::Address::parse("198.51.100.5");
  filtered.end = model::ProbeEnd::unreachable;
  filtered.mark = "!X";
  report.hops = {{1, {hop, hop, other}}, {2, {{}, {}, {}}}, {3, {filtered, {}, filtered}}};
  EXPECT_EQ(output(probe("Traceroute")),
            "traceroute to 203.0.113.7 (203.0.113.7), 30 hops max, 60 byte packets\n"
            " 1  198.51.100.1  1.234 ms  1.234 ms 198.51.100.5  1.234 ms\n"
            " 2  * * *\n"
            " 3  198.51.100.1  1.234 ms !X *  1.234 ms !X\n");
}

TEST_F(LookingGlassWithProbes, ProbesLeaveFromThisServersPlaceOnly) {
  report.answers = {answered(1)};
  for (const auto& [source, type] :
       {std::pair("EDGE-SEA", "EdgeSite"), std::pair("Seattle", "EdgeSite"),
        std::pair("West%20US%202", "AzureRegion"), std::pair("westus2", "AzureRegion")}) {
    EXPECT_EQ(probe("Ping", source, type).status, 200) << source;
  }
  for (const auto& [source, type] : {std::pair("edge-ams", "EdgeSite"), std::pair("East%20US", "AzureRegion"),
                                     std::pair("Seattle", "AzureRegion")}) {
    const Reply reply = probe("Ping", source, type);
    EXPECT_EQ(reply.status, 400) << source;
    EXPECT_EQ(reply.code(), "BadArgument");
    EXPECT_THAT(reply.message(), HasSubstr("probes are sent from there only"));
  }
  EXPECT_EQ(orders.size(), 4U);
}

TEST_F(LookingGlassWithProbes, ARefusalSaysWhy) {
  using Why = model::ProbeRefusal::Why;
  const std::vector<std::tuple<Why, int, std::string, std::string>> cases = {
      {Why::off, 400, "BadArgument", "this server does not send probes"},
      {Why::denied, 400, "BadArgument", "destinationIP '203.0.113.7'"},
      {Why::busy, 429, "TooManyRequests", "try again after 7 seconds"},
      {Why::impossible, 503, "ServiceUnavailable", "ICMP"},
  };
  for (const auto& [why, status, code, said] : cases) {
    refusal = model::ProbeRefusal{why, "because", std::chrono::seconds(7)};
    const Reply reply = probe("Ping");
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.code(), code);
    EXPECT_THAT(reply.message(), HasSubstr(said));
    if (why == Why::busy) {
      EXPECT_EQ(reply.header("Retry-After"), "7");
    }
  }
}

TEST_F(LookingGlassWithProbes, WhatIsCutOffByTheServersEndIsNoReport) {
  EXPECT_EQ(probe("Ping").status, 503);
  EXPECT_EQ(probe("Traceroute").code(), "ServiceUnavailable");
}

TEST_F(LookingGlass, WithoutAProberOnlyRoutesAreShown) {
  Services given = services();
  given.settings.probe_pop = "edge-sea";
  api = std::make_unique<Api>(std::move(given));
  const Reply reply =
      ask("command=Traceroute&sourceType=EdgeSite&sourceLocation=edge-sea&destinationIP=203.0.113.7");
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.message(), HasSubstr("command 'Traceroute'"));
}

TEST_F(LookingGlass, IsNotForOtherTenants) {
  make_group(sub_b);
  const std::string path =
      versioned(std::string(sub_a) +
                "/providers/Microsoft.Peering/lookingGlass?command=BgpRoute&sourceType=EdgeSite"
                "&sourceLocation=Seattle&destinationIP=203.0.113.7");
  EXPECT_EQ(send_as(token("Owner", sub_b), http::Method::post, path).code(), "SubscriptionNotFound");
  EXPECT_EQ(send_as(token("Reader", sub_a), http::Method::post, path).status, 200);
}

}  // namespace
}  // namespace peering::api
