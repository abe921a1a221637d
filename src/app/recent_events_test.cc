#include "app/recent_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory/telemetry_store.h"

namespace peering::app {
namespace {

using model::Event;
using model::EventState;
using std::chrono::minutes;

constexpr TimePoint start_of_past = time_from_us(1'700'000'000'000'000);

struct RecentEventsTest : testing::Test {
  std::unique_ptr<store::TelemetryStore> store = store::make_memory_telemetry_store();

  static Event finding(int number, TimePoint at) {
    Event out;
    out.kind = model::EventKind::origin_hijack;
    out.type = "PrefixOriginAsChangeEvent";
    out.level = model::Level::critical;
    out.state = EventState::open;
    out.connection = "/subscriptions/s/peeringServices/c";
    out.prefix_resource = out.connection + "/prefixes/p";
    out.prefix = out.observed = *net::Prefix::parse("203.0.113.0/24");
    out.confidence = 0.55;
    out.first_seen = out.last_seen = out.detected_at = at;
    out.id = model::make_event_id(out.kind, out.prefix_resource, out.observed, std::to_string(number), at);
    out.incident_id = out.id.value;
    return out;
  }
  void put(const Event& event) { ASSERT_TRUE(store->append({{event}, {}, {}})); }
  // The event ends and comes back, a minute each.
  void turn(Event& event) {
    event.last_seen += minutes(1);
    event.state = EventState::resolved;
    event.resolved_at = event.last_seen;
    put(event);
    event.last_seen = event.detected_at = event.last_seen + minutes(1);
    event.state = EventState::open;
    event.resolved_at.reset();
    ++event.reopened;
    put(event);
  }
};

TEST_F(RecentEventsTest, GiveEachReturnOnceAndTheOldestFirst) {
  Event event = finding(1, start_of_past);
  put(event);
  for (int i = 0; i < 3; ++i) turn(event);
  event.last_seen += Microseconds(1);
  put(event);
  const auto recent = recent_events(*store, start_of_past + minutes(13), minutes(13), minutes(10));
  ASSERT_TRUE(recent);
  ASSERT_EQ(recent->returned.size(), 2U) << "the first one is too long ago";
  EXPECT_EQ(recent->returned[0].reopened, 2);
  EXPECT_EQ(recent->returned[1].reopened, 3);
  EXPECT_TRUE(recent->ended.empty()) << "it is open";
}

TEST_F(RecentEventsTest, GiveWhatEndedNotLongAgo) {
  for (int i = 0; i < 2; ++i) {
    Event event = finding(i, start_of_past + minutes(60) * i);
    put(event);
    event.state = EventState::resolved;
    event.resolved_at = event.last_seen;
    put(event);
  }
  const auto recent = recent_events(*store, start_of_past + minutes(60), minutes(30), minutes(60));
  ASSERT_TRUE(recent);
  ASSERT_EQ(recent->ended.size(), 1U);
  EXPECT_EQ(recent->ended[0].id, finding(1, start_of_past + minutes(60)).id);
}

TEST_F(RecentEventsTest, FindingsAreGivenFromTheOldestOnAndWhatOnlyHappenedIsNot) {
  for (int i = 0; i < 1500; ++i) put(finding(i, start_of_past + minutes(i)));
  Event happened = finding(2000, start_of_past + minutes(1400));
  happened.kind = model::EventKind::withdrawal;
  happened.confidence = 1;
  put(happened);
  const auto recent =
      recent_events(*store, start_of_past + minutes(100) + findings_remembered, minutes(10), minutes(10));
  ASSERT_TRUE(recent);
  const std::vector<Event>& findings = recent->findings;
  ASSERT_EQ(findings.size(), 1400U);
  EXPECT_EQ(findings.front().first_seen, start_of_past + minutes(100));
  EXPECT_EQ(findings.back().first_seen, start_of_past + minutes(1499));
}

}  // namespace
}  // namespace peering::app
