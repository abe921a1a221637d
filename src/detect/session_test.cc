// Sessions, routers and restarts: what we do not see is not what the network did.
#include "detect/detect_fixture.h"

namespace peering::detect {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

constexpr std::string_view down = "session-state Error open", up = "session-state Error resolved";
constexpr std::string_view moved = "active-path Information resolved";

struct Session : testing::Test {
  Scene scene;
  void SetUp() override {
    scene.expect("203.0.113.0/24", {}, "web");
    scene.expect("198.51.100.0/24", {}, "mail");
    scene.expect("192.0.2.0/24", {}, "other", "d");
    scene.apply();
    for (const char* prefix : {"203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"}) {
      scene.announce(scene.peer(64496), {64496, 64500}, prefix);
    }
    scene.wait(100s);
  }
  void announce_all() {
    for (const char* prefix : {"203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"}) {
      EXPECT_THAT(scene.announce(scene.peer(64496), {64496, 64500}, prefix), IsEmpty());
    }
  }
};

TEST_F(Session, ThatGoesDownIsOneEventForEachConnectionAndNoWithdrawal) {
  const auto events = scene.session_down(scene.peer(64496));
  ASSERT_THAT(brief(events), ElementsAre(down, down));
  EXPECT_EQ(events[0].type, "PrefixSessionStateEvent");
  EXPECT_EQ(events[0].connection, "/subscriptions/s/peeringServices/c");
  EXPECT_EQ(events[1].connection, "/subscriptions/s/peeringServices/d");
  EXPECT_THAT(events[0].description, HasSubstr("2 registered prefixes"));
  EXPECT_THAT(events[0].evidence, SizeIs(2));
  EXPECT_THAT(scene.session_down(scene.peer(64496)), IsEmpty());
}

struct SilentFeed : Session {};

constexpr std::string_view silent = "feed-silent Warning open", heard = "feed-silent Warning resolved";

TEST_F(SilentFeed, IsOneEventForEachConnectionThatSeesSomethingThroughIt) {
  scene.announce(scene.peer(64497, "edge-2"), {64497, 64500}, "198.51.100.0/24");
  const TimePoint since = scene.now() - 40min;
  const auto events = scene.silent("edge-1", since);
  ASSERT_THAT(brief(events), ElementsAre(silent, silent));
  EXPECT_EQ(events[0].type, "PrefixTelemetrySilentEvent");
  EXPECT_EQ(events[0].first_seen, since);
  EXPECT_EQ(events[0].connection, "/subscriptions/s/peeringServices/c");
  EXPECT_EQ(events[1].connection, "/subscriptions/s/peeringServices/d");
  EXPECT_THAT(events[0].description, HasSubstr("edge-1, through which registered prefixes"));
  EXPECT_THAT(events[0].evidence, IsEmpty()) << "no shard may say what the others do not know";
  EXPECT_THAT(scene.silent("edge-1", since), IsEmpty()) << "it is told";
  EXPECT_THAT(scene.silent("edge-3", since), IsEmpty()) << "nobody sees anything through it";
  EXPECT_THAT(brief(scene.heard("edge-1")), ElementsAre(heard, heard));
  EXPECT_THAT(scene.heard("edge-1"), IsEmpty());
  EXPECT_THAT(scene.open(), IsEmpty());
}

TEST_F(SilentFeed, ThatIsLostIsTheLossOfARouterAndSilentNoLonger) {
  scene.silent("edge-1", scene.now());
  EXPECT_THAT(brief(scene.router("edge-1", false)), UnorderedElementsAre(heard, heard, down, down));
}

TEST_F(SilentFeed, OfATimeBeforeARestartEndsWhenTheRouterIsBack) {
  scene.silent("edge-1", scene.now());
  scene.restart();
  EXPECT_THAT(scene.silent("edge-1", scene.now()), IsEmpty());
  EXPECT_THAT(brief(scene.router("edge-1", true)), ElementsAre(heard, heard));
  EXPECT_THAT(scene.open(), IsEmpty());
}

TEST_F(SilentFeed, OfAConnectionThatIsGoneIsResolved) {
  scene.silent("edge-1", scene.now());
  scene.forget("other", "d");
  EXPECT_THAT(brief(scene.apply()), Contains(heard));
}

TEST_F(Session, ThatComesBackResolvesItAndAnnouncesNothingNew) {
  scene.session_down(scene.peer(64496));
  scene.wait(30s);
  EXPECT_THAT(brief(scene.session_up(scene.peer(64496))), ElementsAre(up, up));
  announce_all();
  EXPECT_THAT(scene.wait(100s), IsEmpty());
  EXPECT_THAT(scene.open(), IsEmpty());
}

TEST_F(Session, WhatItDoesNotBringBackWasWithdrawn) {
  scene.session_down(scene.peer(64496));
  scene.session_up(scene.peer(64496));
  scene.announce(scene.peer(64496), {64496, 64500}, "203.0.113.0/24");
  EXPECT_THAT(scene.wait(59s), IsEmpty());
  EXPECT_THAT(brief(scene.wait(2s)), ElementsAre("withdrawal Critical open", "withdrawal Critical open"));
}

TEST_F(Session, OfARouterThatIsLostIsOneEventWithTheRouter) {
  scene.announce(scene.peer(64497), {64497, 64500});
  EXPECT_THAT(brief(scene.router("edge-1", false)), ElementsAre(down, down));
  EXPECT_THAT(scene.wait(10s), IsEmpty());
  EXPECT_THAT(brief(scene.router("edge-1", true)), ElementsAre(up, up));
  announce_all();
  scene.announce(scene.peer(64497), {64497, 64500});
  EXPECT_THAT(scene.sweep("edge-1"), IsEmpty());
  EXPECT_THAT(scene.wait(100s), IsEmpty());
}

TEST_F(Session, SweptRoutesWereWithdrawnByTheNetwork) {
  scene.router("edge-1", false);
  scene.router("edge-1", true);
  scene.announce(scene.peer(64496), {64496, 64500}, "203.0.113.0/24");
  scene.announce(scene.peer(64496), {64496, 64500}, "192.0.2.0/24");
  const auto swept = scene.sweep("edge-1");
  ASSERT_THAT(brief(swept), ElementsAre("withdrawal Critical open"));
  EXPECT_EQ(swept[0].prefix, p("198.51.100.0/24"));
}

TEST_F(Session, ThatFallsMovesTrafficToTheOtherOneAndBack) {
  scene.expect("203.0.113.0/24", [](auto& e) { e.backup_upstreams = {64499}; }, "web");
  scene.apply();
  scene.announce(scene.peer(64499, "edge-2"), {64499, 64500});
  const auto events = scene.session_down(scene.peer(64496));
  ASSERT_THAT(brief(events), Contains(moved));
  EXPECT_EQ(events[0].type, "PrefixBackupPath");
  scene.session_up(scene.peer(64496));
  const auto back = scene.announce(scene.peer(64496), {64496, 64500});
  ASSERT_THAT(brief(back), ElementsAre(moved));
  EXPECT_EQ(back[0].type, "PrefixActivePath");
}

TEST_F(Session, ThatWasNeverSeenIsNoEvent) { EXPECT_THAT(scene.session_down(scene.peer(64498)), IsEmpty()); }

TEST_F(Session, IsUpWhenItIsHeardAlthoughNobodySaidSo) {
  scene.session_down(scene.peer(64496));
  EXPECT_THAT(brief(scene.announce(scene.peer(64496), {64496, 64500})), ElementsAre(up, up));
}

TEST_F(Session, ARouteAwayForGoodIsNoWayThatIsLeft) {
  scene.announce(scene.peer(64497), {64497, 64500});
  scene.session_down(scene.peer(64496));
  scene.wait(2h);
  EXPECT_THAT(brief(scene.withdraw(scene.peer(64497))), Contains("withdrawal Critical open"));
}

TEST_F(Session, ThatWeNoLongerLookThroughIsNeitherAnOutageNorAWithdrawal) {
  EXPECT_THAT(scene.out_of_sight(scene.peer(64496)), IsEmpty());
  EXPECT_THAT(scene.wait(100s), IsEmpty());
  EXPECT_THAT(scene.open(), IsEmpty());
  announce_all();
  EXPECT_THAT(scene.wait(100s), IsEmpty());
}

TEST_F(Session, ThatIsDownAndNoLongerWatchedHasNothingOpenAboutIt) {
  const auto opened = scene.session_down(scene.peer(64496));
  EXPECT_THAT(scene.out_of_sight(scene.peer(64496)), IsEmpty()) << "it is still down";
  const auto events = scene.forgotten(scene.peer(64496));
  ASSERT_THAT(brief(events), ElementsAre(up, up));
  EXPECT_EQ(events[0].id, opened[0].id);
  EXPECT_THAT(events[0].evidence.back(), HasSubstr("no longer watched"));
  EXPECT_THAT(scene.wait(100s), IsEmpty()) << "nothing of it is a withdrawal";
  EXPECT_THAT(scene.open(), IsEmpty());
}

TEST_F(Session, WhoseRouterIsAwayAndNoLongerWatchedHasNothingOpenAboutIt) {
  scene.router("edge-1", false);
  EXPECT_THAT(brief(scene.forgotten(scene.peer(64496))), ElementsAre(up, up));
  EXPECT_THAT(scene.wait(100s), IsEmpty());
  EXPECT_THAT(scene.open(), IsEmpty());
}

struct Restart : Session {};

TEST_F(Restart, LateRoutesAreNotNewAnnouncements) {
  scene.restart();
  scene.wait(15s);
  announce_all();
  EXPECT_THAT(scene.announce(scene.peer(64497), {64497, 64500}), IsEmpty());
  EXPECT_THAT(scene.wait(100s), IsEmpty());
}

TEST_F(Restart, WhatDoesNotComeBackWithItsRouterWasWithdrawn) {
  scene.restart();
  EXPECT_THAT(scene.wait(1h), IsEmpty()) << "the router is still away";
  scene.router("edge-1", true);
  scene.announce(scene.peer(64496), {64496, 64500}, "203.0.113.0/24");
  scene.announce(scene.peer(64496), {64496, 64500}, "192.0.2.0/24");
  const auto gone = scene.wait(61s);
  ASSERT_THAT(brief(gone), ElementsAre("withdrawal Critical open"));
  EXPECT_EQ(gone[0].prefix, p("198.51.100.0/24"));
}

TEST_F(Restart, AnOpenWithdrawalIsResolvedUnderItsOwnId) {
  const auto gone = scene.withdraw(scene.peer(64496));
  scene.restart();
  scene.wait(5s);
  const auto back = scene.announce(scene.peer(64496), {64496, 64500});
  ASSERT_THAT(brief(back), Contains("withdrawal Critical resolved"));
  EXPECT_EQ(back[0].id, gone[0].id);
}

TEST_F(Restart, AnOpenHijackGoesOnUnderItsOwnId) {
  const auto hijack = scene.announce(scene.peer(64511), {64511}, "203.0.113.0/25");
  scene.restart();
  EXPECT_THAT(scene.announce(scene.peer(64511), {64511}, "203.0.113.0/25"), IsEmpty()) << "known already";
  const auto more = scene.announce(scene.peer(64497), {64497, 64511}, "203.0.113.0/25");
  ASSERT_THAT(more, SizeIs(1));
  EXPECT_EQ(more[0].id, hijack[0].id);
  scene.withdraw(scene.peer(64497), "203.0.113.0/25");
  const auto end = scene.withdraw(scene.peer(64511), "203.0.113.0/25");
  ASSERT_THAT(brief(end), ElementsAre("subprefix-hijack Critical resolved"));
  EXPECT_EQ(end[0].id, hijack[0].id);
}

TEST_F(Restart, AHijackThatDoesNotComeBackIsResolved) {
  scene.announce(scene.peer(64511), {64511}, "203.0.113.0/25");
  scene.restart();
  scene.router("edge-1", true);
  announce_all();
  EXPECT_THAT(brief(scene.wait(61s)), ElementsAre("subprefix-hijack Critical resolved"));
}

TEST_F(Restart, AnOutageIsResolvedWhenTheSessionIsHeard) {
  scene.session_down(scene.peer(64496));
  scene.restart();
  EXPECT_THAT(brief(scene.announce(scene.peer(64496), {64496, 64500})), UnorderedElementsAre(up, up));
}

TEST_F(Restart, AnOutageOfWhatIsNoLongerWatchedIsResolved) {
  scene.session_down(scene.peer(64496));
  scene.restart();
  EXPECT_THAT(brief(scene.forgotten(scene.peer(64496))), ElementsAre(up, up));
  EXPECT_THAT(scene.open(), IsEmpty());
}

TEST_F(Restart, EventsOfWhatWasDeletedMeanwhileAreResolved) {
  scene.withdraw(scene.peer(64496));
  scene.announce(scene.peer(64511), {64511}, "203.0.113.0/25");
  scene.forget("web");
  scene.restart();
  EXPECT_THAT(scene.open(), IsEmpty());
}

}  // namespace
}  // namespace peering::detect
