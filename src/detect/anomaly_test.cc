// Hijacks, forged paths, leaks: who is told of what, and how an incident lives.
#include "detect/detect_fixture.h"

namespace peering::detect {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using namespace std::chrono_literals;

/// A scene without the news of who has the prefix.
void only_anomalies(model::Expectation& e) {
  e.exclude_kinds = {model::EventKind::announcement, model::EventKind::withdrawal,
                     model::EventKind::active_path};
}

struct Anomaly : testing::Test {
  Scene scene;
  void SetUp() override {
    scene.expect("203.0.113.0/24", only_anomalies);
    scene.apply();
  }
};

TEST_F(Anomaly, AForeignOriginOfTheExactPrefixIsCriticalAlsoBesideTheRightRoute) {
  scene.announce(scene.peer(64496), {64496, 64500});
  const auto hijack = scene.announce(scene.peer(64497), {64497, 64510, 64511});
  ASSERT_THAT(brief(hijack), ElementsAre("origin-hijack Critical open"));
  EXPECT_EQ(hijack[0].type, "PrefixOriginAsChangeEvent");
  EXPECT_EQ(hijack[0].origin, 64511U);
  EXPECT_EQ(hijack[0].suspect, 64511U);
  EXPECT_THAT(hijack[0].expected_origins, ElementsAre(64500));
  EXPECT_THAT(hijack[0].description, HasSubstr("announced by AS64511; AS64500 may announce it"));
  EXPECT_EQ(hijack[0].connection, "/subscriptions/s/peeringServices/c");
}

TEST_F(Anomaly, MorePeersAreTheSameEventWithMoreConfidence) {
  const auto first = scene.announce(scene.peer(64496), {64496, 64511});
  const auto second = scene.announce(scene.peer(64497), {64497, 64511});
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].id, first[0].id);
  EXPECT_THAT(second[0].peers, SizeIs(2));
  EXPECT_GT(second[0].confidence, first[0].confidence);
  // The same peer with a longer way to the hijacker: nothing new.
  EXPECT_THAT(scene.announce(scene.peer(64497), {64497, 64510, 64511}), IsEmpty());
}

TEST_F(Anomaly, AHijackResolvesWhenThePeersHaveTheRightRouteAgain) {
  scene.announce(scene.peer(64496), {64496, 64511});
  scene.announce(scene.peer(64497), {64497, 64511});
  scene.wait(5s);
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64500}), IsEmpty());
  const auto end = scene.withdraw(scene.peer(64497));
  ASSERT_THAT(brief(end), ElementsAre("origin-hijack Critical resolved"));
  EXPECT_EQ(*end[0].resolved_at - end[0].first_seen, 5s);
}

TEST_F(Anomaly, FourOfFivePeersThatTookItBackAreEnough) {
  for (net::Asn asn = 64601; asn <= 64605; ++asn) scene.announce(scene.peer(asn), {asn, 64511});
  for (net::Asn asn = 64601; asn <= 64603; ++asn) EXPECT_THAT(scene.withdraw(scene.peer(asn)), IsEmpty());
  EXPECT_THAT(brief(scene.withdraw(scene.peer(64604))), ElementsAre("origin-hijack Critical resolved"));
  EXPECT_THAT(scene.withdraw(scene.peer(64605)), IsEmpty());
  scene.wait(5s);
  EXPECT_THAT(brief(scene.announce(scene.peer(64601), {64601, 64511})),
              ElementsAre("origin-hijack Critical open"));
  EXPECT_THAT(scene.stored(), SizeIs(2)) << "a hijack that comes again is another event";
}

