#include "alert/grouper.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::alert {
namespace {

using model::Event;
using model::EventKind;
using model::EventState;
using model::Level;
using std::chrono::seconds;

// Hijacks of many prefixes of one connection; `told` is what alerts would be sent of.
struct GrouperTest : testing::Test {
  TimePoint now = time_from_us(1'700'000'000'000'000);
  std::set<std::string> alerts;  // events whose alert is open
  Grouper grouper = fresh(20);
  std::vector<std::string> told;
  std::map<std::string, Event> stored;
  model::Registry registry = registry_of(Level::warning);

  Grouper fresh(std::size_t after) {
    return Grouper({after, seconds(10)},
                   [this](const Event& event) { return alerts.contains(event.id.value); });
  }
  static model::Registry registry_of(Level minimum) {
    model::Registry out;
    for (const char* name : {"/c", "/d"}) {
      auto connection = std::make_shared<model::Connection>();
      connection->resource = name;
      connection->alerts.enabled = true;
      connection->alerts.minimum_level = minimum;
      out.connections[name] = connection;
    }
    return out;
  }
  static Event hijack(int number, EventState state = EventState::open) {
    Event out;
    out.id = model::EventId(fmt::format("event-{:04}", number));
    out.kind = EventKind::origin_hijack;
    out.type = "PrefixOriginAsChangeEvent";
    out.level = Level::critical;
    out.state = state;
    out.connection = "/c";
    out.prefix_resource = fmt::format("/c/prefixes/{}", number);
    out.prefix = out.observed = *net::Prefix::parse(fmt::format("10.{}.{}.0/24", number / 256, number % 256));
    out.suspect = 64666;
    out.incident_id = "incident";
    return out;
  }
  void keep(const std::vector<Event>& events) {
    for (const Event& event : events) {
      stored[event.id.value] = event;
      const bool opens =
          event.state == EventState::open && !event.damped && event.summarized_by.value.empty();
      if (opens && alerts.insert(event.id.value).second) told.push_back(event.mass ? event.summary : "one");
      if (event.state == EventState::resolved && alerts.erase(event.id.value) > 0) {
        told.push_back(event.mass ? "all over" : "one over");
      }
    }
  }
  void give(std::vector<Event> events) {
    grouper.mark(events, registry, now);
    keep(events);
    grouper.stored();
  }
  void give(int from, int to, EventState state = EventState::open) {
    std::vector<Event> events;
    for (int i = from; i < to; ++i) events.push_back(hijack(i, state));
    give(std::move(events));
  }
  void wait(Microseconds time) {
    now += time;
    for (int i = 0; i < 2; ++i) give(std::vector<Event>());
  }
  std::ptrdiff_t count_of(std::string_view what) const { return std::ranges::count(told, what); }
  std::vector<Event> masses() const {
    std::vector<Event> out;
    for (const auto& [id, event] : stored) {
      if (event.mass) out.push_back(event);
    }
    return out;
  }
};

TEST_F(GrouperTest, TwentyOfOneIncidentAreToldOneByOne) {
  give(0, 20);
  wait(seconds(11));
  EXPECT_EQ(told, std::vector<std::string>(20, "one"));
  EXPECT_TRUE(grouper.empty());
}

TEST_F(GrouperTest, WhatIsMoreIsToldTogetherAndItsEndOnce) {
  give(0, 100);
  wait(seconds(5));
  give(100, 200);
  EXPECT_EQ(told, std::vector<std::string>(20, "one")) << "the first ones at once, the others not yet";
  wait(seconds(5));
  ASSERT_EQ(told.size(), 21U);
  EXPECT_EQ(told.back(), "180 more of one incident: origin-hijack by AS64666");
  const Event mass = masses().at(0);
  EXPECT_EQ(mass.type, "PrefixMassEvent");
  EXPECT_EQ(mass.level, Level::critical);
  EXPECT_EQ(mass.incident_id, "incident");
  EXPECT_EQ(mass.mass->count, 180U);
  EXPECT_EQ(mass.mass->prefixes.size(), Grouper::prefixes_max);
  EXPECT_EQ(mass.mass->prefixes.front(), hijack(20).observed);
  EXPECT_THAT(mass.description, testing::HasSubstr("and 80 more"));
  EXPECT_EQ(stored.at("event-0150").summarized_by, mass.id);
  give(0, 199, EventState::resolved);
  wait(seconds(1));
  EXPECT_EQ(count_of("one over"), 20);
  EXPECT_EQ(count_of("all over"), 0) << "one of them is left";
  give(199, 200, EventState::resolved);
  wait(seconds(1));
  EXPECT_EQ(count_of("all over"), 1);
  EXPECT_EQ(told.size(), 42U);
  EXPECT_TRUE(grouper.empty());
}

TEST_F(GrouperTest, ASlowTrickleIsToldOneByOne) {
  for (int i = 0; i < 100; ++i) {
    give(i, i + 1);
    wait(seconds(1));
  }
  EXPECT_EQ(told, std::vector<std::string>(100, "one"));
}

TEST_F(GrouperTest, WhatGoesOnIsToldAsOneMoreEachTime) {
  give(0, 30);
  wait(seconds(10));
  give(30, 70);
  wait(seconds(60));
  give(70, 75);
  wait(seconds(10));
  EXPECT_THAT((std::vector<std::string>{told.begin() + 20, told.end()}),
              testing::ElementsAre(testing::StartsWith("10 more"), testing::StartsWith("40 more"),
                                   testing::StartsWith("5 more")));
}

TEST_F(GrouperTest, OthersConnectionsIncidentsAndTypesAreCountedApart) {
  std::vector<Event> events;
  for (int i = 0; i < 80; ++i) {
    Event event = hijack(i);
    if (i % 4 == 1) event.connection = "/d";
    if (i % 4 == 2) event.incident_id = "another";
    if (i % 4 == 3) event.type = "PrefixLeakEvent";
    events.push_back(event);
  }
  give(events);
  wait(seconds(11));
  EXPECT_EQ(told, std::vector<std::string>(80, "one"));
}

TEST_F(GrouperTest, WhatNobodyWantsToHearCountsForNothing) {
  registry = registry_of(Level::critical);
  std::vector<Event> events;
  for (int i = 0; i < 60; ++i) {
    Event event = hijack(i);
    if (i % 3 == 0) event.level = Level::warning;
    if (i % 3 == 1) event.silenced_by = {"works"};
    events.push_back(event);
  }
  give(events);
  wait(seconds(11));
  EXPECT_TRUE(masses().empty());
}

TEST_F(GrouperTest, LaterVersionsAndRepeatedCommitsCountOnce) {
  for (int i = 0; i < 3; ++i) give(0, 30);
  wait(seconds(10));
  give(0, 30);
  wait(seconds(10));
  EXPECT_EQ(told.size(), 21U);
  EXPECT_EQ(masses().at(0).mass->count, 10U);
}

TEST_F(GrouperTest, WhatOpenedAndEndedWhileItWasGatheredIsCounted) {
  give(0, 25);
  give(20, 25, EventState::resolved);
  wait(seconds(10));
  EXPECT_EQ(count_of("5 more of one incident: origin-hijack by AS64666"), 1);
  EXPECT_EQ(told.back(), "all over");
}

TEST_F(GrouperTest, ARestartTellsWhatWasGatheredAndItsEnd) {
  give(0, 50);
  give(20, 22, EventState::resolved);
  const auto start_again = [&] {
    std::vector<Event> known;
    for (const auto& [id, event] : stored) {
      if (event.state == EventState::open) known.push_back(event);
    }
    grouper = fresh(20);
    grouper.restore(known, now);
  };
  start_again();
  wait(seconds(1));
  EXPECT_EQ(told.size(), 21U);
  EXPECT_EQ(told.back(), "30 more of one incident: origin-hijack by AS64666") << "those that ended too";
  start_again();
  wait(seconds(10));
  EXPECT_EQ(told.size(), 21U) << "not again";
  give(22, 50, EventState::resolved);
  wait(seconds(1));
  EXPECT_EQ(told.back(), "all over");
}

TEST_F(GrouperTest, WhatTheStoreRefusedIsGivenAgainAsItIsByThen) {
  std::vector<Event> refused;
  for (int i = 0; i < 25; ++i) refused.push_back(hijack(i));
  grouper.mark(refused, registry, now);
  ASSERT_EQ(refused.size(), 26U);
  EXPECT_EQ(refused.back().mass->count, 5U);
  now += seconds(9);
  refused.push_back(hijack(25));
  grouper.mark(refused, registry, now);
  ASSERT_EQ(refused.size(), 27U) << "one mass event, not the older one too";
  EXPECT_EQ(refused.back().mass->count, 6U);
  give({refused.begin(), refused.end()});
  wait(seconds(1));
  EXPECT_EQ(told.size(), 21U);
  give(20, 26, EventState::resolved);
  wait(seconds(1));
  EXPECT_EQ(told.back(), "all over");
}

TEST_F(GrouperTest, WhatWasToBeToldOneByOneAndWaitedForTheStoreTooLongIsToldTogether) {
  std::vector<Event> refused;
  for (int i = 0; i < 25; ++i) refused.push_back(hijack(i));
  grouper.mark(refused, registry, now);
  now += seconds(11);
  give({refused.begin(), refused.end()});
  EXPECT_EQ(told, std::vector<std::string>{"25 more of one incident: origin-hijack by AS64666"});
}

TEST_F(GrouperTest, WhatComesBackAfterTheEndIsNews) {
  give(0, 21);
  wait(seconds(10));
  give(20, 21, EventState::resolved);
  wait(seconds(1));
  EXPECT_EQ(told.back(), "all over");
  wait(seconds(60));
  give(20, 21);
  EXPECT_EQ(told.back(), "one");
  EXPECT_TRUE(stored.at("event-0020").summarized_by.value.empty());
}

TEST_F(GrouperTest, MayBeOff) {
  grouper = fresh(0);
  give(0, 200);
  wait(seconds(10));
  EXPECT_EQ(told, std::vector<std::string>(200, "one"));
}

}  // namespace
}  // namespace peering::alert
