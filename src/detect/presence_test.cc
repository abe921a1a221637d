// Who has a registered prefix: announcement, withdrawal, active path, backup, visibility.
#include "detect/detect_fixture.h"

namespace peering::detect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr std::string_view announced = "announcement Information resolved";

TEST(Presence, TheFirstRouteIsAnAnnouncementAndMoreOfThemAreNot) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  const auto first = scene.announce(scene.peer(64496), {64496, 64500});
  ASSERT_THAT(brief(first), ElementsAre(announced));
  EXPECT_EQ(first[0].type, "PrefixAnnouncementEvent");
  EXPECT_EQ(first[0].origin, 64500U);
  EXPECT_THAT(first[0].as_path, ElementsAre(64496, 64500));
  EXPECT_EQ(first[0].first_seen, scene.now());
  EXPECT_THAT(first[0].description, HasSubstr("AS64496"));
  EXPECT_THAT(scene.announce(scene.peer(64497), {64497, 64500}), IsEmpty());
}

TEST(Presence, RoutesOfOthersAreNoEvents) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64500}, "198.51.100.0/24"), IsEmpty());
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64500}, "2001:db8::/32"), IsEmpty());
}

TEST(Presence, RegisteringWhatIsInTheTableGivesItsStateAtOnce) {
  Scene scene;
  scene.apply();
  scene.announce(scene.peer(64496), {64496, 64500});
  scene.announce(scene.peer(64499), {64499, 64500});
  scene.announce(scene.peer(64497), {64497, 64511}, "203.0.113.128/25");
  scene.expect("203.0.113.0/24", [](auto& e) { e.backup_upstreams = {64499}; });
  EXPECT_THAT(brief(scene.apply()),
              ElementsAre(announced, "backup-route Information resolved", "subprefix-hijack Critical open"));
}

TEST(Presence, WhenTheLastRouteGoesTheWithdrawalIsCriticalUntilItIsAnnouncedAgain) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  scene.announce(scene.peer(64496), {64496, 64500});
  scene.wait(10s);
  const auto gone = scene.withdraw(scene.peer(64496));
  ASSERT_THAT(brief(gone), ElementsAre("withdrawal Critical open"));
  EXPECT_EQ(gone[0].type, "PrefixWithdrawalEvent");
  EXPECT_THAT(gone[0].description, HasSubstr("no route is left"));
  scene.wait(200s);
  const auto back = scene.announce(scene.peer(64496), {64496, 64500});
  ASSERT_THAT(brief(back), ElementsAre("withdrawal Critical resolved", announced));
  EXPECT_EQ(back[0].id, gone[0].id);
  EXPECT_EQ(*back[0].resolved_at - back[0].first_seen, 200s);
}

TEST(Presence, OneOfTwoSessionsThatWithdrawsIsInformationWithTheNewActivePath) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  scene.announce(scene.peer(64496), {64496, 64500});
  scene.announce(scene.peer(64497), {64497, 64500});
  const auto gone = scene.withdraw(scene.peer(64496));
  ASSERT_THAT(brief(gone),
              ElementsAre("withdrawal Information resolved", "active-path Information resolved"));
  EXPECT_EQ(gone[1].type, "PrefixActivePath");
  EXPECT_THAT(gone[1].as_path, ElementsAre(64497, 64500));
  EXPECT_THAT(brief(scene.withdraw(scene.peer(64497))), ElementsAre("withdrawal Critical open"));
}

TEST(Presence, FailoverToTheBackupAndBack) {
  Scene scene;
  scene.expect("203.0.113.0/24", [](auto& e) { e.backup_upstreams = {64499}; });
  scene.apply();
  scene.announce(scene.peer(64496), {64496, 64500});
  const auto backup = scene.announce(scene.peer(64499), {64499, 64500});
  ASSERT_THAT(brief(backup), ElementsAre("backup-route Information resolved"));
  EXPECT_EQ(backup[0].type, "PrefixBackupRouteAnnouncementEvent");

  scene.wait(1s);
  const auto failover = scene.withdraw(scene.peer(64496));
  ASSERT_THAT(brief(failover), ElementsAre("withdrawal Warning open", "active-path Information resolved"));
  EXPECT_EQ(failover[1].type, "PrefixBackupPath");

  scene.wait(1s);
  const auto back = scene.announce(scene.peer(64496), {64496, 64500});
  ASSERT_THAT(brief(back),
              ElementsAre("withdrawal Warning resolved", announced, "active-path Information resolved"));
  EXPECT_EQ(back[2].type, "PrefixActivePath");

  const auto no_backup = scene.withdraw(scene.peer(64499));
  ASSERT_THAT(brief(no_backup), ElementsAre("backup-route-withdrawal Warning open"));
  EXPECT_EQ(no_backup[0].type, "PrefixBackupRouteWithdrawalEvent");
  scene.wait(1s);
  EXPECT_THAT(brief(scene.announce(scene.peer(64499), {64499, 64500})),
              ElementsAre("backup-route-withdrawal Warning resolved", "backup-route Information resolved"));
}

