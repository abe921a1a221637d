#include "alert/damper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::alert {
namespace {

using model::Event;
using model::EventKind;
using model::EventState;
using model::Level;
using std::chrono::minutes;
using std::chrono::seconds;

// One event that turns at moments that a test chooses; `lines` is what the damper made of it.
struct DamperTest : testing::Test {
  Damper damper{FlapSettings{}};
  TimePoint now = time_from_us(1'700'000'000'000'000);
  Level level = Level::critical;
  int reopened = -1;
  std::vector<std::string> lines;
  std::vector<Event> written;
  bool store_takes = true;

  Event version(EventState state) const {
    Event out;
    out.id = model::EventId("0123456789abcdef0123456789abcdef");
    out.kind = EventKind::origin_hijack;
    out.type = "PrefixOriginAsChangeEvent";
    out.level = level;
    out.state = state;
    out.connection = "/subscriptions/s/peeringServices/c";
    out.prefix_resource = out.connection + "/prefixes/p";
    out.prefix = out.observed = *net::Prefix::parse("203.0.113.0/24");
    out.incident_id = "incident";
    out.reopened = reopened;
    out.description = "AS64666 announces it";
    out.detected_at = now;
    return out;
  }
  void keep(std::vector<Event> events) {
    for (const Event& event : events) {
      lines.push_back(fmt::format("{} {}{}", to_string(event.kind), to_string(event.state),
                                  event.damped ? " damped" : ""));
      written.push_back(event);
    }
  }
  void give(EventState state) {
    std::vector<Event> events{version(state)};
    damper.mark(events, now);
    if (store_takes) damper.stored();
    keep(std::move(events));
  }
  void open() {
    ++reopened;
    give(EventState::open);
  }
  void resolve() { give(EventState::resolved); }
  void wait(Microseconds time) {
    now += time;
    std::vector<Event> due = damper.due(now);
    if (store_takes) damper.stored();
    keep(std::move(due));
  }
  void turns(int times) {
    for (int i = 0; i < times; ++i) {
      open();
      wait(seconds(5));
      resolve();
      wait(seconds(5));
    }
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }
};

const std::vector<std::string> turn{"origin-hijack open", "origin-hijack resolved"};
const std::vector<std::string> damped_turn{"origin-hijack open damped", "origin-hijack resolved damped"};

TEST_F(DamperTest, TheFirstTurnsAreToldThenThatItFlapsAndNoMore) {
  turns(3);
  EXPECT_THAT(take(), testing::ElementsAre(turn[0], turn[1], turn[0], turn[1], turn[0], turn[1]));
  EXPECT_EQ(damper.flapping(), 0U);
  open();
  EXPECT_THAT(take(), testing::ElementsAre(damped_turn[0], "flapping open"));
  EXPECT_EQ(damper.flapping(), 1U);
  resolve();
  take();
  turns(20);
  const auto later = take();
  EXPECT_THAT(later, testing::Each(testing::HasSubstr("damped"))) << "stored, but not told";
  EXPECT_EQ(later.size(), 40U);
}

TEST_F(DamperTest, TheFlappingEventSaysWhatFlaps) {
  turns(3);
  open();
  const Event& flapping = written.back();
  EXPECT_EQ(flapping.type, "PrefixFlappingEvent");
  EXPECT_EQ(flapping.level, Level::warning);
  EXPECT_EQ(flapping.flapping,
            (model::Flapping{version(EventState::open).id, EventKind::origin_hijack, Level::critical}));
  EXPECT_EQ(flapping.incident_id, "incident");
  EXPECT_EQ(flapping.prefix_resource, version(EventState::open).prefix_resource);
  EXPECT_NE(flapping.id, version(EventState::open).id);
  EXPECT_THAT(flapping.description, testing::HasSubstr("3 times"));
}

TEST_F(DamperTest, WhenItHasBeenQuietTheFlappingIsOverAndWhatIsOverIsNotTold) {
  turns(5);
  take();
  wait(minutes(5) - seconds(6));
  EXPECT_TRUE(take().empty());
  wait(seconds(1));
  EXPECT_THAT(take(), testing::ElementsAre("flapping resolved"));
  EXPECT_TRUE(written.back().resolved_at);
  EXPECT_EQ(damper.flapping(), 0U);
  EXPECT_TRUE(damper.empty());
}

TEST_F(DamperTest, WhatIsOpenWhenTheFlappingEndsIsTold) {
  level = Level::warning;
  turns(4);
  open();
  take();
  wait(minutes(5) - seconds(1));
  EXPECT_TRUE(take().empty());
  wait(seconds(1));
  EXPECT_THAT(take(), testing::ElementsAre("flapping resolved", turn[0]));
  resolve();
  EXPECT_THAT(take(), testing::ElementsAre(turn[1]));
}

TEST_F(DamperTest, ACriticalEventThatStandsIsToldAlthoughItFlapped) {
  turns(4);
  open();
  take();
  wait(minutes(1) - seconds(1));
  EXPECT_TRUE(take().empty());
  wait(seconds(1));
  EXPECT_THAT(take(), testing::ElementsAre(turn[0])) << "and it goes on to flap";
  give(EventState::open);
  EXPECT_THAT(take(), testing::ElementsAre(turn[0])) << "a later version of what was told";
  resolve();
  EXPECT_THAT(take(), testing::ElementsAre(turn[1]));
  open();
  EXPECT_THAT(take(), testing::ElementsAre(damped_turn[0]));
  wait(minutes(1));
  EXPECT_TRUE(take().empty()) << "the second time it has to stand for longer";
  wait(minutes(1));
  EXPECT_THAT(take(), testing::ElementsAre(turn[0]));
  wait(minutes(3));
  EXPECT_THAT(take(), testing::ElementsAre("flapping resolved")) << "that it is open was told";
}

TEST_F(DamperTest, SlowReturnsAreNoFlapping) {
  for (int i = 0; i < 20; ++i) {
    turns(1);
    wait(minutes(5));
  }
  EXPECT_THAT(take(), testing::Each(testing::Not(testing::HasSubstr("damped"))));
}

TEST_F(DamperTest, MorePeersAreNoReturn) {
  turns(2);
  open();
  for (int i = 0; i < 20; ++i) give(EventState::open);
  EXPECT_THAT(take(), testing::Each(testing::Not(testing::HasSubstr("damped"))));
}

TEST_F(DamperTest, WhatIsWrittenAgainAfterAFailureCountsOnce) {
  turns(2);
  open();
  std::vector<Event> again{version(EventState::open)};
  for (int i = 0; i < 5; ++i) damper.mark(again, now += seconds(1));
  EXPECT_FALSE(again[0].damped);
  resolve();
  open();
  std::vector<Event> failed{written[written.size() - 2], written.back()};
  ASSERT_EQ(failed[1].kind, EventKind::flapping);
  damper.mark(failed, now += seconds(1));
  ASSERT_EQ(failed.size(), 1U) << "it is stored";
  EXPECT_TRUE(failed[0].damped);
}

TEST_F(DamperTest, AFlappingEventThatTheStoreRefusedIsWrittenAsItIsNow) {
  turns(3);
  store_takes = false;
  open();
  ASSERT_EQ(take().back(), "flapping open");
  std::vector<Event> again;
  damper.mark(again, now);
  keep(std::move(again));
  EXPECT_THAT(take(), testing::ElementsAre("flapping open"))
      << "until it is stored, whatever else is written";
  const Event refused = written.back();
  wait(minutes(5));
  EXPECT_THAT(take(), testing::ElementsAre("flapping resolved", turn[0]));
  // The first version comes out of the backlog after its end was given.
  std::vector<Event> late{refused};
  store_takes = true;
  damper.mark(late, now);
  damper.stored();
  keep(std::move(late));
  EXPECT_THAT(take(), testing::ElementsAre("flapping resolved")) << "never open after its end";
  wait(seconds(1));
  EXPECT_TRUE(take().empty());
}

TEST_F(DamperTest, ItGoesOnAfterARestart) {
  turns(3);
  open();
  const std::vector<Event> known{written[written.size() - 2], written.back()};
  damper = Damper(FlapSettings{});
  damper.restore(known, now);
  EXPECT_EQ(damper.flapping(), 1U);
  take();
  resolve();
  open();
  EXPECT_THAT(take(), testing::ElementsAre(damped_turn[1], damped_turn[0]));
  wait(minutes(1));
  EXPECT_THAT(take(), testing::ElementsAre(turn[0])) << "it stands";
  wait(minutes(4));
  EXPECT_THAT(take(), testing::ElementsAre("flapping resolved"));
}

TEST_F(DamperTest, ReturnsBeforeARestartCountTowardsFlapping) {
  turns(3);
  std::vector<Event> returned;
  for (Event& event : written) {
    if (event.reopened > 0 && event.state == EventState::open) returned.push_back(event);
  }
  damper = Damper(FlapSettings{});
  damper.recall(returned, now);
  take();
  open();
  EXPECT_THAT(take(), testing::ElementsAre(damped_turn[0], "flapping open"));
}

TEST_F(DamperTest, ReturnsLongBeforeARestartDoNot) {
  turns(3);
  const std::vector<Event> returned{written[2], written[4]};
  ASSERT_EQ(returned[1].reopened, 2);
  damper = Damper(FlapSettings{});
  damper.recall(returned, now += minutes(11));
  EXPECT_TRUE(damper.empty());
  take();
  open();
  EXPECT_THAT(take(), testing::ElementsAre(turn[0]));
}

TEST_F(DamperTest, AFlappingThatBecomesWorseIsWrittenAgain) {
  level = Level::warning;
  turns(4);
  take();
  level = Level::critical;
  open();
  EXPECT_THAT(take(), testing::ElementsAre(damped_turn[0], "flapping open"));
  EXPECT_EQ(written.back().flapping->level, Level::critical);
}

TEST_F(DamperTest, ItCanBeTurnedOff) {
  damper = Damper(FlapSettings{.after = 0});
  turns(20);
  EXPECT_THAT(take(), testing::Each(testing::Not(testing::HasSubstr("damped"))));
}

}  // namespace
}  // namespace peering::alert
