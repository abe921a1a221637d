#include "feeds/bmp_conversation.h"

#include <filesystem>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "feeds/bmp_test_router.h"
#include "feeds/recorded_sink.h"

namespace peering::feeds {
namespace {

using namespace test;
using rib::RibKind;
using rib::RouteBatch;

constexpr TimePoint arrival = time_from_us(1'795'600'000'000'000);

class BmpConversationTest : public testing::Test {
 protected:
  std::vector<Said> say(const Frame& frame) {
    std::vector<ShardMessage> out;
    conversation_.take(frame, arrival, out);
    return unpacked(out);
  }
  void greet(const OpenOptions& options = {}) {
    say(initiation());
    say(peer_up(peer_, options));
  }
  template <class T>
  static T only(const std::vector<Said>& messages) {
    EXPECT_EQ(messages.size(), 1U);
    const T* found = messages.empty() ? nullptr : std::get_if<T>(&messages[0]);
    EXPECT_NE(found, nullptr);
    return found ? *found : T{};
  }
  double oddities(const std::string& kind) {
    return metrics_.counter("peering_bmp_oddities_total", "", {{"kind", kind}}).value();
  }
  double malformed(const std::string& reason) {
    return metrics_.counter("peering_bmp_malformed_total", "", {{"reason", reason}}).value();
  }
  double faults(const std::string& outcome, int attribute) {
    return metrics_
        .counter("peering_bgp_update_faults_total", "",
                 {{"outcome", outcome}, {"attribute", std::to_string(attribute)}})
        .value();
  }

  model::BgpSession session(std::size_t index = 0) {
    const auto all = peers_.sessions().snapshot();
    EXPECT_LT(index, all->all().size());
    return index < all->all().size() ? all->all()[index] : model::BgpSession{};
  }

  Metrics metrics_;
  BmpMetrics bmp_metrics_{metrics_};
  PeerRegistry peers_{{{"edge-1", std::nullopt, "AMS"}}};
  BmpConversation conversation_{address("198.51.100.7"), 100, peers_, bmp_metrics_};
  wire::bmp::PerPeerHeader peer_ = peer_header();
};

TEST_F(BmpConversationTest, InitiationNamesTheRouter) {
  const auto up = only<RouterUp>(say(initiation("edge-1")));
  EXPECT_EQ(up.router, "edge-1");
  EXPECT_EQ(up.time, arrival);
  EXPECT_TRUE(say(initiation("edge-1")).empty());
  EXPECT_TRUE(say(initiation("edge-2")).empty());
  EXPECT_EQ(conversation_.router(), "edge-1");
  EXPECT_EQ(oddities("renamed"), 1);
}

TEST_F(BmpConversationTest, ARouterWithoutANameIsItsAddress) {
  const auto messages = say(peer_up(peer_));
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(std::get<RouterUp>(messages[0]).router, "198.51.100.7");
  EXPECT_EQ(oddities("no_initiation"), 1);
}

TEST_F(BmpConversationTest, PeerUpSaysWhoThePeerIsAndWhereItStands) {
  say(initiation());
  const auto up = only<PeerUp>(say(peer_up(peer_)));
  EXPECT_EQ(up.peer->asn, peer_asn);
  EXPECT_EQ(up.peer->pop, "AMS");
  EXPECT_EQ(up.peer->key, (rib::PeerKey{"edge-1", 0, address("192.0.2.1"), RibKind::adj_rib_in_pre_policy}));
  EXPECT_EQ(conversation_.came_up(), (BmpPeerKey{false, 0, address("192.0.2.1")}));
  EXPECT_TRUE(conversation_.has_up(*conversation_.came_up()));
}

TEST_F(BmpConversationTest, RoutesAreAnnouncedAndWithdrawn) {
  greet();
  const auto announced = only<RouteBatch>(say(announce(peer_, "203.0.113.0/24")));
  EXPECT_EQ(announced.announced, std::vector{prefix("203.0.113.0/24")});
  EXPECT_TRUE(announced.withdrawn.empty());
  ASSERT_NE(announced.attributes, nullptr);
  EXPECT_EQ(announced.attributes->as_path.asns, (std::vector<net::Asn>{peer_asn, 64499}));
  EXPECT_EQ(announced.attributes->next_hop, address("192.0.2.1"));
  const auto withdrawn = only<RouteBatch>(say(withdraw(peer_, "203.0.113.0/24")));
  EXPECT_EQ(withdrawn.withdrawn, std::vector{prefix("203.0.113.0/24")});
  EXPECT_EQ(withdrawn.attributes, nullptr);
  EXPECT_EQ(withdrawn.peer->id, announced.peer->id);
}

TEST_F(BmpConversationTest, EveryFamilyThatIsSkippedIsCounted) {
  greet();
  const auto count = [&](const std::string& family) {
    return metrics_.counter("peering_bmp_other_family_updates_total", "", {{"family", family}}).value();
  };
  // ORIGIN, an empty AS_PATH, MP_REACH_NLRI of one family, MP_UNREACH_NLRI of another.
  const auto update = [](std::uint8_t reach_safi, std::uint16_t unreach_afi, std::uint8_t unreach_safi) {
    std::vector<std::uint8_t> out(16, 0xff);
    const std::uint8_t rest[] = {0,
                                 54,
                                 2,
                                 0,
                                 0,
                                 0,
                                 31,
                                 0x40,
                                 1,
                                 1,
                                 0,
                                 0x40,
                                 2,
                                 0,
                                 0x80,
                                 14,
                                 11,
                                 0,
                                 1,
                                 reach_safi,
                                 4,
                                 192,
                                 0,
                                 2,
                                 1,
                                 0,
                                 8,
                                 10,
                                 0x80,
                                 15,
                                 7,
                                 0,
                                 static_cast<std::uint8_t>(unreach_afi),
                                 unreach_safi,
                                 1,
                                 2,
                                 3,
                                 4};
    out.insert(out.end(), std::begin(rest), std::end(rest));
    return out;
  };
  say(wire::bmp::encode_route_monitoring(peer_, update(2, 25, 70)));
  say(wire::bmp::encode_route_monitoring(peer_, update(128, 1, 128)));
  say(wire::bmp::encode_route_monitoring(peer_, update(133, 1, 200)));
  EXPECT_EQ(count("ipv4-multicast"), 1);
  EXPECT_EQ(count("evpn"), 1);
  EXPECT_EQ(count("vpn"), 1) << "one UPDATE, one family";
  EXPECT_EQ(count("flowspec"), 1);
  EXPECT_EQ(count("other"), 1);
}

TEST_F(BmpConversationTest, TlvsAndStatisticsThatAreNotKnownAreCounted) {
  greet();
  EXPECT_EQ(bmp_metrics_.unknown_values.value(), 0);
  wire::bmp::Statistic known, unknown;
  known.type = 0;
  unknown.type = 60'000;
  say(wire::bmp::encode_statistics(peer_, {known, unknown, unknown}));
  EXPECT_EQ(bmp_metrics_.unknown_values.value(), 2);
}

TEST_F(BmpConversationTest, ThePeerKeepsItsNumberInTheNextConversation) {
  greet();
  const auto before = only<RouteBatch>(say(announce(peer_, "203.0.113.0/24"))).peer->id;
  BmpConversation next(address("198.51.100.7"), 100, peers_, bmp_metrics_);
  std::vector<ShardMessage> out;
  next.take(initiation(), arrival, out);
  next.take(peer_up(peer_), arrival, out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(std::get<PeerUp>(out[1]).peer->id, before);
}

TEST_F(BmpConversationTest, EndOfRibIsCompleteWhenEveryAgreedFamilyHasEnded) {
  greet();
  const auto first = only<EndOfRib>(say(end_of_rib(peer_, wire::bgp::ipv4_unicast)));
  EXPECT_EQ(first.family, net::Family::ipv4);
  EXPECT_FALSE(first.complete);
  const auto second = only<EndOfRib>(say(end_of_rib(peer_, wire::bgp::ipv6_unicast)));
  EXPECT_EQ(second.family, net::Family::ipv6);
  EXPECT_TRUE(second.complete);
}

TEST_F(BmpConversationTest, EndOfRibOfTheOnlyFamilyIsComplete) {
  greet({.ipv6 = false});
  EXPECT_TRUE(only<EndOfRib>(say(end_of_rib(peer_, wire::bgp::ipv4_unicast))).complete);
}

TEST_F(BmpConversationTest, TheRoutersOwnAsInFrontOfAPathIsNotThePeers) {
  greet();
  const auto batch = only<RouteBatch>(
      say(routes(peer_, {{{prefix("203.0.113.0/24"), 0}}, {}, {router_asn, peer_asn, 64499}})));
  EXPECT_EQ(batch.attributes->as_path.asns, (std::vector<net::Asn>{peer_asn, 64499}));
  EXPECT_EQ(batch.attributes->as_path, wire::bgp::AsPath::sequence({peer_asn, 64499}));
  EXPECT_EQ(oddities("own_as_in_front"), 1);
}

TEST_F(BmpConversationTest, PeerDownOfAPeerThatNeverWasUpIsNothing) {
  say(initiation());
  EXPECT_TRUE(say(wire::bmp::encode_peer_down(peer_, 4, {})).empty());
  EXPECT_EQ(oddities("down_never_up"), 1);
}

TEST_F(BmpConversationTest, PeerDownEndsEveryViewOfThePeer) {
  greet();
  const auto post = peer_header("192.0.2.1", 0x40);
  EXPECT_EQ(only<RouteBatch>(say(announce(post, "203.0.113.0/24"))).peer->key.rib_kind,
            RibKind::adj_rib_in_post_policy);
  const auto messages = say(wire::bmp::encode_peer_down(peer_, 4, {}));
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_NE(std::get<PeerDown>(messages[0]).peer->id, std::get<PeerDown>(messages[1]).peer->id);
  EXPECT_EQ(std::get<PeerDown>(messages[0]).reason, "the peer closed the session");
  EXPECT_TRUE(say(wire::bmp::encode_peer_down(peer_, 4, {})).empty());
}

TEST_F(BmpConversationTest, PeerUpTwiceIsOneSessionUnlessItIsAnother) {
  greet();
  EXPECT_TRUE(say(peer_up(peer_)).empty());
  const auto messages = say(peer_up(peer_, {}, 40001));
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<PeerDown>(messages[0]));
  EXPECT_TRUE(std::holds_alternative<PeerUp>(messages[1]));
  EXPECT_EQ(oddities("up_twice"), 1);
}

TEST_F(BmpConversationTest, LocRibAndVrfsAreTheirOwnPeers) {
  say(initiation());
  auto loc_rib = peer_header("192.0.2.1");
  loc_rib.type = wire::bmp::PeerType::loc_rib;
  loc_rib.address = net::Address();
  loc_rib.asn = router_asn;
  const auto batch = only<RouteBatch>(say(announce(loc_rib, "203.0.113.0/24")));
  EXPECT_EQ(batch.peer->key.rib_kind, RibKind::loc_rib);
  EXPECT_EQ(oddities("no_peer_up"), 1);
  auto vrf = peer_;
  vrf.type = wire::bmp::PeerType::rd_instance;
  vrf.distinguisher = 7;
  EXPECT_EQ(only<PeerUp>(say(peer_up(vrf))).peer->key.distinguisher, 7U);
}

TEST_F(BmpConversationTest, AdjRibOutIsKnownByItsFlag) {
  greet();
  const auto out_post = peer_header("192.0.2.1", 0x50);
  EXPECT_EQ(only<RouteBatch>(say(announce(out_post, "203.0.113.0/24"))).peer->key.rib_kind,
            RibKind::adj_rib_out_post_policy);
}

TEST_F(BmpConversationTest, ALegacyPathHasTwoOctetNumbers) {
  greet();
  const auto legacy = peer_header("192.0.2.1", 0x20);
  const auto batch =
      only<RouteBatch>(say(routes(legacy, {{{prefix("203.0.113.0/24"), 0}}, {}}, {.four_octet_asn = false})));
  EXPECT_EQ(batch.attributes->as_path.asns, (std::vector<net::Asn>{peer_asn, 64499}));
}

TEST_F(BmpConversationTest, APathInTheOtherNumberSizeThanFlaggedIsRead) {
  greet();
  const auto batch = only<RouteBatch>(
      say(routes(peer_, {{{prefix("203.0.113.0/24"), 0}}, {}, {64499}}, {.four_octet_asn = false})));
  ASSERT_NE(batch.attributes, nullptr);
  EXPECT_EQ(batch.attributes->as_path.asns, (std::vector<net::Asn>{64499}));
  EXPECT_EQ(oddities("as_number_size"), 1);
}

TEST_F(BmpConversationTest, OneOfSeveralPathsWithdrawnIsNoWithdrawal) {
  greet({.add_path = true});
  const wire::bgp::SessionFacts facts{.add_path_ipv4 = true};
  const net::Prefix p = prefix("203.0.113.0/24");
  say(routes(peer_, {{{p, 1}}, {}, {peer_asn, 1}}, facts));
  say(routes(peer_, {{{p, 2}}, {}, {peer_asn, 2}}, facts));
  EXPECT_TRUE(say(routes(peer_, {{}, {{p, 1}}, {}}, facts)).empty());
  say(routes(peer_, {{{p, 3}}, {}, {peer_asn, 3}}, facts));
  const auto back = only<RouteBatch>(say(routes(peer_, {{}, {{p, 3}}, {}}, facts)));
  EXPECT_EQ(back.announced, std::vector{p});
  EXPECT_EQ(back.attributes->as_path.origin(), 2U);
  EXPECT_EQ(only<RouteBatch>(say(routes(peer_, {{}, {{p, 2}}, {}}, facts))).withdrawn, std::vector{p});
}

TEST_F(BmpConversationTest, PathIdentifiersAreFoundOutWhenNoPeerUpNamedThem) {
  say(initiation());
  const wire::bgp::SessionFacts facts{.add_path_ipv4 = true};
  const Routes both{{}, {{prefix("192.0.2.4/31"), 1}, {prefix("192.0.2.6/31"), 1}}, {}};
  EXPECT_EQ(only<RouteBatch>(say(routes(peer_, both, facts))).withdrawn.size(), 2U);
}

TEST_F(BmpConversationTest, ARouteWithoutNextHopIsThere) {
  greet();
  auto update = update_of({{{prefix("203.0.113.0/24"), 0}}, {}});
  const std::uint8_t next_hop[] = {0x40, 3, 4, 192, 0, 2, 1};
  const auto found = std::search(update.begin(), update.end(), std::begin(next_hop), std::end(next_hop));
  ASSERT_NE(found, update.end());
  update.erase(found, found + 7);
  update[17] = static_cast<std::uint8_t>(update[17] - 7);
  update[22] = static_cast<std::uint8_t>(update[22] - 7);
  const auto batch = only<RouteBatch>(say(wire::bmp::encode_route_monitoring(peer_, update)));
  EXPECT_EQ(batch.announced, std::vector{prefix("203.0.113.0/24")});
  EXPECT_EQ(batch.attributes->next_hop, std::nullopt);
}

TEST_F(BmpConversationTest, TimesThatCannotBeTrueAreTheTimeOfArrival) {
  greet();
  auto at = [&](TimePoint time) {
    auto header = peer_;
    header.time = time;
    return only<RouteBatch>(say(announce(header, "203.0.113.0/24"))).time;
  };
  const TimePoint recent = arrival - std::chrono::hours(30);
  EXPECT_EQ(at(recent), recent);
  EXPECT_EQ(at(TimePoint{}), arrival);
  EXPECT_EQ(oddities("clock"), 0);
  EXPECT_EQ(at(arrival + std::chrono::hours(1)), arrival);
  EXPECT_EQ(at(time_from_us(1'000'000)), arrival);
  EXPECT_EQ(oddities("clock"), 2);
}

// An UPDATE whose ORIGIN attribute has the value 9.
Frame with_bad_origin(const wire::bmp::PerPeerHeader& header) {
  auto update = update_of({{{prefix("203.0.113.0/24"), 0}}, {}});
  const std::uint8_t origin[] = {0x40, 1, 1, 0};
  const auto found = std::search(update.begin(), update.end(), std::begin(origin), std::end(origin));
  EXPECT_NE(found, update.end());
  found[3] = 9;
  return wire::bmp::encode_route_monitoring(header, update);
}

TEST_F(BmpConversationTest, ARouteWithABrokenAttributeIsWithdrawn) {
  greet();
  const auto batch = only<RouteBatch>(say(with_bad_origin(peer_)));
  EXPECT_EQ(batch.withdrawn, std::vector{prefix("203.0.113.0/24")});
  EXPECT_TRUE(batch.announced.empty());
  EXPECT_EQ(faults("treat_as_withdraw", 1), 1);
}

TEST_F(BmpConversationTest, AnUpdateThatWouldResetTheSessionCostsOnlyItself) {
  greet();
  auto update = update_of({{{prefix("203.0.113.0/24"), 0}}, {}});
  update[19] = 0xff;  // the withdrawn routes are longer than the message
  EXPECT_TRUE(say(wire::bmp::encode_route_monitoring(peer_, update)).empty());
  EXPECT_EQ(faults("reset_session", 0), 1);
  EXPECT_EQ(say(announce(peer_, "203.0.113.0/24")).size(), 1U);
}

TEST_F(BmpConversationTest, ABrokenBgpMessageCostsOnlyItself) {
  greet();
  auto update = update_of({{{prefix("203.0.113.0/24"), 0}}, {}});
  update[17] ^= 0x01;  // its length
  EXPECT_TRUE(say(wire::bmp::encode_route_monitoring(peer_, update)).empty());
  EXPECT_EQ(malformed("bgp_message"), 1);
  Frame cut = announce(peer_, "203.0.113.0/24");
  cut.resize(20);
  EXPECT_TRUE(say(cut).empty());
  EXPECT_EQ(malformed("message"), 1);
  EXPECT_EQ(say(announce(peer_, "203.0.113.0/24")).size(), 1U);
}

TEST_F(BmpConversationTest, PeersAreLimited) {
  say(initiation());
  for (int i = 0; i < 150; ++i) say(peer_up(peer_header(fmt::format("10.0.{}.1", i))));
  EXPECT_EQ(peers_.size(), 100U);
  EXPECT_EQ(malformed("too_many_peers"), 50);
}

TEST_F(BmpConversationTest, TerminationSaysWhy) {
  greet();
  EXPECT_FALSE(conversation_.terminated());
  EXPECT_TRUE(say(wire::bmp::encode_termination(2)).empty());
  EXPECT_EQ(conversation_.terminated(), "out of resources");
}

TEST_F(BmpConversationTest, ItsEndIsTheRoutersUnlessAnotherSessionSpeaks) {
  using Others = BmpConversation::Others;
  greet();
  std::vector<ShardMessage> out;
  BmpConversation(address("198.51.100.9"), 1, peers_, bmp_metrics_).end(arrival, "closed", Others::none, out);
  EXPECT_TRUE(out.empty());
  conversation_.end(arrival, "closed", Others::silent, out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(std::get<RouterDown>(out[0]).router, "edge-1");
  EXPECT_EQ(std::get<RouterUp>(out[1]).router, "edge-1");
  out.clear();
  conversation_.end(arrival, "closed", Others::none, out);
  EXPECT_EQ(only<RouterDown>(unpacked(out)).router, "edge-1");
  out.clear();
  conversation_.end(arrival, "closed", Others::speaking, out);
  EXPECT_EQ(only<PeerDown>(unpacked(out)).peer->key.address, address("192.0.2.1"));
}

TEST_F(BmpConversationTest, TheSessionOfAPeerIsEstablishedFromItsPeerUpToItsPeerDown) {
  greet();
  say(announce(peer_header("192.0.2.1", 0x40), "203.0.113.0/24"));
  ASSERT_EQ(peers_.sessions().snapshot()->all().size(), 1U) << "one session, whatever tables are reported";
  EXPECT_EQ(session().router, "edge-1");
  EXPECT_EQ(session().pop, "AMS");
  EXPECT_EQ(session().peer_address, address("192.0.2.1"));
  EXPECT_TRUE(session().local_address);
  EXPECT_EQ(session().peer_asn, peer_asn);
  EXPECT_TRUE(session().established);
  EXPECT_EQ(session().state, "Established");
  say(wire::bmp::encode_peer_down(peer_, 4, {}));
  EXPECT_FALSE(session().established);
  EXPECT_EQ(session().state, "Idle");
  greet();
  say(wire::bmp::encode_peer_down(peer_, 5, {}));
  EXPECT_EQ(session().state, "") << "the router only ceased to report it";
}

TEST_F(BmpConversationTest, NothingIsKnownOfTheSessionsOfARouterThatIsLost) {
  greet();
  std::vector<ShardMessage> out;
  conversation_.end(arrival, "closed", BmpConversation::Others::none, out);
  EXPECT_FALSE(session().established);
  EXPECT_EQ(session().state, "");
}

TEST_F(BmpConversationTest, ALocRibIsNoSession) {
  say(initiation());
  auto loc_rib = peer_header("192.0.2.1");
  loc_rib.type = wire::bmp::PeerType::loc_rib;
  loc_rib.address = net::Address();
  say(announce(loc_rib, "203.0.113.0/24"));
  EXPECT_TRUE(peers_.sessions().snapshot()->all().empty());
  say(announce(peer_, "203.0.113.0/24"));
  EXPECT_TRUE(session().established) << "it has routes, though nobody said that it came up";
}

TEST_F(BmpConversationTest, NoByteThatIsFlippedBreaksIt) {
  std::mt19937 random(7);
  const std::vector<Frame> frames = {initiation(),
                                     peer_up(peer_),
                                     announce(peer_, "203.0.113.0/24"),
                                     end_of_rib(peer_, wire::bgp::ipv6_unicast),
                                     wire::bmp::encode_statistics(peer_, {{7, 5, std::nullopt}}),
                                     wire::bmp::encode_peer_down(peer_, 2, {}),
                                     wire::bmp::encode_termination(0)};
  for (int round = 0; round < 20000; ++round) {
    Frame frame = frames[random() % frames.size()];
    for (unsigned flips = random() % 3; flips-- > 0;) {
      frame[5 + random() % (frame.size() - 5)] = static_cast<std::uint8_t>(random());
    }
    if (random() % 4 == 0) frame.resize(6 + random() % (frame.size() - 5));
    say(frame);
  }
  EXPECT_LE(peers_.size(), 500U);
}

std::filesystem::path shared_data() {
  const char* named = std::getenv("PEERING_SHARED");
  return std::filesystem::path(named ? named : PEERING_SOURCE_DIR "/../shared") / "data/bmp/raw";
}

TEST(BmpRecordings, RunThroughWithoutAFault) {
  const auto folder = shared_data();
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "skipped: no shared data";
  std::size_t routes = 0, ups = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(file)), {});
    Metrics metrics;
    BmpMetrics bmp_metrics(metrics);
    PeerRegistry peers;
    BmpConversation conversation(net::Address::v4(1), 1000, peers, bmp_metrics);
    std::vector<ShardMessage> out;
    auto rest = std::span(bytes);
    while (!rest.empty()) {
      const auto length = wire::bmp::split_frame(rest);
      ASSERT_TRUE(length) << entry.path() << ": " << length.error().message;
      if (*length == 0 || *length > rest.size()) break;
      conversation.take(rest.first(*length), arrival, out);
      rest = rest.subspan(*length);
    }
    for (const char* reason : {"frame", "message", "bgp_message", "open", "too_many_peers"}) {
      const auto& counter = metrics.counter("peering_bmp_malformed_total", "", {{"reason", reason}});
      EXPECT_EQ(counter.value(), 0) << entry.path() << ' ' << reason;
    }
    for (const Said& message : unpacked(out)) {
      routes += std::holds_alternative<RouteBatch>(message) ? 1U : 0U;
      ups += std::holds_alternative<PeerUp>(message) ? 1U : 0U;
    }
  }
  EXPECT_GT(routes, 50U);
  EXPECT_GT(ups, 20U);
}

}  // namespace
}  // namespace peering::feeds