TEST(Presence, AWithdrawalThatGetsWorseIsTheSameEvent) {
  Scene scene;
  scene.expect("203.0.113.0/24", [](auto& e) { e.backup_upstreams = {64499}; });
  scene.apply();
  scene.announce(scene.peer(64496), {64496, 64500});
  scene.announce(scene.peer(64499), {64499, 64500});
  const auto first = scene.withdraw(scene.peer(64496));
  const auto second = scene.withdraw(scene.peer(64499));
  ASSERT_THAT(brief(second), ElementsAre("withdrawal Critical open"));
  EXPECT_EQ(second[0].id, first[0].id);
}

TEST(Presence, TheBackupLocationMakesABackupRoute) {
  Settings settings;
  settings.metro_of_pop = {{"edge-2", "Amsterdam"}};
  Scene scene(settings);
  scene.primary_metro = "Frankfurt";
  scene.backup_metro = "amsterdam";
  scene.expect("203.0.113.0/24");
  scene.apply();
  EXPECT_THAT(brief(scene.announce(scene.peer(64496, "edge-2"), {64496, 64500})),
              ElementsAre("backup-route Information resolved", "active-path Information resolved"));
  EXPECT_THAT(brief(scene.announce(scene.peer(64496, "edge-1"), {64496, 64500})),
              ElementsAre(announced, "active-path Information resolved"));
}

TEST(Presence, PreAndPostPolicyViewsOfOneSessionCountOnce) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  const auto pre = scene.peer(64496, "edge-1", pre_policy), post = scene.peer(64496, "edge-1", post_policy);
  EXPECT_THAT(scene.announce(pre, {64496, 64500}), SizeIs(1));
  // FRR puts the monitored router's own AS in front of what it shows after policy.
  EXPECT_THAT(scene.announce(post, {65000, 64496, 64500}), IsEmpty());
  EXPECT_THAT(scene.withdraw(pre), IsEmpty());
  EXPECT_THAT(brief(scene.withdraw(post)), ElementsAre("withdrawal Critical open"));
}

TEST(Presence, WhatPolicyRejectsIsNoWayAnyMore) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  const auto pre = scene.peer(64496, "edge-1", pre_policy), post = scene.peer(64496, "edge-1", post_policy);
  scene.announce(pre, {64496, 64500});
  scene.announce(post, {64496, 64500});
  scene.announce(scene.peer(64497), {64497, 64500});
  EXPECT_THAT(brief(scene.withdraw(post)),
              ElementsAre("withdrawal Information resolved", "active-path Information resolved"));
  EXPECT_THAT(scene.withdraw(pre), IsEmpty());
}

TEST(Presence, LocRibOfARouterThatShowsItsPeersTellsNothingNew) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  const auto in = scene.peer(64496), local = scene.peer(65000, "edge-1", loc_rib);
  EXPECT_THAT(scene.announce(in, {64496, 64500}), SizeIs(1));
  EXPECT_THAT(scene.announce(local, {65000, 64496, 64500}), IsEmpty());
  EXPECT_THAT(brief(scene.withdraw(in)), ElementsAre("withdrawal Critical open"));
  EXPECT_THAT(scene.withdraw(local), IsEmpty());
}

TEST(Presence, LocRibAloneIsAWay) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  const auto local = scene.peer(65000, "edge-1", loc_rib);
  EXPECT_THAT(brief(scene.announce(local, {64496, 64500})), ElementsAre(announced));
  EXPECT_THAT(brief(scene.withdraw(local)), ElementsAre("withdrawal Critical open"));
}

