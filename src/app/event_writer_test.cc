#include "app/event_writer.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/recent_events.h"
#include "store/memory/telemetry_store.h"

namespace peering::app {
namespace {

// A store whose disk is full for as long as a test wants.
class FullDisk : public store::TelemetryStore {
 public:
  std::atomic<bool> full{false};
  std::unique_ptr<store::TelemetryStore> inner = store::make_memory_telemetry_store();

  Result<void> append(const store::EventCommit& commit) override {
    if (full) return fail(ErrorCode::out_of_space, "no space left");
    return inner->append(commit);
  }
  Result<store::EventPage> events(const store::EventQuery& q) override { return inner->events(q); }
  Result<std::optional<model::Event>> event(const model::EventId& id) override { return inner->event(id); }
  Result<std::vector<store::StoredEvent>> events_after(std::uint64_t sequence, std::size_t limit) override {
    return inner->events_after(sequence, limit);
  }
  Result<std::uint64_t> last_event_sequence() override { return inner->last_event_sequence(); }
  Result<std::vector<model::Event>> open_events() override { return inner->open_events(); }
  Result<std::vector<model::Event>> latest_events(model::EventKind k) override {
    return inner->latest_events(k);
  }
  Result<std::optional<model::Alert>> alert(std::string_view id) override { return inner->alert(id); }
  Result<std::vector<model::Alert>> alerts(std::string_view scope, std::size_t limit) override {
    return inner->alerts(scope, limit);
  }
  Result<std::vector<model::Delivery>> due(TimePoint now, std::size_t limit) override {
    return inner->due(now, limit);
  }
  Result<void> settle_deliveries(std::span<const std::string> done,
                                 std::span<const model::Delivery> postponed) override {
    return inner->settle_deliveries(done, postponed);
  }
  Result<store::Accepted> accept(const model::SampleBatch& batch, std::string_view answer) override {
    return inner->accept(batch, answer);
  }
  Result<std::vector<store::PendingBatch>> pending(std::uint64_t after, std::size_t limit) override {
    return inner->pending(after, limit);
  }
  Result<void> settle(const model::SketchBatch& added, std::uint64_t through) override {
    return inner->settle(added, through);
  }
  Result<store::Sketches> sketches(const store::SketchQuery& q) override { return inner->sketches(q); }
  Result<std::size_t> roll_up(TimePoint before, std::size_t limit) override {
    return inner->roll_up(before, limit);
  }
  Result<void> expire_sketches(const model::OfLevels<TimePoint>& before) override {
    return inner->expire_sketches(before);
  }
  Result<void> append_session_changes(std::span<const model::SessionChange> changes,
                                      TimePoint until) override {
    return inner->append_session_changes(changes, until);
  }
  Result<std::vector<model::SessionChange>> session_changes(const store::SessionQuery& query) override {
    return inner->session_changes(query);
  }
  Result<store::KnownSessions> known_sessions() override { return inner->known_sessions(); }
  Result<void> expire(TimePoint before) override { return inner->expire(before); }
};

model::Event event(int number, model::EventState state = model::EventState::open) {
  model::Event out;
  out.kind = model::EventKind::withdrawal;
  out.type = "PrefixWithdrawalEvent";
  out.level = model::Level::warning;
  out.state = state;
  out.connection = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Peering/peeringServices/c";
  out.prefix_resource = out.connection + "/prefixes/p";
  out.first_seen = out.last_seen = out.detected_at = time_from_us(1'700'000'000'000'000 + number);
  out.id = model::make_event_id(out.kind, out.prefix_resource, out.observed, "", out.first_seen);
  out.incident_id = out.id.value;
  if (state == model::EventState::resolved) out.resolved_at = out.first_seen + Microseconds(5);
  return out;
}

struct WriterTest : testing::Test {
  FullDisk store;
  Metrics metrics;
  std::atomic<int> opened{0}, resolved{0}, commits{0};
  EventWriter writer{{store, metrics, [] { return std::make_shared<const model::Registry>(); },
                      [this](const model::Event& e, const model::Registry&, TimePoint, store::EventCommit&) {
                        ++(e.state == model::EventState::open ? opened : resolved);
                      },
                      [this](const store::EventCommit&) { ++commits; }}};
  std::size_t stored() { return store.events({.scope = "", .limit = 1000})->events.size(); }
};

TEST_F(WriterTest, WhatWasSubmittedIsStoredWhenItStops) {
  writer.start();
  for (int i = 0; i < 300; ++i) writer.submit({event(i)});
  writer.stop();
  EXPECT_EQ(stored(), 300U);
  EXPECT_EQ(opened, 300);
  EXPECT_GE(commits, 1);
}

TEST_F(WriterTest, AFullDiskLosesNothingAndSaysSo) {
  store.full = true;
  writer.start();
  for (int i = 0; i < 50; ++i) writer.submit({event(i), event(i)});
  for (int i = 0; i < 200 && !writer.stalled(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(writer.stalled());
  EXPECT_EQ(stored(), 0U);
  store.full = false;
  writer.stop();
  EXPECT_EQ(stored(), 50U);
  EXPECT_FALSE(writer.stalled());
}

TEST_F(WriterTest, AnEventThatOpenedAndResolvedWhileWaitingIsSeenInBothStates) {
  store.full = true;
  writer.start();
  writer.submit({event(1)});
  writer.submit({event(1, model::EventState::resolved)});
  store.full = false;
  writer.stop();
  ASSERT_EQ(stored(), 1U);
  EXPECT_EQ(store.events({.scope = ""})->events[0].state, model::EventState::resolved);
  EXPECT_GE(opened, 1);
  EXPECT_GE(resolved, 1);
}

TEST_F(WriterTest, WhatOpenedResolvedAndOpenedAgainWhileWaitingIsStoredAsOpen) {
  store.full = true;
  writer.start();
  model::Event again = event(10);
  writer.submit({event(1)});
  writer.submit({event(1, model::EventState::resolved)});
  writer.submit({again});
  store.full = false;
  writer.stop();
  ASSERT_EQ(stored(), 1U);
  const model::Event is = store.events({.scope = ""})->events[0];
  EXPECT_EQ(is.id, event(1).id) << "the same again, under its id";
  EXPECT_EQ(is.first_seen, event(1).first_seen);
  EXPECT_EQ(is.state, model::EventState::open);
  EXPECT_EQ(is.reopened, 1);
  EXPECT_EQ(store.open_events()->size(), 1U);
}

TEST_F(WriterTest, ManyTurnsWhileWaitingTakeNoMoreRoomAndTheLastStateIsRight) {
  store.full = true;
  writer.start();
  for (int i = 0; i < 2000; ++i) {
    model::Event over = event(10 * i);
    over.state = model::EventState::resolved;
    over.resolved_at = over.first_seen + Microseconds(5);
    writer.submit({event(10 * i), over});
  }
  writer.submit({event(20'000)});
  for (int i = 0; i < 200 && !writer.stalled(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  store.full = false;
  writer.stop();
  const auto is = *store.event(event(0).id);
  ASSERT_TRUE(is);
  EXPECT_EQ(is->state, model::EventState::open);
  EXPECT_EQ(is->reopened, 2000);
  EXPECT_LE(*store.last_event_sequence(), 20U) << "the middle of them was left out";
}

TEST_F(WriterTest, WhatComesBackAfterARestartIsTheSameEventAndInItsIncident) {
  const auto lost = [](int number, int of, model::EventState state = model::EventState::open) {
    model::Event out = event(number, state);
    out.expected_origins = {64500};
    out.prefix_resource += std::to_string(of);
    out.id = model::make_event_id(out.kind, out.prefix_resource, out.observed, "", out.first_seen);
    out.incident_id = out.id.value;
    return out;
  };
  writer.start();
  writer.submit({lost(1, 1), lost(2, 2)});
  writer.submit({lost(1, 1, model::EventState::resolved), lost(2, 2, model::EventState::resolved)});
  writer.stop();
  const std::string incident = (*store.event(lost(1, 1).id))->incident_id;
  ASSERT_NE(incident, lost(1, 1).id.value);

  EventWriter next({store, metrics, [] { return std::make_shared<const model::Registry>(); },
                    [](const auto&, const auto&, auto, auto&) {}, [](const auto&) {}});
  next.restore(
      {},
      recent_events(store, time_from_us(1'700'000'000'000'000), Microseconds(0), Microseconds(0)).value());
  next.start();
  next.submit({lost(100, 2)});
  next.stop();
  ASSERT_EQ(stored(), 2U);
  const auto back = *store.event(lost(2, 2).id);
  EXPECT_EQ(back->state, model::EventState::open);
  EXPECT_EQ(back->incident_id, incident);
}

TEST_F(WriterTest, WhatFlapsIsStoredInFullAndToldAsOneFlappingEvent) {
  std::vector<std::string> told;
  EventWriter::Services services{
      store, metrics, [] { return std::make_shared<const model::Registry>(); },
      [&](const model::Event& e, const auto&, auto, auto&) {
        if (!e.damped) told.push_back(fmt::format("{} {}", to_string(e.kind), to_string(e.state)));
      },
      [](const auto&) {}};
  services.flaps.quiet = std::chrono::seconds(1);
  EventWriter damping(std::move(services));
  damping.start();
  for (int i = 0; i < 20; ++i) {
    model::Event over = event(10 * i);
    over.state = model::EventState::resolved;
    over.resolved_at = over.first_seen + Microseconds(5);
    for (const model::Event& each : {event(10 * i), over}) {
      const std::uint64_t before = *store.last_event_sequence();
      damping.submit({each});
      for (int wait = 0; wait < 500 && *store.last_event_sequence() == before; ++wait)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  for (int i = 0; i < 500 && !store.open_events()->empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  damping.stop();
  const std::string open = "withdrawal open", over = "withdrawal resolved";
  EXPECT_THAT(std::vector(told.begin(), told.begin() + 7),
              testing::ElementsAre(open, over, open, over, open, over, "flapping open"));
  EXPECT_EQ(told.back(), "flapping resolved");
  EXPECT_EQ(std::ranges::count(told, "flapping open"), 1);
  EXPECT_EQ(std::ranges::count(told, open), 3);
  EXPECT_EQ(store.event(event(0).id)->value().reopened, 19);
  EXPECT_GE(*store.last_event_sequence(), 42U) << "every turn is in the history";
}

TEST_F(WriterTest, EventsOfOneCauseAreStoredUnderOneIncidentAlsoAfterARestart) {
  const auto lost = [](int number, model::EventState state = model::EventState::open) {
    model::Event out = event(number, state);
    out.expected_origins = {64500};
    return out;
  };
  writer.start();
  writer.submit({lost(1), lost(2)});
  writer.stop();
  const auto known = store.open_events();
  ASSERT_EQ(known->size(), 2U);
  const std::string incident = known->front().incident_id;
  EXPECT_NE(incident, known->front().id.value);
  EXPECT_EQ(known->back().incident_id, incident);

  EventWriter next({store, metrics, [] { return std::make_shared<const model::Registry>(); },
                    [](const auto&, const auto&, auto, auto&) {}, [](const auto&) {}});
  next.restore(*known, {});
  next.start();
  next.submit({lost(3), lost(1, model::EventState::resolved)});
  next.stop();
  const auto all = store.events({.scope = "", .limit = 10});
  for (const model::Event& each : all->events) {
    EXPECT_EQ(each.incident_id, incident);
  }
  EXPECT_EQ(stored(), 3U);
}

TEST_F(WriterTest, ASilencedEventIsToldWhenItsSilenceEndsWhileItIsOpen) {
  const auto with = [](std::string_view kind) {
    auto made = std::make_shared<model::Registry>();
    made->revision = model::Revision(1);
    const auto properties = parse_json(fmt::format(
        R"({{"matchers":[{{"name":"kind","value":"{}"}}],"endsAt":"2100-01-01T00:00:00Z"}})", kind));
    const auto silence = model::silence_from_json("works", *properties);
    made->silences = std::make_shared<const model::Silences>(
        model::Silences{{"/subscriptions/s", {std::make_shared<const model::Silence>(*silence)}}});
    return model::RegistryPointer(made);
  };
  std::mutex mutex;
  model::RegistryPointer registry = with("withdrawal");
  std::vector<std::vector<std::string>> seen;
  EventWriter silencing({store, metrics,
                         [&] {
                           const std::lock_guard lock(mutex);
                           return registry;
                         },
                         [&](const model::Event& e, const auto&, auto, auto&) {
                           const std::lock_guard lock(mutex);
                           seen.push_back(e.silenced_by);
                         },
                         [](const auto&) {}});
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return seen.size();
  };
  silencing.start();
  silencing.submit({event(1)});
  for (int i = 0; i < 500 && count() < 1; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(store.events({.scope = ""})->events.at(0).silenced_by, std::vector<std::string>{"works"});
  {
    const std::lock_guard lock(mutex);
    registry = with("origin-hijack");
  }
  for (int i = 0; i < 500 && count() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  silencing.stop();
  EXPECT_THAT(seen, testing::ElementsAre(std::vector<std::string>{"works"}, std::vector<std::string>{}));
  EXPECT_TRUE(store.events({.scope = ""})->events.at(0).silenced_by.empty());
}

}  // namespace
}  // namespace peering::app
