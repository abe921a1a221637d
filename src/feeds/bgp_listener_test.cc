#include "feeds/bgp_listener.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "feeds/archive.h"
#include "feeds/bgp_sockets.h"
#include "feeds/bgp_test_neighbor.h"
#include "feeds/mrt_file.h"
#include "feeds/recorded_sink.h"
#include "rib/path_set.h"

namespace peering::feeds {
namespace {

using namespace std::chrono_literals;
using test::Neighbor;
using testing::HasSubstr;
namespace bgp = wire::bgp;

class Collector : public testing::Test {
 protected:
  static BgpNeighbor neighbor_of(std::string_view address = "127.0.0.1") {
    BgpNeighbor out;
    out.address = *net::Address::parse(address);
    out.asn = test::neighbor_asn;
    return out;
  }

  http::Endpoint start(BgpNeighbor neighbor = neighbor_of(), std::size_t shards = 1) {
    return start(std::vector{std::move(neighbor)}, shards);
  }
  http::Endpoint start(std::vector<BgpNeighbor> neighbors, std::size_t shards = 1) {
    BgpSettings settings;
    settings.asn = test::collector_asn;
    settings.router_id = net::Address::v4(0x0a000001);
    settings.neighbors = std::move(neighbors);
    settings.hold_off_first = 20ms;
    settings.hold_off_longest = 40ms;
    settings.connect_retry = 50ms;
    settings.open_time = open_time;
    settings.prefix_limit_pause = 50ms;
    settings.repeat_time_max = repeat_time_max;
    settings.archive = archive ? &*archive : nullptr;
    sink = std::make_unique<RecordedSink>(shards);
    listener = std::make_unique<BgpListener>(settings, peers, *sink, metrics);
    const auto bound = listener->listen({"127.0.0.1", 0}).value();
    listener->start();
    return bound;
  }

  // Tries until the neighbour is not held off.
  static Neighbor established(const http::Endpoint& to, const bgp::Open& open = test::neighbor_open(),
                              const char* from = "127.0.0.1") {
    for (int i = 0; i < 500; ++i) {
      Neighbor neighbor = Neighbor::connect(to, from);
      if (neighbor.establish(open)) return neighbor;
      std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "no session";
    return {};
  }

  double value(std::string_view name) const {
    const std::string text = metrics.render();
    const std::size_t at = text.find("\n" + std::string(name) + " ");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size() + 2));
  }
  bool becomes(std::string_view name, double wanted) const {
    for (int i = 0; i < 1000 && value(name) != wanted; ++i) std::this_thread::sleep_for(10ms);
    return value(name) == wanted;
  }