TEST_F(Anomaly, AForeignMoreSpecificIsAHijackAndAnOwnOneIsNew) {
  const auto foreign = scene.announce(scene.peer(64496), {64496, 64511}, "203.0.113.128/25");
  ASSERT_THAT(brief(foreign), ElementsAre("subprefix-hijack Critical open"));
  EXPECT_EQ(foreign[0].type, "PrefixMoreSpecificEvent");
  EXPECT_EQ(foreign[0].prefix, p("203.0.113.0/24"));
  EXPECT_EQ(foreign[0].observed, p("203.0.113.128/25"));
  const auto own = scene.announce(scene.peer(64496), {64496, 64500}, "203.0.113.0/25");
  ASSERT_THAT(brief(own), ElementsAre("new-prefix Warning open"));
  EXPECT_EQ(own[0].type, "PrefixMoreSpecificEvent");
}

TEST_F(Anomaly, TheMostSpecificEntryDecides) {
  scene.expect(
      "203.0.113.128/25",
      [](auto& e) {
        only_anomalies(e);
        e.origins = {{64510, 64519}};
      },
      "part");
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64511}, "203.0.113.128/25"), IsEmpty());
  EXPECT_THAT(brief(scene.announce(scene.peer(64496), {64496, 64500}, "203.0.113.128/25")),
              ElementsAre("origin-hijack Critical open"));
}

TEST_F(Anomaly, RegisteringThePartEndsWhatWasSaidAboutTheWhole) {
  EXPECT_THAT(brief(scene.announce(scene.peer(64496), {64496, 64500}, "203.0.113.128/25")),
              ElementsAre("new-prefix Warning open"));
  scene.expect("203.0.113.128/25", only_anomalies, "part");
  EXPECT_THAT(brief(scene.apply()), ElementsAre("new-prefix Warning resolved"));
}

TEST_F(Anomaly, TenantsAreJudgedApart) {
  scene.expect(
      "203.0.113.0/24",
      [](auto& e) {
        only_anomalies(e);
        e.group = "tenant-b";
        e.origins = {{64511, 64511}};
      },
      "web", "other");
  scene.apply();
  const auto events = scene.announce(scene.peer(64496), {64496, 64511});
  ASSERT_THAT(brief(events), ElementsAre("origin-hijack Critical open"));
  EXPECT_EQ(events[0].connection, "/subscriptions/s/peeringServices/c");
  const auto others = scene.announce(scene.peer(64497), {64497, 64500});
  ASSERT_THAT(brief(others), ElementsAre("origin-hijack Critical open"));
  EXPECT_EQ(others[0].connection, "/subscriptions/s/peeringServices/other");
}

TEST_F(Anomaly, OfOneTenantsEntriesOneThatAcceptsIsEnough) {
  scene.expect(
      "203.0.113.0/24",
      [](auto& e) {
        only_anomalies(e);
        e.origins = {{64511, 64511}};
      },
      "web", "other");
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64511}), IsEmpty());
  EXPECT_THAT(scene.announce(scene.peer(64497), {64497, 64512}), SizeIs(2)) << "both connections are told";
}

TEST_F(Anomaly, AnOriginSetIsAllowedOnlyIfAllItsMembersAre) {
  const auto with_set = [&](std::vector<net::Asn> members) {
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence({64496});
    attributes->as_path.segments.push_back(
        {wire::bgp::SegmentType::as_set, static_cast<std::uint16_t>(members.size())});
    for (const net::Asn asn : members) attributes->as_path.asns.push_back(asn);
    return scene.update({scene.peer(64496), scene.now(), attributes, {p("203.0.113.0/24")}, {}});
  };
  EXPECT_THAT(with_set({64500}), IsEmpty());
  const auto hijack = with_set({64500, 64511});
  ASSERT_THAT(brief(hijack), ElementsAre("origin-hijack Critical open"));
  EXPECT_EQ(hijack[0].suspect, 64511U);
}

TEST_F(Anomaly, APathThatLostItsLongNumbersIsNotAHijackOfALongOne) {
  scene.expect("203.0.113.0/24", [](auto& e) {
    only_anomalies(e);
    e.origins = {{196608, 196608}};
  });
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, net::as_trans}), IsEmpty());
}

