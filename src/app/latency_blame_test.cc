// Who is to blame, from the bins of all registered prefixes and the routing table.
#include "app/latency_blame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::app {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class Blamed : public testing::Test {
 protected:
  // Twelve prefixes, seen at three PoPs by way of one of three neighbours; all as usual so far.
  Blamed() {
    for (int i = 0; i < 12; ++i) {
      model::RegisteredPrefix prefix;
      prefix.resource = "/S/P" + std::to_string(i);
      prefix.expectation.prefix = prefix_of(i);
      registry->prefixes[prefix.resource.str()] = std::make_shared<const model::RegisteredPrefix>(prefix);
      for (const std::string pop : {"AMS", "LON", "FRA"}) {
        fill(i, pop, start - hours(1), 12, 30'000);
        fill(i, pop, start, 2, 30'000);
        announce(i, pop);
      }
    }
  }
  static net::Prefix prefix_of(int i) { return *net::Prefix::parse(fmt::format("10.0.{}.0/24", i)); }
  static net::Asn neighbor_of(int i) { return 64510 + static_cast<net::Asn>(i % 3); }

  void fill(int i, const std::string& pop, TimePoint from, int count, std::uint32_t rtt_us) {
    for (int bin = 0; bin < count; ++bin) {
      latency::SeriesBin made{
          model::SeriesKey{"/s/p" + std::to_string(i), prefix_of(i), pop, model::SampleKind::srtt, "edge"},
          from + bin * latency::bin_width,
          {}};
      made.sketch.add(rtt_us, 20);
      bins[{made.start, pop, i}] = made;
    }
  }
  void worsen(int i, const std::string& pop) { fill(i, pop, start, 2, 45'000); }
  void announce(int i, const std::string& pop) {
    auto peer = std::make_shared<rib::Peer>();
    peer->key.router = "edge-" + pop;
    peer->pop = pop;
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence({neighbor_of(i), 64600 + static_cast<net::Asn>(i)});
    routes.push_back({prefix_of(i), peer, attributes, start});
  }
  model::Blame blame(int i, const std::string& pop) {
    model::Event event;
    event.prefix = prefix_of(i);
    event.prefix_resource = "/S/P" + std::to_string(i);
    event.first_seen = start;
    event.latency = model::LatencyShift{.pop = pop, .basis = ""};
    return asked.of(event, now += seconds(10));
  }
  Result<std::vector<latency::SeriesBin>> bins_of(const latency::BinQuery& query) const {
    std::vector<latency::SeriesBin> out;
    for (const auto& [key, bin] : bins) {
      if (bin.series->prefix_resource == query.prefix_resource && bin.start >= query.from &&
          bin.start < query.to) {
        out.push_back(bin);
      }
    }
    return out;
  }
  Result<std::vector<rib::Route>> routes_of(const net::Prefix& prefix) const {
    std::vector<rib::Route> out;
    for (const rib::Route& each : routes) {
      if (each.prefix == prefix) out.push_back(each);
    }
    return out;
  }

  const TimePoint start = *parse_rfc3339("2026-11-23T10:00:00Z");
  TimePoint now = start + minutes(11);
  std::shared_ptr<model::Registry> registry = std::make_shared<model::Registry>();
  std::map<std::tuple<TimePoint, std::string, int>, latency::SeriesBin> bins;
  std::vector<rib::Route> routes;
  std::vector<model::Event> events;
  LatencyBlame asked{{.bins = [this](const latency::BinQuery& query) { return bins_of(query); },
                      .routes = [this](const net::Prefix& prefix) { return routes_of(prefix); },
                      .events =
                          [this](const store::EventQuery&) {
                            store::EventPage page;
                            page.events = events;
                            return Result<store::EventPage>(page);
                          },
                      .registry = [this] { return model::RegistryPointer(registry); },
                      .usual_us = [](const std::string&, const latency::SeriesName&,
                                     TimePoint) { return std::optional<double>(); },
                      .settings = {}}};
};

TEST_F(Blamed, ThePopWhereEveryClientIsWorse) {
  for (int i = 0; i < 12; ++i) worsen(i, "LON");
  const model::Blame found = blame(4, "LON");
  EXPECT_EQ(found.verdict, model::BlameVerdict::edge);
  EXPECT_EQ(found.pop, "LON");
}

TEST_F(Blamed, TheNeighbourWhoseClientsAreWorseEverywhere) {
  for (int i = 0; i < 12; i += 3) {
    for (const std::string pop : {"AMS", "LON", "FRA"}) worsen(i, pop);
  }
  const model::Blame found = blame(3, "AMS");
  EXPECT_EQ(found.verdict, model::BlameVerdict::middle);
  EXPECT_EQ(found.asn, 64510);
}

TEST_F(Blamed, TheClientThatIsWorseEverywhere) {
  for (const std::string pop : {"AMS", "LON", "FRA"}) worsen(7, pop);
  const model::Blame found = blame(7, "AMS");
  EXPECT_EQ(found.verdict, model::BlameVerdict::client);
  EXPECT_EQ(found.asn, 64607);
}

TEST_F(Blamed, NobodyWhenOnePopShowsItOfOnePrefix) {
  worsen(7, "AMS");
  EXPECT_EQ(blame(7, "AMS").verdict, model::BlameVerdict::ambiguous);
}

TEST_F(Blamed, NobodyWhenTooLittleIsKnown) {
  registry->prefixes = {};
  EXPECT_EQ(blame(7, "AMS").verdict, model::BlameVerdict::insufficient);
}

TEST_F(Blamed, WhatComesLaterIsSeenWhenItIsAskedAgain) {
  worsen(7, "AMS");
  EXPECT_EQ(blame(7, "AMS").verdict, model::BlameVerdict::ambiguous);
  for (int i = 0; i < 12; ++i) worsen(i, "AMS");
  EXPECT_EQ(blame(7, "AMS").verdict, model::BlameVerdict::edge);
}

TEST_F(Blamed, RouteEventsCloseInTimeAreEvidence) {
  for (const std::string pop : {"AMS", "LON", "FRA"}) worsen(7, pop);
  model::Event route;
  route.kind = model::EventKind::active_path;
  route.prefix = prefix_of(7);
  route.first_seen = start - seconds(30);
  route.summary = "10.0.7.0/24 goes another way";
  events = {route};
  const model::Blame found = blame(7, "AMS");
  EXPECT_THAT(found.evidence.back().text, testing::HasSubstr("10.0.7.0/24 goes another way"));
}

}  // namespace
}  // namespace peering::app
