#include "detect/reopening.h"

#include "detect/detect_fixture.h"
#include "detect/event_shape.h"

namespace peering::detect {
namespace {

using model::Event;
using model::EventKind;
using model::EventState;
using std::chrono::minutes;
using std::chrono::seconds;

// A scene whose events pass through a Reopening, as in the server.
struct ReopeningTest : testing::Test {
  Scene scene;
  Reopening reopening{minutes(10)};
  std::vector<Event> told;

  void take(std::vector<Event> events) {
    for (Event& event : events) {
      if (reopening.apply(event, scene.now())) told.push_back(event);
    }
  }
  // The versions of events of the kind that were told.
  std::vector<Event> of(EventKind kind) const {
    std::vector<Event> out;
    std::ranges::copy_if(told, std::back_inserter(out), [&](const Event& e) { return e.kind == kind; });
    return out;
  }
  void SetUp() override {
    scene.expect("203.0.113.0/24");
    scene.apply();
    peer = scene.peer(64496);
    take(scene.announce(peer, {64496, 64500}));
  }
  void hijack(net::Asn origin = 64666) { take(scene.announce(peer, {64496, origin})); }
  void heal() { take(scene.announce(peer, {64496, 64500})); }
  rib::PeerPointer peer;
};

TEST_F(ReopeningTest, WhatComesBackAsAnotherTypeIsAnotherEvent) {
  hijack();
  const Event first = told.back();
  heal();
  take(scene.wait(seconds(30)));
  std::vector<Event> again = scene.announce(peer, {64496, 64666});
  ASSERT_EQ(again.size(), 1U);
  again[0].type = "PrefixBackupRouteOriginAsChangeEvent";
  take(again);
  EXPECT_NE(told.back().id, first.id);
  EXPECT_EQ(told.back().reopened, 0);
}

TEST_F(ReopeningTest, WhatComesBackSoonGoesOnUnderItsIdWithItsBeginningAndEvidence) {
  hijack();
  take(scene.wait(seconds(30)));
  heal();
  take(scene.wait(minutes(9)));
  hijack();
  const auto versions = of(EventKind::origin_hijack);
  ASSERT_EQ(versions.size(), 3U);
  const Event &first = versions[0], &again = versions[2];
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.incident_id, first.id.value);
  EXPECT_EQ(again.first_seen, first.first_seen);
  EXPECT_EQ(again.state, EventState::open);
  EXPECT_FALSE(again.resolved_at);
  EXPECT_EQ(again.reopened, 1);
  EXPECT_EQ(again.evidence.front(), first.evidence.front());
  EXPECT_THAT(again.evidence, testing::Contains(testing::HasSubstr("resolved after")));
  EXPECT_THAT(again.evidence, testing::Contains(testing::StartsWith("back after")));

  take(scene.wait(seconds(20)));
  heal();
  const Event last = of(EventKind::origin_hijack).back();
  EXPECT_EQ(last.id, first.id);
  EXPECT_EQ(last.state, EventState::resolved);
  EXPECT_EQ(*last.resolved_at - last.first_seen, seconds(30) + minutes(9) + seconds(20));
}

TEST_F(ReopeningTest, MorePeersOfWhatCameBackAreAVersionOfIt) {
  hijack();
  heal();
  take(scene.wait(seconds(5)));
  hijack();
  take(scene.announce(scene.peer(64497), {64497, 64666}));
  const auto versions = of(EventKind::origin_hijack);
  ASSERT_EQ(versions.size(), 4U);
  EXPECT_EQ(versions[3].id, versions[0].id);
  EXPECT_EQ(versions[3].peers.size(), 2U);
  EXPECT_EQ(versions[3].reopened, 1);
}

TEST_F(ReopeningTest, WhatComesBackLateIsANewEvent) {
  hijack();
  heal();
  take(scene.wait(minutes(10) + seconds(1)));
  hijack();
  const auto versions = of(EventKind::origin_hijack);
  EXPECT_NE(versions.back().id, versions.front().id);
  EXPECT_EQ(versions.back().reopened, 0);
}

TEST_F(ReopeningTest, AnotherSuspectIsAnotherEvent) {
  hijack(64666);
  heal();
  take(scene.wait(seconds(1)));
  hijack(64667);
  EXPECT_NE(of(EventKind::origin_hijack).back().id, of(EventKind::origin_hijack).front().id);
}

TEST_F(ReopeningTest, AWithdrawalIsTheSameWhoeverIsTheLastToWithdraw) {
  take(scene.withdraw(peer));
  take(scene.wait(seconds(1)));
  const auto other = scene.peer(64497, "edge-2");
  take(scene.announce(other, {64497, 64500}));
  take(scene.wait(seconds(1)));
  take(scene.withdraw(other));
  const auto versions = of(EventKind::withdrawal);
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions[2].id, versions[0].id);
  EXPECT_EQ(versions[2].state, EventState::open);
}