TEST_F(Anomaly, ViewsOfOneSessionCountAsOnePeer) {
  Settings settings;
  settings.thresholds.peers_min_of[model::EventKind::origin_hijack] = 2;
  Scene two(settings);
  two.expect("203.0.113.0/24", only_anomalies);
  two.apply();
  EXPECT_THAT(two.announce(two.peer(64496, "edge-1", pre_policy), {64496, 64511}), IsEmpty());
  EXPECT_THAT(two.announce(two.peer(64496, "edge-1", post_policy), {65000, 64496, 64511}), IsEmpty());
  EXPECT_THAT(two.announce(two.peer(64496, "edge-2", pre_policy), {64496, 64511}), IsEmpty())
      << "peers count by AS";
  const auto enough = two.announce(two.peer(64497), {64497, 64511});
  ASSERT_THAT(brief(enough), ElementsAre("origin-hijack Critical open"));
  EXPECT_EQ(enough[0].first_seen, two.now());
}

TEST_F(Anomaly, AHijackThroughTheBackupLocationIsAnErrorUntilItReachesThePrimary) {
  scene.primary_metro = "edge-1";
  scene.backup_metro = "edge-2";
  scene.apply();
  const auto backup = scene.announce(scene.peer(64496, "edge-2"), {64496, 64511});
  ASSERT_THAT(brief(backup), ElementsAre("origin-hijack Error open"));
  EXPECT_EQ(backup[0].type, "PrefixBackupRouteOriginAsChangeEvent");
  const auto primary = scene.announce(scene.peer(64497, "edge-1"), {64497, 64511});
  ASSERT_THAT(brief(primary), ElementsAre("origin-hijack Critical open"));
  EXPECT_EQ(primary[0].type, "PrefixOriginAsChangeEvent");
  EXPECT_EQ(primary[0].id, backup[0].id);
}

TEST_F(Anomaly, SpaceThatNobodyMayAnnounceIsSquatted) {
  scene.expect("198.51.100.0/24", [](auto& e) { e.origins.clear(); }, "dark");
  scene.apply();
  EXPECT_THAT(brief(scene.announce(scene.peer(64496), {64496, 64500}, "198.51.100.0/25")),
              ElementsAre("squatting Critical open"));
}

TEST_F(Anomaly, AnUnexpectedFirstHopIsTold) {
  scene.expect("203.0.113.0/24", [](auto& e) {
    only_anomalies(e);
    e.upstreams = {{64496}};
    e.backup_upstreams = {64499};
  });
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64497), {64497, 64496, 64500, 64500}), IsEmpty());
  EXPECT_THAT(brief(scene.announce(scene.peer(64498), {64498, 64499, 64500})),
              Not(Contains(HasSubstr("path"))));
  const auto forged = scene.announce(scene.peer(64497), {64497, 64511, 64500});
  ASSERT_THAT(brief(forged), Contains("path-forged-first-hop Error open"));
  const auto& event = *std::find_if(forged.begin(), forged.end(), [](const auto& e) {
    return e.kind == model::EventKind::path_forged_first_hop;
  });
  EXPECT_EQ(event.type, "PrefixPathAnomalyEvent");
  EXPECT_EQ(event.suspect, 64511U);
}

TEST_F(Anomaly, APeerNextToTheOriginMayBeAllowedWithoutBeingListed) {
  scene.expect("203.0.113.0/24", [](auto& e) {
    only_anomalies(e);
    e.upstreams = {{64496}};
    e.any_peer_as_upstream = true;
  });
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64497), {64497, 64500}), IsEmpty());
  EXPECT_THAT(brief(scene.announce(scene.peer(64497), {64497, 64498, 64500})),
              ElementsAre("path-forged-first-hop Error open"));
}

