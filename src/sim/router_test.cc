#include "sim/router.h"

#include <map>

#include <gtest/gtest.h>

#include "sim/station_for_tests.h"
#include "sim/timeline.h"

namespace peering::sim {
namespace {

namespace bgp = wire::bgp;
using testing::Station;

constexpr TimePoint start = time_from_us(1'795'600'000'000'000);

const World& world() {
  static const World out = make_world({1, 2, 3000});
  return out;
}

// What the table says of one router's sessions.
std::map<std::pair<net::Address, net::Prefix>, bgp::PathAttributes> routes_of(
    const std::vector<RouteGroup>& table, std::size_t router) {
  std::map<std::pair<net::Address, net::Prefix>, bgp::PathAttributes> out;
  for (const RouteGroup& group : table) {
    const SessionSite& session = world().sessions[group.session];
    if (session.router != router) continue;
    for (const net::Prefix& prefix : group.prefixes) out[{session.address, prefix}] = *group.attributes;
  }
  return out;
}

TEST(Router, AStationLearnsTheWholeTableFromTheGreeting) {
  TimelineOptions options;
  options.scenes = {Scene::hijack};
  const auto table = Timeline(world(), options, {}).initial_table();
  for (std::size_t i = 0; i < world().routers.size(); ++i) {
    const Router router(world(), i, table);
    Station station;
    station.hear(router.greeting(start));
    EXPECT_EQ(station.system_name, world().routers[i].name);
    EXPECT_EQ(station.peers.size(), 3U);
    EXPECT_EQ(station.ends_of_rib.size(), 6U) << "two families a session";
    EXPECT_EQ(station.routes, routes_of(table, i));
    EXPECT_EQ(station.routes.size(), router.routes());
    EXPECT_GT(station.routes.size(), 3000U);
  }
}

TEST(Router, AStationThatHearsEverythingKnowsWhatAnewOneIsTold) {
  const SimulatedClock clock{start, 1};
  TimelineOptions options;
  options.samples_per_second = 0;
  Timeline timeline(world(), options, clock);
  std::vector<Router> routers;
  std::vector<Station> stations(world().routers.size());
  for (std::size_t i = 0; i < stations.size(); ++i) {
    routers.emplace_back(world(), i, timeline.initial_table());
    stations[i].hear(routers[i].greeting(start));
  }
  while (const auto moment = timeline.next()) {
    for (const RouteUpdate& update : moment->updates) {
      const std::size_t router = world().sessions[update.session].router;
      stations[router].hear(routers[router].message(update, clock.wall(moment->at)));
      routers[router].apply(update);
    }
  }
  for (std::size_t i = 0; i < stations.size(); ++i) {
    Station late;
    late.hear(routers[i].greeting(start));
    EXPECT_EQ(late.routes, stations[i].routes);
  }
}

TEST(Router, CustomersRoutesAreWhatTheServiceAsksFor) {
  TimelineOptions options;
  options.scenes = {Scene::hijack};
  Station station;
  station.hear(Router(world(), 0, Timeline(world(), options, {}).initial_table()).greeting(start));
  const SessionSite& primary = world().sessions[world().session_with(SessionRole::partner_primary)];
  for (const net::Prefix& prefix : world().customers[0].prefixes) {
    const auto found = station.routes.find({primary.address, prefix});
    ASSERT_NE(found, station.routes.end()) << prefix.to_string();
    EXPECT_EQ(found->second.as_path.asns, (std::vector<net::Asn>{primary.asn, world().customers[0].asn}));
    EXPECT_EQ(found->second.communities, std::vector<std::uint32_t>{service_community});
  }
}

TEST(Router, CountsItsRoutesAndSaysGoodbye) {
  const Router router(world(), 1, world().background);
  Station station;
  station.hear(router.greeting(start));
  station.hear(router.statistics(start));
  std::uint64_t all = 0;
  for (const auto& [peer, count] : station.counted) all += count;
  EXPECT_EQ(all, router.routes());
  station.hear(router.farewell());
  EXPECT_TRUE(station.terminated);
}

TEST(Router, TheSameSeedGivesTheSameBytes) {
  const auto bytes = [](std::uint64_t seed) {
    const World some = make_world({seed, 1, 500});
    return Router(some, 0, some.background).greeting(start);
  };
  EXPECT_EQ(bytes(9), bytes(9));
  EXPECT_NE(bytes(9), bytes(10));
}

}  // namespace
}  // namespace peering::sim
