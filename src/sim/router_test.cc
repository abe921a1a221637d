#include "sim/router.h"

#include <map>

#include <gtest/gtest.h>

#include "sim/station_for_tests.h"
#include "sim/timeline.h"

namespace peering::sim {
namespace {

namespace bgp = wire::bgp;
using testing::Station;

constexpr TimePoint began = time_from_us(1'795'600'000'000'000);

const World& world_of_routers() {
  static const World out = make_world({1, 2, 3000});
  return out;
}

// What the table says of one router's sessions.
std::map<std::pair<net::Address, net::Prefix>, bgp::PathAttributes> routes_of(
    const std::vector<RouteGroup>& table, std::size_t router) {
  std::map<std::pair<net::Address, net::Prefix>, bgp::PathAttributes> out;
  for (const RouteGroup& group : table) {
    const SessionSite& session = world_of_routers().sessions[group.session];
    if (session.router != router) continue;
    for (const net::Prefix& prefix : group.prefixes) out[{session.address, prefix}] = *group.attributes;
  }
  return out;
}

TEST(Router, AStationLearnsTheWholeTableFromTheGreeting) {
  TimelineOptions options;
  options.scenes = {Scene::hijack};
  const auto table = Timeline(world_of_routers(), options, {}).initial_table();
  for (std::size_t i = 0; i < world_of_routers().routers.size(); ++i) {
    const Router router(world_of_routers(), i, table);
    Station station;
    station.hear(router.greeting(began));
    EXPECT_EQ(station.system_name, world_of_routers().routers[i].name);
    EXPECT_EQ(station.peers.size(), 3U);
    EXPECT_EQ(station.ends_of_rib.size(), 6U) << "two families a session";
    EXPECT_EQ(station.routes, routes_of(table, i));
    EXPECT_EQ(station.routes.size(), router.routes());
    EXPECT_GT(station.routes.size(), 3000U);
  }
}

TEST(Router, AStationThatHearsEverythingKnowsWhatAnewOneIsTold) {
  const SimulatedClock clock{began, 1};
  TimelineOptions options;
  options.samples_per_second = 0;
  Timeline timeline(world_of_routers(), options, clock);
  std::vector<Router> routers;
  std::vector<Station> stations(world_of_routers().routers.size());
  for (std::size_t i = 0; i < stations.size(); ++i) {
    routers.emplace_back(world_of_routers(), i, timeline.initial_table());
    stations[i].hear(routers[i].greeting(began));
  }
  while (const auto moment = timeline.next()) {
    for (const RouteUpdate& update : moment->updates) {
      const std::size_t router = world_of_routers().sessions[update.session].router;
      stations[router].hear(routers[router].message(update, clock.wall(moment->at)));
      routers[router].apply(update);
    }
  }
  for (std::size_t i = 0; i < stations.size(); ++i) {
    Station late;
    late.hear(routers[i].greeting(began));
    EXPECT_EQ(late.routes, stations[i].routes);
  }
}

TEST(Router, CustomersRoutesAreWhatTheServiceAsksFor) {
  TimelineOptions options;
  options.scenes = {Scene::hijack};
  Station station;
  station.hear(Router(world_of_routers(), 0, Timeline(world_of_routers(), options, {}).initial_table())
                   .greeting(began));
  const SessionSite& primary =
      world_of_routers().sessions[world_of_routers().session_with(SessionRole::partner_primary)];
  for (const net::Prefix& prefix : world_of_routers().customers[0].prefixes) {
    const auto found = station.routes.find({primary.address, prefix});
    ASSERT_NE(found, station.routes.end()) << prefix.to_string();
    EXPECT_EQ(found->second.as_path.asns,
              (std::vector<net::Asn>{primary.asn, world_of_routers().customers[0].asn}));
    EXPECT_EQ(found->second.communities, std::vector<std::uint32_t>{service_community});
  }
}

TEST(Router, CountsItsRoutesAndSaysGoodbye) {
  const Router router(world_of_routers(), 1, world_of_routers().background);
  Station station;
  station.hear(router.greeting(began));
  station.hear(router.statistics(began));
  std::uint64_t all = 0;
  for (const auto& [peer, count] : station.counted) all += count;
  EXPECT_EQ(all, router.routes());
  station.hear(router.farewell());
  EXPECT_TRUE(station.terminated);
}

TEST(Router, TheSameSeedGivesTheSameBytes) {
  const auto bytes = [](std::uint64_t seed) {
    const World some = make_world({seed, 1, 500});
    return Router(some, 0, some.background).greeting(began);
  };
  EXPECT_EQ(bytes(9), bytes(9));
  EXPECT_NE(bytes(9), bytes(10));
}

}  // namespace
}  // namespace peering::sim