TEST(Presence, WhatTheRouterSendsToOthersIsNotJudged) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  const auto out = scene.peer(64496, "edge-1", rib::RibKind::adj_rib_out_post_policy);
  EXPECT_THAT(scene.announce(out, {65000, 64511}), IsEmpty());
  EXPECT_THAT(scene.withdraw(out), IsEmpty());
}

TEST(Presence, UnwantedKindsAreNotTold) {
  Scene scene;
  scene.expect("203.0.113.0/24", [](auto& e) {
    e.exclude_kinds = {model::EventKind::announcement, model::EventKind::origin_hijack};
  });
  scene.apply();
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64500}), IsEmpty());
  EXPECT_THAT(scene.announce(scene.peer(64497), {64497, 64511}), IsEmpty());
  EXPECT_THAT(scene.withdraw(scene.peer(64496)), SizeIs(1));
}

TEST(Presence, WhatIsNoLongerRegisteredIsResolvedAndForgotten) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  scene.announce(scene.peer(64496), {64496, 64500});
  scene.announce(scene.peer(64497), {64497, 64511}, "203.0.113.0/25");
  scene.withdraw(scene.peer(64496));
  scene.forget("web");
  EXPECT_THAT(brief(scene.apply()), testing::UnorderedElementsAre("withdrawal Critical resolved",
                                                                  "subprefix-hijack Critical resolved"));
  EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64500}), IsEmpty());
}

TEST(Visibility, HalfOfThePeersIsALossAndMostOfThemBackIsItsEnd) {
  Scene scene;
  scene.expect("203.0.113.0/24",
               [](auto& e) { e.include_kinds = std::vector{model::EventKind::visibility_loss}; });
  scene.apply();
  for (net::Asn asn = 64601; asn <= 64606; ++asn) scene.announce(scene.peer(asn), {asn, 64500});
  for (net::Asn asn = 64601; asn <= 64603; ++asn) EXPECT_THAT(scene.withdraw(scene.peer(asn)), IsEmpty());
  const auto lost = scene.withdraw(scene.peer(64604));
  ASSERT_THAT(brief(lost), ElementsAre("visibility-loss Warning open"));
  EXPECT_THAT(lost[0].peers, SizeIs(4));
  scene.withdraw(scene.peer(64605));
  EXPECT_THAT(brief(scene.withdraw(scene.peer(64606))), ElementsAre("visibility-loss Critical open"));
  for (net::Asn asn = 64601; asn <= 64604; ++asn) {
    EXPECT_THAT(scene.announce(scene.peer(asn), {asn, 64500}), IsEmpty()) << asn;
  }
  EXPECT_THAT(brief(scene.announce(scene.peer(64605), {64605, 64500})),
              ElementsAre("visibility-loss Critical resolved"));
}

TEST(Visibility, ARequiredUpstreamThatNobodySeesAnyMoreIsALoss) {
  Scene scene;
  scene.expect("203.0.113.0/24", [](auto& e) {
    e.include_kinds = std::vector{model::EventKind::visibility_loss};
    e.require_upstreams = {64496, 64497};
  });
  scene.apply();
  scene.announce(scene.peer(64601), {64601, 64496, 64500});
  EXPECT_THAT(scene.announce(scene.peer(64602), {64602, 64497, 64500}), IsEmpty());
  scene.wait(5s);
  const auto lost = scene.announce(scene.peer(64602), {64602, 64496, 64500});
  ASSERT_THAT(brief(lost), ElementsAre("visibility-loss Warning open"));
  EXPECT_EQ(lost[0].neighbor, 64497U);
  scene.wait(5s);
  EXPECT_THAT(brief(scene.announce(scene.peer(64601), {64601, 64497, 64500})),
              ElementsAre("visibility-loss Warning resolved"));
}

TEST(Visibility, SessionsThatGoDownAreNoLoss) {
  Scene scene;
  scene.expect("203.0.113.0/24",
               [](auto& e) { e.include_kinds = std::vector{model::EventKind::visibility_loss}; });
  scene.apply();
  for (net::Asn asn = 64601; asn <= 64606; ++asn) scene.announce(scene.peer(asn), {asn, 64500});
  for (net::Asn asn = 64601; asn <= 64606; ++asn) {
    for (const auto& event : scene.session_down(scene.peer(asn))) {
      EXPECT_EQ(event.kind, model::EventKind::session_state);
    }
  }
}

}  // namespace
}  // namespace peering::detect
