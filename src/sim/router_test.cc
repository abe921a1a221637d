#include "sim/router.h"

#include <set>

#include <gtest/gtest.h>

#include "sim/timeline.h"
#include "wire/bgp/message.h"
#include "wire/bgp/update.h"
#include "wire/bmp/message.h"

namespace peering::sim {
namespace {

namespace bgp = wire::bgp;
namespace bmp = wire::bmp;

constexpr TimePoint start = time_from_us(1'795'600'000'000'000);
using Bytes = std::vector<std::uint8_t>;

// What a station that hears the bytes knows: the decoders are the server's own.
struct Station {
  std::string system_name;
  std::map<net::Address, net::Asn> peers;
  std::map<std::pair<net::Address, net::Prefix>, bgp::PathAttributes> routes;
  std::multiset<net::Address> ends_of_rib;
  std::map<net::Address, std::uint64_t> counted;
  bool terminated = false;

  void hear(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const auto size = bmp::split_frame(bytes);
      ASSERT_TRUE(size) << size.error().message;
      ASSERT_TRUE(*size > 0 && *size <= bytes.size()) << "a frame is incomplete";
      const auto message = bmp::decode_message(bytes.first(*size));
      ASSERT_TRUE(message) << message.error().message;
      std::visit([this](const auto& each) { take(each); }, *message);
      bytes = bytes.subspan(*size);
    }
  }

  void take(const bmp::Initiation& message) { system_name = message.system_name().value_or(""); }
  void take(const bmp::Termination&) { terminated = true; }
  void take(const bmp::PeerUp& message) {
    const auto open = bgp::decode_message(message.received_open);
    ASSERT_TRUE(open);
    const auto received = bgp::decode_open(open->body);
    ASSERT_TRUE(received);
    EXPECT_EQ(received->asn, message.peer.asn);
    EXPECT_TRUE(received->four_octet_asn);
    peers[message.peer.address] = message.peer.asn;
  }
  void take(const bmp::StatisticsReport& message) {
    for (const bmp::Statistic& each : message.statistics) counted[message.peer.address] = each.value;
  }
  void take(const bmp::RouteMonitoring& message) {
    ASSERT_EQ(peers.count(message.peer.address), 1U) << "routes before the peer is up";
    EXPECT_GE(message.peer.time, start);
    ASSERT_LE(message.update.size(), 4096U);
    const auto frame = bgp::decode_message(message.update);
    ASSERT_TRUE(frame);
    const bgp::Update update = bgp::decode_update(frame->body, {});
    EXPECT_TRUE(update.issues.empty());
    if (update.end_of_rib) ends_of_rib.insert(message.peer.address);
    const auto remove = [&](const auto& list) {
      for (const bgp::Nlri& route : list) routes.erase({message.peer.address, route.prefix});
    };
    remove(update.withdrawn);
    remove(update.mp_withdrawn);
    bgp::PathAttributes attributes = update.attributes;
    for (const bgp::Nlri& route : update.announced) routes[{message.peer.address, route.prefix}] = attributes;
    attributes.next_hop = update.mp_next_hop;
    for (const bgp::Nlri& route : update.mp_announced)
      routes[{message.peer.address, route.prefix}] = attributes;
  }
  template <class Other>
  void take(const Other&) {
    ADD_FAILURE() << "a message that a router of this simulation does not send";
  }
};

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