TEST_F(Anomaly, MoreSpecificsOfWatchedLengthsAreAsIfListed) {
  scene.expect("203.0.113.0/24", [](auto& e) {
    only_anomalies(e);
    e.lengths = model::LengthRange{25, 26};
  });
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64500}, "203.0.113.0/25"), IsEmpty());
  EXPECT_THAT(brief(scene.announce(scene.peer(64496), {64496, 64511}, "203.0.113.64/26")),
              ElementsAre("origin-hijack Critical open"));
  EXPECT_THAT(brief(scene.announce(scene.peer(64496), {64496, 64500}, "203.0.113.0/27")),
              ElementsAre("new-prefix Warning open"));
}

TEST_F(Anomaly, WhatMustNotBeExportedLeaksWhenItIsSeenFarAway) {
  scene.expect("203.0.113.0/24", [](auto& e) {
    only_anomalies(e);
    e.no_export = true;
  });
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64500, 64500}), IsEmpty());
  EXPECT_THAT(scene.announce(scene.peer(64497), {64497, 64496, 64500, 64500}), IsEmpty());
  const auto leak = scene.announce(scene.peer(64498), {64498, 64497, 64496, 64500});
  ASSERT_THAT(brief(leak), ElementsAre("route-leak Critical open"));
  EXPECT_EQ(leak[0].suspect, 64496U);
}

TEST_F(Anomaly, AnotherSequenceOfPrependsIsAFinding) {
  scene.expect("203.0.113.0/24", [](auto& e) {
    only_anomalies(e);
    e.prepend_sequences = {{64496, 64500, 64500}, {64497}};
  });
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64601), {64601, 64496, 64500, 64500, 64500}), IsEmpty());
  EXPECT_THAT(scene.announce(scene.peer(64602), {64602, 64497, 64500}), IsEmpty());
  const auto changed = scene.announce(scene.peer(64603), {64603, 64498, 64500, 64500, 64500});
  ASSERT_THAT(brief(changed), ElementsAre("path-rule Error open"));
  EXPECT_EQ(changed[0].suspect, 64498U);
}

TEST_F(Anomaly, IgnoredMoreSpecificsAndIgnoredEntriesAreSilent) {
  scene.expect("203.0.113.0/24", [](auto& e) { e.ignore_more_specifics = true; });
  scene.expect("198.51.100.0/24", [](auto& e) { e.ignore = true; }, "quiet");
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64511}, "203.0.113.0/25"), IsEmpty());
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64511}, "198.51.100.0/24"), IsEmpty());
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64511}, "203.0.113.0/24"), SizeIs(1));
}

TEST_F(Anomaly, AnotherOriginOfACoveringRouteIsAnError) {
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64700}, "203.0.112.0/22"), IsEmpty());
  EXPECT_THAT(scene.announce(scene.peer(64497), {64497, 64700}, "203.0.112.0/22"), IsEmpty());
  const auto change = scene.announce(scene.peer(64497), {64497, 64711}, "203.0.112.0/22");
  ASSERT_THAT(brief(change), ElementsAre("covering-route Error open"));
  EXPECT_EQ(change[0].type, "PrefixCoveringRouteOriginAsChangeEvent");
  EXPECT_EQ(change[0].observed, p("203.0.112.0/22"));
  EXPECT_THAT(brief(scene.announce(scene.peer(64497), {64497, 64700}, "203.0.112.0/22")),
              ElementsAre("covering-route Error resolved"));
}

TEST_F(Anomaly, AnEmptyPathHasNoOriginToObjectTo) {
  EXPECT_THAT(scene.announce(scene.peer(64496), {}), IsEmpty());
}

TEST_F(Anomaly, AHijackOutlivesTheSessionThatShowedIt) {
  scene.announce(scene.peer(64496), {64496, 64511});
  for (const auto& event : scene.session_down(scene.peer(64496))) {
    EXPECT_NE(event.kind, model::EventKind::origin_hijack);
  }
  EXPECT_THAT(scene.open(), Contains(testing::Field(&model::Event::kind, model::EventKind::origin_hijack)));
  scene.session_up(scene.peer(64496));
  scene.announce(scene.peer(64496), {64496, 64500});
  EXPECT_THAT(scene.open(), IsEmpty());
}