TEST_F(ReopeningTest, WhatOnlyHappensIsNewEachTime) {
  take(scene.withdraw(peer));
  heal();
  const auto news = of(EventKind::announcement);
  ASSERT_EQ(news.size(), 2U);
  EXPECT_EQ(news[1].reopened, 0);
}

TEST_F(ReopeningTest, AfterARestartTheEndIsRemembered) {
  hijack();
  take(scene.wait(seconds(5)));
  heal();
  const Event ended = told.back();
  ASSERT_EQ(ended.kind, EventKind::origin_hijack);
  Event stored = ended;
  stored.incident_id = "its incident";
  reopening = Reopening(minutes(10));
  reopening.restore(std::span(&stored, 1), scene.now());
  scene.restart();
  take(scene.announce(peer, {64496, 64500}));
  take(scene.wait(seconds(5)));
  hijack();
  EXPECT_EQ(told.back().id, ended.id);
  EXPECT_EQ(told.back().first_seen, ended.first_seen);
  EXPECT_EQ(told.back().reopened, 1);
}

TEST_F(ReopeningTest, WhatWasOpenBeforeARestartGoesOnAndMayComeBack) {
  hijack();
  heal();
  take(scene.wait(seconds(1)));
  hijack();
  const Event open = told.back();
  ASSERT_EQ(open.reopened, 1);
  // The detectors go on with the event as it is stored.
  reopening = Reopening(minutes(10));
  reopening.restore(std::span(&open, 1), scene.now());
  Event over = open;
  over.reopened = 1;
  resolve(over, scene.now() + seconds(5), "it is over");
  take({over});
  EXPECT_EQ(told.back().reopened, 1);
  EXPECT_EQ(told.back().evidence.size(), open.evidence.size() + 1);
  take(scene.wait(seconds(9)));
  heal();
  hijack();
  EXPECT_EQ(told.back().id, open.id);
  EXPECT_EQ(told.back().reopened, 2);
}

TEST_F(ReopeningTest, WhatAnotherShardTellsLateOfASessionIsNoReturn) {
  const auto version = [&](Microseconds began, Microseconds ended = {}) {
    Event out = make_event(EventKind::session_state, Role::primary, model::RegisteredPrefix{},
                           p("10.0.0.0/8"), "session", scene.now() + began, scene.now(), true);
    if (ended.count() > 0) resolve(out, scene.now() + ended, "it is up again");
    return out;
  };
  const Event down = version(seconds(1)), up = version(seconds(1), seconds(2));
  told.clear();
  take({down, up, down, up});
  EXPECT_THAT(told, testing::ElementsAre(down, up)) << "it began before the end";
  take({version(seconds(3))});
  EXPECT_EQ(told.back().reopened, 1);
  take({down, up});
  EXPECT_EQ(told.size(), 3U) << "not even when it came back in between";
}

TEST_F(ReopeningTest, WhatEndsAndComesBackWithinOneTickOfTheRoutersClockIsOpen) {
  for (int i = 0; i < 3; ++i) {
    hijack();
    heal();
  }
  hijack();
  const auto versions = of(EventKind::origin_hijack);
  ASSERT_EQ(versions.size(), 7U);
  EXPECT_EQ(versions.back().id, versions.front().id);
  EXPECT_EQ(versions.back().state, EventState::open);
  EXPECT_EQ(versions.back().reopened, 3);
}

TEST_F(ReopeningTest, ItCanBeTurnedOff) {
  reopening = Reopening(Microseconds(0));
  hijack();
  heal();
  take(scene.wait(seconds(1)));
  hijack();
  EXPECT_NE(of(EventKind::origin_hijack).back().id, of(EventKind::origin_hijack).front().id);
}

TEST_F(ReopeningTest, TheEvidenceOfAThousandReturnsStaysShortAndKeepsTheFirstAndTheLast) {
  for (int i = 0; i < 1000; ++i) {
    hijack();
    take(scene.wait(seconds(1)));
    heal();
    take(scene.wait(seconds(1)));
  }
  const auto versions = of(EventKind::origin_hijack);
  EXPECT_EQ(versions.back().id, versions.front().id);
  EXPECT_EQ(versions.back().reopened, 999);
  EXPECT_EQ(versions.back().evidence.size(), Reopening::evidence_max);
  EXPECT_EQ(versions.back().evidence.front(), versions.front().evidence.front());
  EXPECT_THAT(versions.back().evidence.back(), testing::StartsWith("resolved after"));
}

}  // namespace
}  // namespace peering::detect