  std::chrono::milliseconds open_time{60'000}, repeat_time_max{600'000};
  Metrics metrics;
  PeerRegistry peers;
  std::optional<Archive> archive;
  std::unique_ptr<RecordedSink> sink;
  std::unique_ptr<BgpListener> listener;
};

TEST_F(Collector, ASessionItsRoutesAndItsEndReachTheShard) {
  const auto endpoint = start();
  Neighbor neighbor = established(endpoint);
  neighbor.send(test::announcement("203.0.113.0/24"));
  neighbor.send(bgp::encode_end_of_rib(bgp::ipv4_unicast));
  neighbor.send(bgp::encode_end_of_rib(bgp::ipv6_unicast));
  neighbor.send(bgp::encode_notification(bgp::cease(bgp::CeaseSubcode::administrative_shutdown, "night")));
  ASSERT_TRUE(sink->wait_for_count<PeerDown>(1));
  EXPECT_EQ(sink->all<RouterUp>().at(0).router, "127.0.0.1");
  const auto up = sink->all<PeerUp>().at(0);
  EXPECT_EQ(up.peer->asn, test::neighbor_asn);
  EXPECT_EQ(up.peer->key.rib_kind, rib::RibKind::adj_rib_in_pre_policy);
  const auto batch = sink->all<rib::RouteBatch>().at(0);
  EXPECT_EQ(batch.announced.at(0).to_string(), "203.0.113.0/24");
  const auto ends = sink->all<EndOfRib>();
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_FALSE(ends[0].complete);
  EXPECT_TRUE(ends[1].complete);
  EXPECT_THAT(sink->all<PeerDown>().at(0).reason, HasSubstr("\"night\""));
  EXPECT_TRUE(becomes("peering_bgp_sessions{state=\"established\"}", 0));
}

TEST_F(Collector, TheBookOfSessionsFollowsTheStateMachine) {
  BgpNeighbor named = neighbor_of();
  named.name = "edge-1";
  const auto endpoint = start(named);
  const auto becomes_state = [&](std::string_view state) {
    std::vector<model::BgpSession> all;
    for (int i = 0; i < 1000; ++i) {
      const auto sessions = peers.sessions().snapshot();
      all.assign(sessions->all().begin(), sessions->all().end());
      if (all.size() == 1 && all[0].state == state) return all[0];
      std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "never " << state;
    return model::BgpSession{};
  };
  EXPECT_FALSE(becomes_state("Active").established) << "it waits for the neighbour to connect";
  Neighbor neighbor = established(endpoint);
  const auto up = becomes_state("Established");
  EXPECT_TRUE(up.established);
  EXPECT_EQ(up.router, "edge-1");
  EXPECT_EQ(up.peer_asn, test::neighbor_asn);
  EXPECT_EQ(up.local_address, net::Address::parse("127.0.0.1").value());
  neighbor.close();
  EXPECT_FALSE(becomes_state("Active").established);
  listener->configure({});
  for (int i = 0; i < 1000 && !peers.sessions().snapshot()->all().empty(); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(peers.sessions().snapshot()->all().empty());
}

TEST_F(Collector, WhatANeighborSaysIsArchivedToItsLastMessage) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "bgp-archive";
  std::filesystem::remove_all(folder);
  archive.emplace(ArchiveSettings{{folder, std::chrono::hours(24), false, {}}, 1 << 20}, metrics);
  archive->start();
  const auto endpoint = start();
  Neighbor neighbor = established(endpoint);
  neighbor.send(test::announcement("203.0.113.0/24"));
  auto malformed = test::announcement("198.51.100.0/24");
  malformed[bgp::header_bytes] = 0xff;  // more withdrawn routes than there are bytes
  neighbor.send(malformed);
  ASSERT_TRUE(sink->wait_for_count<PeerDown>(1));
  listener->stop();
  archive->stop();
  const std::filesystem::path file = std::filesystem::directory_iterator(folder)->path();
  auto records = MrtFile::open(file.string());
  wire::mrt::Record record;
  std::vector<int> subtypes;
  while (records->next(record).value_or(false)) subtypes.push_back(record.subtype);
  constexpr int state_change_as4 = 5, message_as4 = 4;
  EXPECT_EQ(subtypes, (std::vector{state_change_as4, message_as4, message_as4, state_change_as4}));
  std::filesystem::remove_all(folder);
}

bgp::Open repeating_open() {
  bgp::Open out = test::neighbor_open();
  out.enhanced_route_refresh = true;
  return out;
}

test::Bytes marker(std::uint8_t subtype) { return bgp::encode_route_refresh({bgp::ipv4_unicast, subtype}); }

TEST_F(Collector, ARepeatOfRoutesIsHandedOnFromItsBeginToItsEnd) {
  const auto endpoint = start();
  Neighbor neighbor = established(endpoint, repeating_open());
  neighbor.send(marker(2));  // the end of nothing
  neighbor.send(marker(1));
  neighbor.send(test::announcement("203.0.113.0/24"));
  neighbor.send(bgp::encode_end_of_rib(bgp::ipv4_unicast));
  neighbor.send(bgp::encode_end_of_rib(bgp::ipv6_unicast));
  neighbor.send(marker(2));
  ASSERT_TRUE(sink->wait_for_count<RoutesRepeat>(2));
  const auto repeats = sink->all<RoutesRepeat>();
  EXPECT_TRUE(repeats[0].begins);
  EXPECT_FALSE(repeats[1].begins);
  EXPECT_EQ(repeats[0].family, net::Family::ipv4);
  EXPECT_EQ(sink->all<EndOfRib>().size(), 2U);
  EXPECT_FALSE(sink->all<EndOfRib>().at(1).complete) << "nothing is swept while it is repeated";
}

TEST_F(Collector, ARepeatThatIsNotEndedInTimeIsTakenToBeOver) {
  repeat_time_max = 20ms;
  const auto endpoint = start();
  Neighbor neighbor = established(endpoint, repeating_open());
  neighbor.send(marker(1));
  ASSERT_TRUE(sink->wait_for_count<RoutesRepeat>(2));
  const auto repeats = sink->all<RoutesRepeat>();
  EXPECT_TRUE(repeats[0].begins);
  EXPECT_FALSE(repeats[1].begins);
  EXPECT_EQ(repeats[1].family, net::Family::ipv4);
  EXPECT_EQ(value("peering_bgp_overdue_repeats_total"), 1);
  neighbor.send(marker(2));  // too late
  neighbor.send(bgp::encode_end_of_rib(bgp::ipv4_unicast));
  ASSERT_TRUE(sink->wait_for_count<EndOfRib>(1));
  EXPECT_EQ(sink->all<RoutesRepeat>().size(), 2U);
}

TEST_F(Collector, WhoRestartsGracefullyRepeatsNothingBeforeItsEndOfRib) {
  const auto endpoint = start();
  bgp::Open open = repeating_open();
  open.graceful_restart = bgp::Open::GracefulRestart{false, true, 30, {}};
  Neighbor neighbor = established(endpoint, open);
  neighbor.send(marker(1));
  neighbor.send(marker(2));
  neighbor.send(bgp::encode_end_of_rib(bgp::ipv4_unicast));
  neighbor.send(bgp::encode_end_of_rib(bgp::ipv6_unicast));
  ASSERT_TRUE(sink->wait_for_count<EndOfRib>(2));
  EXPECT_TRUE(sink->all<RoutesRepeat>().empty());
  neighbor.send(marker(1));
  EXPECT_TRUE(sink->wait_for_count<RoutesRepeat>(1));
}

TEST_F(Collector, PrefixesThatAreNotRepeatedNoLongerCountForTheLimit) {
  BgpNeighbor limited = neighbor_of();
  limited.prefixes_max = 2;
  const auto endpoint = start(limited);
  Neighbor neighbor = established(endpoint, repeating_open());
  neighbor.send(test::announcement("203.0.113.0/24"));
  neighbor.send(test::announcement("198.51.100.0/24"));
  neighbor.send(marker(1));
  neighbor.send(test::announcement("203.0.113.0/24"));
  neighbor.send(marker(2));
  neighbor.send(test::announcement("192.0.2.0/24"));
  ASSERT_TRUE(sink->wait_for_count<rib::RouteBatch>(4));
  neighbor.send(test::announcement("10.0.0.0/8"));
  ASSERT_TRUE(sink->wait_for_count<PeerDown>(1));
  EXPECT_THAT(sink->all<PeerDown>().at(0).reason, HasSubstr("maximum number of prefixes"));
}

// A neighbour that sends several paths for a prefix, and what its messages look like then.
bgp::Open paths_open() {
  bgp::Open out = repeating_open();
  out.add_path = {{bgp::ipv4_unicast, false, true}};
  return out;
}
constexpr bgp::SessionFacts with_paths{.add_path_ipv4 = true};

TEST_F(Collector, PathsThatCameAndWentInARepeatDoNotCountForTheLimit) {
  BgpNeighbor limited = neighbor_of();
  limited.prefixes_max = 2;
  limited.add_path = true;
  const auto endpoint = start(limited);
  Neighbor neighbor = established(endpoint, paths_open());
  for (const char* prefix : {"203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "10.0.0.0/8"}) {
    neighbor.send(test::announcement(prefix, with_paths, 1));
    neighbor.send(test::announcement(prefix, with_paths, 2));
    neighbor.send(marker(1));
    neighbor.send(test::announcement(prefix, with_paths, 2));
    neighbor.send(test::announcement(prefix, with_paths, 2));
    neighbor.send(test::withdrawal(prefix, with_paths, 2));  // so path 1 is seen again
    neighbor.send(marker(2));                                // and was not repeated
  }
  ASSERT_TRUE(sink->wait_for_count<RoutesRepeat>(8));
  EXPECT_TRUE(sink->all<PeerDown>().empty());
  for (const char* prefix : {"203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"}) {
    neighbor.send(test::announcement(prefix, with_paths, 1));
  }
  ASSERT_TRUE(sink->wait_for_count<PeerDown>(1)) << "there is a limit all the same";
}

TEST_F(Collector, PathsWithoutEndAreForgottenAndCounted) {
  BgpNeighbor several = neighbor_of();
  several.add_path = true;
  const auto endpoint = start(several);
  Neighbor neighbor = established(endpoint, paths_open());
  for (std::uint32_t path = 0; path < rib::paths_max + 5; ++path) {
    neighbor.send(test::announcement("203.0.113.0/24", with_paths, path));
  }
  EXPECT_TRUE(becomes("peering_bgp_paths_forgotten_total", 5));
  for (std::uint32_t path = 0; path < rib::paths_max + 5; ++path) {
    neighbor.send(test::withdrawal("203.0.113.0/24", with_paths, path));
  }
  ASSERT_TRUE(sink->wait_for([](const std::vector<Said>& said) {
    const auto* last = said.empty() ? nullptr : std::get_if<rib::RouteBatch>(&said.back());
    return last && !last->withdrawn.empty();
  })) << "the withdrawal is not lost";
}

TEST_F(Collector, StrangersAreRefusedAndCounted) {
  const auto endpoint = start(neighbor_of("127.0.0.77"));
  Neighbor stranger = Neighbor::connect(endpoint);
  EXPECT_EQ(stranger.receive(), std::nullopt);
  EXPECT_TRUE(becomes("peering_bgp_connections_refused_total{reason=\"unknown_address\"}", 1));
}

TEST_F(Collector, ItConnectsToNeighborsThatAreNotPassive) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(server, reinterpret_cast<sockaddr*>(&address), size), 0);
  ::getsockname(server, reinterpret_cast<sockaddr*>(&address), &size);
  BgpNeighbor neighbor = neighbor_of();
  neighbor.passive = false;
  neighbor.port = ntohs(address.sin_port);
  start(neighbor);
  std::this_thread::sleep_for(100ms);  // the first attempts meet nobody
  ASSERT_EQ(::listen(server, 5), 0);
  Neighbor peer(::accept(server, nullptr, nullptr));
  EXPECT_TRUE(peer.establish());
  EXPECT_TRUE(sink->wait_for_count<PeerUp>(1));
  ::close(server);
}

TEST_F(Collector, GoodbyeComesWithWords) {
  const auto endpoint = start();
  Neighbor neighbor = established(endpoint);
  ASSERT_TRUE(sink->wait_for_count<PeerUp>(1));
  std::optional<bgp::Notification> last;
  std::thread reader([&] {
    last = neighbor.notification();
    neighbor.close();
  });
  listener->stop();
  reader.join();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(bgp::to_text(*last), "cease: administrative shutdown, \"the collector stops\"");
  EXPECT_TRUE(sink->all<PeerDown>().empty()) << "our own end is no event";
}

TEST_F(Collector, AFullShardSlowsTheNeighborAndLosesNothing) {
  BgpNeighbor impatient = neighbor_of();
  impatient.hold_time_s = 3;
  const auto endpoint = start(impatient);
  Neighbor neighbor = established(endpoint);
  ASSERT_TRUE(sink->wait_for_count<PeerUp>(1));
  sink->refuse(true);
  test::Bytes burst;
  while (burst.size() < 1'000'000) {
    const auto message = test::announcement("203.0.113.0/24");
    burst.insert(burst.end(), message.begin(), message.end());
  }
  std::size_t sent = 0;
  const auto until = std::chrono::steady_clock::now() + 4s;  // longer than the hold time
  while (std::chrono::steady_clock::now() < until) {
    const std::size_t now =
        neighbor.send_some({burst.begin() + static_cast<std::ptrdiff_t>(sent % burst.size()), burst.end()});
    sent += now;
    if (now == 0) std::this_thread::sleep_for(10ms);
  }
  EXPECT_LT(sent, 50'000'000U) << "TCP's window is closed";
  EXPECT_GT(value("peering_bgp_waits_total"), 0);
  int keepalives = 0;
  for (; keepalives < 3 && neighbor.receive(); ++keepalives) {
  }
  EXPECT_EQ(keepalives, 3) << "they go out all the same";
  sink->refuse(false);
  const std::size_t message_bytes = test::announcement("203.0.113.0/24").size();
  EXPECT_TRUE(sink->wait_for_count<rib::RouteBatch>(sent / message_bytes));
  EXPECT_TRUE(sink->all<PeerDown>().empty());
  EXPECT_LT(sink->posts(), sent / message_bytes / 10) << "what one read gave travels together";
}

TEST_F(Collector, TooManyPrefixesCloseTheSessionForATime) {
  BgpNeighbor small = neighbor_of();
  small.prefixes_max = 2;
  const auto endpoint = start(small);
  Neighbor neighbor = established(endpoint);
  for (const char* prefix : {"203.0.113.0/24", "203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"}) {
    neighbor.send(test::announcement(prefix));
  }
  EXPECT_EQ(neighbor.notification(), (bgp::Notification{6, 1, {0, 1, 1, 0, 0, 0, 2}}));
  ASSERT_TRUE(sink->wait_for_count<PeerDown>(1));
  EXPECT_EQ(sink->all<rib::RouteBatch>().size(), 3U);
  established(endpoint);
  EXPECT_TRUE(sink->wait_for_count<PeerUp>(2));
}

TEST_F(Collector, RoutesOfAGracefulNeighborAreKeptUntilItIsBack) {
  bgp::Open open = test::neighbor_open();
  open.graceful_restart =
      bgp::Open::GracefulRestart{false, false, 77, {{bgp::ipv4_unicast, true}, {bgp::ipv6_unicast, true}}};
  const auto endpoint = start();
  Neighbor neighbor = established(endpoint, open);
  ASSERT_TRUE(sink->wait_for_count<PeerUp>(1));
  neighbor.close();
  ASSERT_TRUE(sink->wait_for_count<RouterDown>(1));
  EXPECT_EQ(sink->all<RouterDown>().at(0).keep, Microseconds(77s));
  Neighbor again = established(endpoint, open);
  ASSERT_TRUE(sink->wait_for_count<PeerUp>(2));
  EXPECT_EQ(sink->all<RouterUp>().size(), 2U);
  EXPECT_TRUE(sink->all<PeerDown>().empty());
}

TEST_F(Collector, RefreshAsksForEveryFamily) {
  const auto endpoint = start();
  EXPECT_FALSE(listener->refresh("127.0.0.1")) << "no session";
  EXPECT_FALSE(listener->refresh("somebody"));
  Neighbor neighbor = established(endpoint);
  ASSERT_TRUE(sink->wait_for_count<PeerUp>(1));
  EXPECT_TRUE(listener->refresh("127.0.0.1"));
  for (const bgp::FamilyId family : {bgp::ipv4_unicast, bgp::ipv6_unicast}) {
    const auto message = neighbor.receive();
    ASSERT_TRUE(message.has_value());
    const auto framed = bgp::decode_message(*message).value();
    ASSERT_EQ(framed.type, bgp::MessageType::route_refresh);
    EXPECT_EQ(bgp::decode_route_refresh(framed.body).value().family, family);
  }
  listener->stop();
  EXPECT_FALSE(listener->refresh("127.0.0.1"));
}

TEST_F(Collector, OthersDoNotNoticeThatNeighborsAreAddedRemovedAndChanged) {
  const auto endpoint = start({neighbor_of("127.0.0.1"), neighbor_of("127.0.0.2"), neighbor_of("127.0.0.3")});
  Neighbor stays = established(endpoint);
  Neighbor goes = established(endpoint, test::neighbor_open(), "127.0.0.2");
  Neighbor changes = established(endpoint, test::neighbor_open(), "127.0.0.3");
  ASSERT_TRUE(sink->wait_for_count<PeerUp>(3));
  BgpNeighbor changed = neighbor_of("127.0.0.3");
  changed.hold_time_s = 30;
  const auto done = listener->configure({neighbor_of("127.0.0.1"), changed, neighbor_of("127.0.0.4")});
  EXPECT_EQ(done, (BgpListener::Reconfigured{.added = 1, .removed = 1, .changed = 1}));
  EXPECT_EQ(goes.notification(), (bgp::Notification{6, 3}));
  EXPECT_EQ(changes.notification(), (bgp::Notification{6, 6}));
  ASSERT_TRUE(sink->wait_for_count<PeerDown>(2));
  for (const PeerDown& down : sink->all<PeerDown>()) {
    EXPECT_FALSE(down.outage) << "we only look no longer";
    EXPECT_NE(down.peer->key.address.to_string(), "127.0.0.1");
  }
  goes.close();
  changes.close();
  Neighbor again = established(endpoint, test::neighbor_open(), "127.0.0.3");
  Neighbor added = established(endpoint, test::neighbor_open(), "127.0.0.4");
  ASSERT_TRUE(sink->wait_for_count<PeerUp>(5));
  Neighbor stranger = Neighbor::connect(endpoint, "127.0.0.2");
  EXPECT_EQ(stranger.receive(), std::nullopt);
  stays.send(test::announcement("203.0.113.0/24"));
  EXPECT_TRUE(sink->wait_for_count<rib::RouteBatch>(1)) << "the session is the one that it was";
  EXPECT_TRUE(becomes("peering_bgp_sessions{state=\"established\"}", 3));
  EXPECT_EQ(listener->configure({neighbor_of("127.0.0.1"), changed, neighbor_of("127.0.0.4")}),
            BgpListener::Reconfigured{});
}

TEST_F(Collector, ANeighborThatIsRemovedIsGoneOnceTheShardsHaveTakenItsEnd) {
  const auto endpoint = start();
  Neighbor neighbor = established(endpoint);
  ASSERT_TRUE(sink->wait_for_count<PeerUp>(1));
  sink->refuse(true);
  EXPECT_EQ(listener->configure({}).removed, 1U);
  EXPECT_EQ(neighbor.notification(), (bgp::Notification{6, 3}));
  neighbor.close();
  EXPECT_EQ(listener->configure({neighbor_of()}), BgpListener::Reconfigured{}) << "it has not gone yet";
  sink->refuse(false);
  ASSERT_TRUE(sink->wait_for_count<PeerDown>(1));
  established(endpoint);
  EXPECT_TRUE(sink->wait_for_count<PeerUp>(2)) << "it was wanted again meanwhile";
}

TEST_F(Collector, ANeighborThatIsDownIsForgottenOnceItIsRenamed) {
  const auto endpoint = start();
  Neighbor neighbor = established(endpoint);
  ASSERT_TRUE(sink->wait_for_count<PeerUp>(1));
  neighbor.close();
  ASSERT_TRUE(sink->wait_for_count<PeerDown>(1));
  BgpNeighbor renamed = neighbor_of();
  renamed.name = "edge-1";
  EXPECT_EQ(listener->configure({renamed}).changed, 1U);
  ASSERT_TRUE(sink->wait_for_count<PeerDown>(2));
  const auto downs = sink->all<PeerDown>();
  EXPECT_TRUE(downs[0].outage);
  EXPECT_FALSE(downs[1].outage);
  EXPECT_TRUE(downs[1].for_good);
  EXPECT_EQ(downs[1].peer->key, downs[0].peer->key) << "the one of the former name";
  EXPECT_EQ(downs[1].peer->id, downs[0].peer->id);
}

TEST_F(Collector, RoutesThatAreKeptForANeighborGoWithIt) {
  bgp::Open open = test::neighbor_open();
  open.graceful_restart =
      bgp::Open::GracefulRestart{false, false, 77, {{bgp::ipv4_unicast, true}, {bgp::ipv6_unicast, true}}};
  const auto endpoint = start();
  Neighbor neighbor = established(endpoint, open);
  ASSERT_TRUE(sink->wait_for_count<PeerUp>(1));
  neighbor.close();
  ASSERT_TRUE(sink->wait_for_count<RouterDown>(1));
  listener->configure({});
  ASSERT_TRUE(sink->wait_for_count<PeerDown>(1));
  EXPECT_FALSE(sink->all<PeerDown>().at(0).outage);
  EXPECT_TRUE(sink->all<PeerDown>().at(0).for_good);
}

TEST_F(Collector, ANeighborThatSaysNothingIsLetGo) {
  open_time = 50ms;
  const auto endpoint = start();
  Neighbor neighbor = Neighbor::connect(endpoint);
  EXPECT_EQ(neighbor.notification(), (bgp::Notification{4, 0}));
}

TEST_F(Collector, ANeighborThatFlapsAThousandTimesCostsNothing) {
  const auto endpoint = start();
  int sessions = 0;
  for (int i = 0; i < 1000; ++i) {
    Neighbor neighbor = Neighbor::connect(endpoint);
    sessions += neighbor.establish() ? 1 : 0;
  }
  EXPECT_GT(sessions, 0);
  EXPECT_LT(sessions, 1000) << "held off in between";
  EXPECT_GT(value("peering_bgp_connections_refused_total{reason=\"not_awaited\"}"), 0);
  const std::size_t before = sink->all<PeerUp>().size();
  established(endpoint);
  EXPECT_TRUE(sink->wait_for_count<PeerUp>(before + 1));
  EXPECT_EQ(peers.size(), 1U);
}

TEST_F(Collector, AMalformedUpdateKeepsTheSessionAndAnUnreadableOneEndsIt) {
  const auto endpoint = start();
  Neighbor neighbor = established(endpoint);
  test::Bytes bad_origin = test::announcement("203.0.113.0/24");
  bad_origin[26] = 9;  // ORIGIN's value
  neighbor.send(bad_origin);
  ASSERT_TRUE(sink->wait_for_count<rib::RouteBatch>(1));
  EXPECT_EQ(sink->all<rib::RouteBatch>().at(0).withdrawn.size(), 1U);
  test::Bytes lying = bgp::encode_end_of_rib(bgp::ipv4_unicast);
  lying[20] = 9;
  neighbor.send(lying);
  EXPECT_EQ(neighbor.notification(), (bgp::Notification{3, 1}));
  EXPECT_TRUE(sink->wait_for_count<PeerDown>(1));
  EXPECT_EQ(value("peering_bgp_notifications_total{code=\"update\",direction=\"sent\"}"), 1);
}

TEST(BgpSockets, PasswordFilesAreForTheirOwnerOnly) {
  const std::string file = testing::TempDir() + "bgp_password";
  std::ofstream(file) << "secret\n";
  ::chmod(file.c_str(), 0644);
  EXPECT_THAT(read_password(file).error().message, HasSubstr("must be 0600"));
  ::chmod(file.c_str(), 0600);
  EXPECT_EQ(read_password(file).value(), "secret");
  std::ofstream(file) << std::string(81, 'x');
  EXPECT_THAT(read_password(file).error().message, HasSubstr("1 to 80 bytes"));
  EXPECT_THAT(read_password("/nowhere").error().message, HasSubstr("cannot be read"));
}

TEST(TtlSecurity, CountsForIpv4NeighborsBehindAnIpv6Socket) {
  const int socket = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) GTEST_SKIP() << "skipped: no IPv6";
  ASSERT_TRUE(set_ttl_security(socket, true, 2));
  const auto option = [&](int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(socket, level, name, &value, &size), 0);
    return value;
  };
  EXPECT_EQ(option(IPPROTO_IP, IP_MINTTL), 254);
  EXPECT_EQ(option(IPPROTO_IP, IP_TTL), 255);
  EXPECT_EQ(option(IPPROTO_IPV6, IPV6_UNICAST_HOPS), 255);
  ::close(socket);
}

}  // namespace
}  // namespace peering::feeds