TEST_F(Anomaly, AHijackThatDoesNotComeBackWithTheSessionIsOver) {
  scene.announce(scene.peer(64496), {64496, 64511});
  scene.session_down(scene.peer(64496));
  scene.session_up(scene.peer(64496));
  EXPECT_THAT(scene.wait(30s), IsEmpty());
  EXPECT_THAT(brief(scene.wait(31s)), ElementsAre("origin-hijack Critical resolved"));
}

TEST(Rpki, AForeignOriginThatIsValidIsNoHijack) {
  auto vrps = std::make_shared<const rib::VrpTable>(std::vector<rib::Vrp>{{p("203.0.113.0/24"), 24, 64511}});
  Settings settings;
  settings.vrps = vrps;
  Scene scene(settings);
  scene.expect("203.0.113.0/24", only_anomalies);
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64511}), IsEmpty());
  EXPECT_THAT(brief(scene.announce(scene.peer(64496), {64496, 64511}, "203.0.113.0/25")),
              ElementsAre("subprefix-hijack Critical open"));
  EXPECT_THAT(brief(scene.announce(scene.peer(64496), {64496, 64512})),
              ElementsAre("origin-hijack Critical open"));
}

TEST(Leak, AValleyIsALeakAndAValleyFreePathIsNot) {
  auto relationships = std::make_shared<Relationships>();
  relationships->add_provider(64501, 64500);
  relationships->add_provider(64501, 64600);
  relationships->add_provider(64602, 64600);
  Settings settings;
  settings.relationships = relationships;
  Scene scene(settings);
  scene.expect("203.0.113.0/24", only_anomalies);
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64600), {64600, 64501, 64500}), IsEmpty());
  const auto leak = scene.announce(scene.peer(64602), {64602, 64600, 64600, 64501, 64500});
  ASSERT_THAT(brief(leak), ElementsAre("route-leak Critical open"));
  EXPECT_EQ(leak[0].type, "PrefixLeakEvent");
  EXPECT_EQ(leak[0].suspect, 64600U);
}

TEST(Relationships, NamesTheFourTypesOfRfc7908) {
  Relationships r;
  r.add_provider(1, 9);  // 1 and 2 are providers of 9, 3 and 4 its peers
  r.add_provider(2, 9);
  r.add_peers(3, 9);
  r.add_peers(4, 9);
  const auto type = [&](net::Asn from, net::Asn to) {
    const std::vector<net::Asn> path{to, 9, from};
    return r.valley(path)->rfc7908_type;
  };
  EXPECT_EQ(type(1, 2), 1);
  EXPECT_EQ(type(3, 4), 2);
  EXPECT_EQ(type(1, 3), 3);
  EXPECT_EQ(type(3, 1), 4);
}

TEST(Relationships, ReadsAGraphThatWritesEveryEdgeFromBothEnds) {
  const auto graph = Relationships::parse("1|2|-1\n2|1|1\n3|4|0\n4|3|0\n");
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->relation(1, 2), Relation::customer);
  EXPECT_EQ(graph->relation(2, 1), Relation::provider);
  EXPECT_EQ(graph->relation(3, 4), Relation::peer);
}

TEST(Relationships, ReadsCaidaAndNamesTheBadLine) {
  const auto good = Relationships::parse("# comment\n1|2|-1\n3|4|0|bgp\r\n");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->relation(1, 2), Relation::customer);
  EXPECT_EQ(good->relation(2, 1), Relation::provider);
  EXPECT_EQ(good->relation(4, 3), Relation::peer);
  EXPECT_FALSE(good->relation(1, 3));
  EXPECT_THAT(Relationships::parse("1|2|-1\n1|x|0\n").error().message, HasSubstr("line 2"));
  EXPECT_FALSE(Relationships::parse("1|2|7\n"));
}

}  // namespace
}  // namespace peering::detect
