// What every TelemetryStore must do. Instantiated by each implementation's `_test.cc`; the memory store is
// the oracle for random sequences of operations.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/conformance/backend.h"
#include "store/conformance/own_child.h"
#include "store/conformance/telemetry_values.h"
#include "store/memory/telemetry_store.h"
#include "store/telemetry_store.h"

namespace peering::store::conformance {

template <class Backend>
class TelemetryStoreConformance : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    auto opened = Backend::open(folder_.path());
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    store_ = std::move(*opened);
  }
  TelemetryStore& store() { return *store_; }
  void append(std::vector<model::Event> events) {
    const auto done = store_->append({std::move(events), {}, {}});
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  std::vector<std::string> ids(const EventQuery& query) {
    std::vector<std::string> out;
    const EventPage page = store_->events(query).value();
    for (const model::Event& each : page.events) out.push_back(each.id.value);
    return out;
  }

  TemporaryFolder folder_;
  std::unique_ptr<TelemetryStore> store_;
};
TYPED_TEST_SUITE_P(TelemetryStoreConformance);

TYPED_TEST_P(TelemetryStoreConformance, GivesBackAnEventToTheLastField) {
  const model::Event event = some_event("e1", 0);
  this->append({event});
  EXPECT_EQ(this->store().event(event.id).value(), event);
  EXPECT_FALSE(this->store().event(model::EventId("other")).value().has_value());
}

TYPED_TEST_P(TelemetryStoreConformance, FindsEventsByEveryScopeWhateverItsCase) {
  this->append({some_event("e1", 0), some_event("e2", 1, 1, 2)});
  const auto all = ::testing::ElementsAre("e2", "e1");
  EXPECT_THAT(this->ids({.scope = ""}), all);
  EXPECT_THAT(this->ids({.scope = "/SUBSCRIPTIONS/s"}), all);
  EXPECT_THAT(this->ids({.scope = "/subscriptions/s/resourceGroups/g/"}), all);
  EXPECT_THAT(this->ids({.scope = connection_id(0)}), ::testing::ElementsAre("e1"));
  EXPECT_THAT(this->ids({.scope = prefix_id(1, 2)}), ::testing::ElementsAre("e2"));
  EXPECT_THAT(this->ids({.scope = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Peering"}),
              ::testing::IsEmpty());
  EXPECT_THAT(this->ids({.scope = "/subscriptions/other"}), ::testing::IsEmpty());
}

TYPED_TEST_P(TelemetryStoreConformance, ListsNewestFirstWithinTheTimesAsked) {
  this->append({some_event("e1", 1), some_event("e3", 3), some_event("e2", 2), some_event("e0", -5)});
  EXPECT_THAT(this->ids({}), ::testing::ElementsAre("e3", "e2", "e1", "e0"));
  EXPECT_THAT(this->ids({.from = at_second(1), .to = at_second(3)}), ::testing::ElementsAre("e2", "e1"));
}

TYPED_TEST_P(TelemetryStoreConformance, FiltersByKindTypeLevelAndState) {
  model::Event hijack = some_event("hijack", 1), over = some_event("over", 2);
  hijack.kind = model::EventKind::origin_hijack;
  hijack.level = model::Level::critical;
  hijack.type = "PrefixOriginAsChangeEvent";
  over.state = model::EventState::resolved;
  this->append({hijack, over});
  EXPECT_THAT(this->ids({.kind = model::EventKind::origin_hijack}), ::testing::ElementsAre("hijack"));
  EXPECT_THAT(this->ids({.type = "PrefixOriginAsChangeEvent"}), ::testing::ElementsAre("hijack"));
  EXPECT_THAT(this->ids({.minimum_level = model::Level::error}), ::testing::ElementsAre("hijack"));
  EXPECT_THAT(this->ids({.state = model::EventState::resolved}), ::testing::ElementsAre("over"));
}

TYPED_TEST_P(TelemetryStoreConformance, PagesStayStableWhileNewerEventsArrive) {
  for (int i = 0; i < 5; ++i) this->append({some_event("e" + std::to_string(i), i / 2)});
  EventQuery query{.limit = 2};
  std::vector<std::string> seen;
  for (int page = 0; page < 10; ++page) {
    const EventPage got = this->store().events(query).value();
    for (const model::Event& each : got.events) seen.push_back(each.id.value);
    this->append({some_event("new" + std::to_string(page), 100 + page)});
    if (got.next.empty()) break;
    query.after = got.next;
  }
  EXPECT_THAT(seen, ::testing::ElementsAre("e4", "e2", "e3", "e0", "e1"));
}

TYPED_TEST_P(TelemetryStoreConformance, APageThatJustFitsIsTheLast) {
  this->append({some_event("e1", 1), some_event("e2", 2)});
  EXPECT_TRUE(this->store().events({.limit = 2}).value().next.empty());
  EXPECT_FALSE(this->store().events({.limit = 1}).value().next.empty());
}

TYPED_TEST_P(TelemetryStoreConformance, RefusesAPageTokenItNeverGave) {
  for (const char* token : {"x", ".", "12", "99999999999999999999.e1"}) {
    EventQuery query;
    query.after = token;
    EXPECT_EQ(this->store().events(query).error().code, ErrorCode::invalid_argument) << token;
  }
}

TYPED_TEST_P(TelemetryStoreConformance, ALaterVersionReplacesTheEventEverywhere) {
  model::Event event = some_event("e1", 5);
  this->append({event});
  event.first_seen = at_second(1);
  event.connection = connection_id(1);
  event.prefix_resource = prefix_id(1, 0);
  event.state = model::EventState::resolved;
  event.resolved_at = at_second(9);
  this->append({event});
  EXPECT_EQ(this->store().event(event.id).value(), event);
  EXPECT_THAT(this->ids({}), ::testing::ElementsAre("e1"));
  EXPECT_THAT(this->ids({.scope = connection_id(0)}), ::testing::IsEmpty());
  EXPECT_THAT(this->ids({.scope = connection_id(1)}), ::testing::ElementsAre("e1"));
  EXPECT_THAT(this->ids({.from = at_second(2)}), ::testing::IsEmpty());
  EXPECT_TRUE(this->store().open_events().value().empty());
}

TYPED_TEST_P(TelemetryStoreConformance, FollowersSeeEveryVersionInOrderOfStoring) {
  model::Event first = some_event("e1", 9), second = some_event("e2", 1);
  this->append({first, second});
  first.state = model::EventState::resolved;
  this->append({first});
  const auto all = this->store().events_after(0, 10).value();
  ASSERT_EQ(all.size(), 3);
  EXPECT_EQ(all[0].event.id.value, "e1");
  EXPECT_EQ(all[0].event.state, model::EventState::open);
  EXPECT_EQ(all[1].event, second);
  EXPECT_EQ(all[2].event, first);
  EXPECT_LT(all[0].sequence, all[1].sequence);
  EXPECT_EQ(this->store().last_event_sequence().value(), all[2].sequence);
  EXPECT_EQ(this->store().events_after(all[1].sequence, 10).value().size(), 1);
  EXPECT_EQ(this->store().events_after(0, 2).value().size(), 2);
}

TYPED_TEST_P(TelemetryStoreConformance, StoringAnEventTwiceChangesNothing) {
  const model::Event event = some_event("e1", 1);
  this->append({event, event});
  this->append({event});
  EXPECT_EQ(this->store().last_event_sequence().value(), 1);
  EXPECT_EQ(this->store().events_after(0, 10).value().size(), 1);
}

TYPED_TEST_P(TelemetryStoreConformance, KnowsWhichEventsAreOpen) {
  model::Event over = some_event("e2", 2);
  over.state = model::EventState::resolved;
  this->append({some_event("e1", 1), over});
  const auto open = this->store().open_events().value();
  ASSERT_EQ(open.size(), 1);
  EXPECT_EQ(open[0], some_event("e1", 1));
}

TYPED_TEST_P(TelemetryStoreConformance, KnowsOfEachPrefixItsLatestEventOfAKind) {
  EXPECT_TRUE(this->store().latest_events(model::EventKind::announcement).value().empty());
  const auto event = [&](const std::string& id, int at, const std::string& prefix, model::EventKind kind) {
    model::Event out = some_event(id, at);
    out.prefix_resource = prefix.empty() ? "" : out.connection + "/prefixes/" + prefix;
    out.kind = kind;
    return out;
  };
  using Kind = model::EventKind;
  this->append({event("e1", 1, "B", Kind::announcement), event("e2", 2, "B", Kind::announcement),
                event("e3", 3, "B", Kind::withdrawal), event("e4", 9, "a", Kind::announcement),
                event("e5", 5, "b2", Kind::withdrawal), event("e6", 6, "", Kind::session_state),
                event("e7", 7, "", Kind::announcement)});
  const auto latest = this->store().latest_events(Kind::announcement).value();
  ASSERT_EQ(latest.size(), 2);
  EXPECT_EQ(latest[0].id.value, "e4");
  EXPECT_EQ(latest[1].id.value, "e2");
}

TYPED_TEST_P(TelemetryStoreConformance, ListsAlertsNewestFirstAndReplacesThem) {
  model::Alert first = some_alert("a1", 1), second = some_alert("a2", 2, 1);
  ASSERT_TRUE(this->store().append({{}, {first, second}, {}}));
  EXPECT_THAT(this->store().alerts("", 10).value(), ::testing::ElementsAre(second, first));
  EXPECT_THAT(this->store().alerts("", 1).value(), ::testing::ElementsAre(second));
  EXPECT_THAT(this->store().alerts(connection_id(0), 10).value(), ::testing::ElementsAre(first));
  first.opened = at_second(3);
  first.state = model::EventState::resolved;
  first.resolved = at_second(4);
  ASSERT_TRUE(this->store().append({{}, {first}, {}}));
  EXPECT_THAT(this->store().alerts("/subscriptions/S", 10).value(), ::testing::ElementsAre(first, second));
  EXPECT_EQ(this->store().alert("a1").value(), first);
  EXPECT_FALSE(this->store().alert("a3").value().has_value());
}

TYPED_TEST_P(TelemetryStoreConformance, DeliveriesAreDueOldestFirstUntilDone) {
  model::Delivery late = some_delivery("d1", 9), early = some_delivery("d2", 1),
                  same = some_delivery("d0", 1);
  same.created = at_second(-1);
  ASSERT_TRUE(this->store().append({{}, {}, {late, early, same}}));
  EXPECT_THAT(this->store().due(at_second(0), 10).value(), ::testing::IsEmpty());
  EXPECT_THAT(this->store().due(at_second(1), 10).value(), ::testing::ElementsAre(same, early));
  EXPECT_THAT(this->store().due(at_second(9), 1).value(), ::testing::ElementsAre(same));
  early.due = at_second(20);
  early.attempts = 1;
  early.last_error = "refused";
  const std::vector<std::string> done{"d0", "unknown"};
  ASSERT_TRUE(this->store().settle_deliveries(done, std::span(&early, 1)));
  EXPECT_THAT(this->store().due(at_second(10), 10).value(), ::testing::ElementsAre(late));
  EXPECT_THAT(this->store().due(at_second(30), 10).value(), ::testing::ElementsAre(late, early));
}

TYPED_TEST_P(TelemetryStoreConformance, AnAcceptedBatchIsPendingUntilSettled) {
  const model::SampleBatch first = some_batch(1), second = some_batch(2);
  const Accepted a = this->store().accept(first, "one").value(),
                 b = this->store().accept(second, "two").value();
  EXPECT_FALSE(a.duplicate);
  EXPECT_EQ(a.answer, "one");
  EXPECT_LT(a.sequence, b.sequence);
  const auto pending = this->store().pending(0, 10).value();
  ASSERT_EQ(pending.size(), 2);
  EXPECT_EQ(pending[0].batch, first);
  EXPECT_EQ(pending[1].sequence, b.sequence);
  EXPECT_EQ(this->store().pending(a.sequence, 10).value().size(), 1);
  EXPECT_EQ(this->store().pending(0, 1).value().size(), 1);
  ASSERT_TRUE(this->store().settle({}, a.sequence));
  EXPECT_EQ(this->store().pending(0, 10).value().front().sequence, b.sequence);
  ASSERT_TRUE(this->store().settle({}, b.sequence));
  EXPECT_TRUE(this->store().pending(0, 10).value().empty());
  EXPECT_GT(this->store().accept(first, "").value().sequence, b.sequence);
}

TYPED_TEST_P(TelemetryStoreConformance, AnIdempotencyKeyCountsOnceAndKeepsItsAnswer) {
  model::SampleBatch batch = some_batch(1);
  batch.idempotency_key = "key";
  ASSERT_TRUE(this->store().accept(batch, "first"));
  const Accepted again = this->store().accept(batch, "second").value();
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.answer, "first");
  EXPECT_EQ(again.sequence, 0);
  EXPECT_EQ(this->store().pending(0, 10).value().size(), 1);
  batch.body_digest = "other";
  const auto refused = this->store().accept(batch, "third");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(this->store().pending(0, 10).value().size(), 1);
}

TYPED_TEST_P(TelemetryStoreConformance, ConcurrentRetriesWithOneKeyCountOnce) {
  model::SampleBatch batch = some_batch(1);
  batch.idempotency_key = "key";
  std::atomic<int> fresh = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { fresh += this->store().accept(batch, "x").value().duplicate ? 0 : 1; });
    }
  }
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(this->store().pending(0, 10).value().size(), 1);
}

TYPED_TEST_P(TelemetryStoreConformance, ConcurrentAcceptsGetSequencesOfTheirOwn) {
  std::vector<std::vector<std::uint64_t>> given(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : given) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10; ++i) mine.push_back(this->store().accept(some_batch(i), "").value().sequence);
      });
    }
  }
  std::set<std::uint64_t> all;
  for (const auto& mine : given) {
    EXPECT_TRUE(std::ranges::is_sorted(mine));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 40);
  EXPECT_EQ(this->store().pending(0, 100).value().size(), 40);
}

TYPED_TEST_P(TelemetryStoreConformance, SettledSketchesAreFoundByResourceAndTime) {
  const std::vector<SketchRow> rows{some_row(0, 0, "a"), some_row(0, 300, "b"), some_row(0, 600, "c"),
                                    some_row(1, 300, "d")};
  ASSERT_TRUE(this->store().settle(added(rows), 0));
  const SketchQuery query{rows[0].series.prefix_resource, at_second(0), at_second(600)};
  EXPECT_THAT(rows_of(this->store().sketches(query).value()), ::testing::ElementsAre(rows[0], rows[1]));
}

TYPED_TEST_P(TelemetryStoreConformance, SettledSketchesAreAddedToStoredOnesOnceForEachSequence) {
  const SketchQuery query{some_row(0, 0, "").series.prefix_resource, at_second(0), at_second(600)};
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 1; i <= 40; ++i) {
    const std::uint64_t through = this->store().accept(some_batch(1), "").value().sequence;
    const std::vector<SketchRow> rows{some_row(0, 0, sketch_of({i * 1000}))};
    for (int attempt = 0; attempt < 2; ++attempt) ASSERT_TRUE(this->store().settle(added(rows), through));
    all.push_back(i * 1000);
    EXPECT_THAT(rows_of(this->store().sketches(query).value()),
                ::testing::ElementsAre(some_row(0, 0, sketch_of(all))));
  }
}

TYPED_TEST_P(TelemetryStoreConformance, SeriesThatDifferInOnePartAreDifferentRows) {
  SketchRow row = some_row(0, 0, "x");
  std::vector<SketchRow> rows{row};
  const auto with = [&](auto change) {
    SketchRow other = row;
    change(other.series);
    rows.push_back(other);
  };
  with([](model::SeriesKey& s) { s.client = some_network(200); });
  with([](model::SeriesKey& s) { s.client = six_network(); });
  with([](model::SeriesKey& s) { s.pop = "AMS2"; });
  with([](model::SeriesKey& s) { s.kind = model::SampleKind::quic; });
  with([](model::SeriesKey& s) { s.source = "edge-2"; });
  with([](model::SeriesKey& s) { s.pop = s.pop + s.source, s.source = ""; });
  with([](model::SeriesKey& s) { s.client = some_network(2); });
  ASSERT_TRUE(this->store().settle(added(rows), 0));
  const SketchQuery query{row.series.prefix_resource, at_second(0), at_second(1)};
  EXPECT_THAT(rows_of(this->store().sketches(query).value()), ::testing::UnorderedElementsAreArray(rows));
}

TYPED_TEST_P(TelemetryStoreConformance, ExpiryDropsWhatIsOverAndOldAndKeepsWhatIsOpen) {
  model::Event open = some_event("open", 1), over = some_event("over", 2), lasting = some_event("lasting", 3);
  over.state = lasting.state = model::EventState::resolved;
  over.resolved_at = at_second(4);
  lasting.resolved_at = lasting.last_seen = at_second(100);
  model::Alert old = some_alert("old", 1), current = some_alert("current", 1);
  old.state = model::EventState::resolved;
  old.resolved = at_second(2);
  ASSERT_TRUE(this->store().append({{open, over, lasting}, {old, current}, {}}));
  ASSERT_TRUE(this->store().expire(at_second(50)));
  EXPECT_THAT(this->ids({}), ::testing::ElementsAre("lasting", "open"));
  EXPECT_FALSE(this->store().event(over.id).value().has_value());
  EXPECT_EQ(this->store().open_events().value().size(), 1);
  EXPECT_THAT(this->store().alerts("", 10).value(), ::testing::ElementsAre(current));
  this->append({some_event("after", 60)});
  EXPECT_EQ(this->store().last_event_sequence().value(), 4) << "sequences go on";
}

TYPED_TEST_P(TelemetryStoreConformance, ChangesOfSessionsAreFoundByPeerAndTimeWithTheStateBefore) {
  const auto up = some_session_change("192.0.2.1", 10, model::SessionState::established);
  const auto down = some_session_change("192.0.2.1", 20, model::SessionState::down);
  const auto again = some_session_change("192.0.2.1", 30, model::SessionState::established);
  const auto other = some_session_change("192.0.2.9", 15, model::SessionState::down);
  const auto v6 = some_session_change("2001:db8::1", 5, model::SessionState::established);
  auto elsewhere = up;
  elsewhere.router = "edge-2";
  const std::vector<model::SessionChange> all{v6, again, other, down, elsewhere, up};
  ASSERT_TRUE(this->store().append_session_changes(all, at_second(40)));
  const auto found = [&](const char* peers, int from, int to) {
    return this->store()
        .session_changes({*net::Prefix::parse(peers), at_second(from), at_second(to)})
        .value();
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(found("192.0.2.1/32", 0, 100), ElementsAre(up, down, again, elsewhere));
  EXPECT_THAT(found("192.0.2.1/32", 25, 30), ElementsAre(down, elsewhere)) << "the state before";
  EXPECT_THAT(found("192.0.2.1/32", 20, 31), ElementsAre(down, again, elsewhere));
  EXPECT_THAT(found("192.0.2.0/24", 0, 16), ElementsAre(up, elsewhere, other));
  EXPECT_THAT(found("2001:db8::/64", 0, 100), ElementsAre(v6));
  EXPECT_THAT(found("198.51.100.0/24", 0, 100), ElementsAre());
}

TYPED_TEST_P(TelemetryStoreConformance, KnowsTheLatestStateOfEachSessionAndUntilWhen) {
  EXPECT_FALSE(this->store().known_sessions().value().until);
  const auto up = some_session_change("192.0.2.1", 10, model::SessionState::established);
  auto replaced = some_session_change("192.0.2.1", 20, model::SessionState::down);
  ASSERT_TRUE(this->store().append_session_changes(std::vector{up, replaced}, at_second(30)));
  replaced.state = model::SessionState::unknown;
  ASSERT_TRUE(this->store().append_session_changes(std::vector{replaced}, at_second(25)));
  const KnownSessions known = this->store().known_sessions().value();
  EXPECT_EQ(known.until, at_second(30)) << "it never goes back";
  EXPECT_THAT(known.latest, ::testing::ElementsAre(replaced));
}

TYPED_TEST_P(TelemetryStoreConformance, ExpiryKeepsOfEachSessionTheStateThatHolds) {
  const auto first = some_session_change("192.0.2.1", 10, model::SessionState::established);
  const auto holds = some_session_change("192.0.2.1", 20, model::SessionState::down);
  const auto later = some_session_change("192.0.2.1", 60, model::SessionState::established);
  const auto lone = some_session_change("192.0.2.2", 1, model::SessionState::established);
  ASSERT_TRUE(this->store().append_session_changes(std::vector{first, holds, later, lone}, at_second(70)));
  ASSERT_TRUE(this->store().expire(at_second(50)));
  EXPECT_THAT(
      this->store().session_changes({*net::Prefix::parse("0.0.0.0/0"), at_second(0), at_second(100)}).value(),
      ::testing::ElementsAre(holds, later, lone));
}

// Events and alerts under random changes: every answer equals that of the reference.
TYPED_TEST_P(TelemetryStoreConformance, AgreesWithTheMemoryStoreOnRandomOperations) {
  const auto oracle = make_memory_telemetry_store();
  TelemetryStore& store = this->store();
  std::mt19937 random(20261125);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int step = 0; step < 250; ++step) {
    const RandomStep change = random_step(random);
    for (TelemetryStore* each : {&store, oracle.get()}) {
      ASSERT_TRUE(each->append(change.commit));
      ASSERT_TRUE(each->settle_deliveries(change.done, change.postponed));
      ASSERT_TRUE(each->settle(added(change.rows), 0));
      if (change.expire_before) {
        ASSERT_TRUE(each->expire(*change.expire_before));
      }
    }
    EventQuery query = random_query(random);
    const EventPage expected = oracle->events(query).value();
    ASSERT_EQ(store.events(query).value().events, expected.events) << "step " << step;
    ASSERT_EQ(store.events(query).value().next, expected.next) << "step " << step;
    query.after = expected.next;
    ASSERT_EQ(store.events(query).value().events, oracle->events(query).value().events) << "step " << step;
    ASSERT_EQ(store.last_event_sequence(), oracle->last_event_sequence());
    const auto after = static_cast<std::uint64_t>(pick(step + 1));
    ASSERT_EQ(versions(store, after), versions(*oracle, after)) << "step " << step;
    ASSERT_THAT(store.open_events().value(),
                ::testing::UnorderedElementsAreArray(oracle->open_events().value()));
    const std::string scope = random_scope(random);
    ASSERT_EQ(store.alerts(scope, 3).value(), oracle->alerts(scope, 3).value()) << "step " << step;
    ASSERT_EQ(store.due(at_second(10), 4).value(), oracle->due(at_second(10), 4).value()) << "step " << step;
    const SketchQuery sketches{model::lower(prefix_id(0, pick(2))), at_second(pick(10)), at_second(20)};
    ASSERT_THAT(rows_of(store.sketches(sketches).value()),
                ::testing::UnorderedElementsAreArray(rows_of(oracle->sketches(sketches).value())));
  }
}

REGISTER_TYPED_TEST_SUITE_P(
    TelemetryStoreConformance, GivesBackAnEventToTheLastField, FindsEventsByEveryScopeWhateverItsCase,
    ListsNewestFirstWithinTheTimesAsked, FiltersByKindTypeLevelAndState,
    PagesStayStableWhileNewerEventsArrive, APageThatJustFitsIsTheLast, RefusesAPageTokenItNeverGave,
    ALaterVersionReplacesTheEventEverywhere, FollowersSeeEveryVersionInOrderOfStoring,
    StoringAnEventTwiceChangesNothing, KnowsWhichEventsAreOpen, KnowsOfEachPrefixItsLatestEventOfAKind,
    ListsAlertsNewestFirstAndReplacesThem, DeliveriesAreDueOldestFirstUntilDone,
    AnAcceptedBatchIsPendingUntilSettled, AnIdempotencyKeyCountsOnceAndKeepsItsAnswer,
    ConcurrentRetriesWithOneKeyCountOnce, ConcurrentAcceptsGetSequencesOfTheirOwn,
    SettledSketchesAreFoundByResourceAndTime, SettledSketchesAreAddedToStoredOnesOnceForEachSequence,
    SeriesThatDifferInOnePartAreDifferentRows, ExpiryDropsWhatIsOverAndOldAndKeepsWhatIsOpen,
    ChangesOfSessionsAreFoundByPeerAndTimeWithTheStateBefore, KnowsTheLatestStateOfEachSessionAndUntilWhen,
    ExpiryKeepsOfEachSessionTheStateThatHolds, AgreesWithTheMemoryStoreOnRandomOperations);

/// For implementations that keep what they have when they are opened again.
template <class Backend>
class PersistentTelemetryStoreConformance : public TelemetryStoreConformance<Backend> {};
TYPED_TEST_SUITE_P(PersistentTelemetryStoreConformance);

TYPED_TEST_P(PersistentTelemetryStoreConformance, EverythingIsThereWhenOpenedAgain) {
  const model::Event event = some_event("e1", 1);
  const model::Alert alert = some_alert("a1", 1);
  const model::Delivery delivery = some_delivery("d1", 1);
  const SketchRow row = some_row(0, 0, "x");
  model::SampleBatch batch = some_batch(3);
  batch.idempotency_key = "key";
  ASSERT_TRUE(this->store().append({{event}, {alert}, {delivery}}));
  ASSERT_TRUE(this->store().settle(added({row}), 0));
  const std::uint64_t sequence = this->store().accept(batch, "answer").value().sequence;
  const auto session = some_session_change("192.0.2.1", 10, model::SessionState::established);
  ASSERT_TRUE(this->store().append_session_changes(std::vector{session}, at_second(11)));
  this->open();
  EXPECT_THAT(this->store().known_sessions().value().latest, ::testing::ElementsAre(session));
  EXPECT_EQ(this->store().known_sessions().value().until, at_second(11));
  EXPECT_EQ(this->store().event(event.id).value(), event);
  EXPECT_EQ(this->store().last_event_sequence().value(), 1);
  EXPECT_EQ(this->store().alert("a1").value(), alert);
  EXPECT_THAT(this->store().due(at_second(2), 10).value(), ::testing::ElementsAre(delivery));
  const SketchQuery moment{row.series.prefix_resource, row.start, row.start + Microseconds(1)};
  EXPECT_THAT(rows_of(this->store().sketches(moment).value()), ::testing::ElementsAre(row));
  ASSERT_EQ(this->store().pending(0, 10).value().size(), 1);
  EXPECT_EQ(this->store().pending(0, 10).value()[0].batch, batch);
  const Accepted again = this->store().accept(batch, "other").value();
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.answer, "answer");
  EXPECT_GT(this->store().accept(some_batch(4), "").value().sequence, sequence);
}

TYPED_TEST_P(PersistentTelemetryStoreConformance, SequencesNeverComeTwiceAlsoWhenAllIsSettled) {
  const std::uint64_t first = this->store().accept(some_batch(1), "").value().sequence;
  ASSERT_TRUE(this->store().settle({}, first));
  this->open();
  EXPECT_GT(this->store().accept(some_batch(1), "").value().sequence, first);
}

// Killed at random moments, several times over one folder: what was acknowledged is there, once.
TYPED_TEST_P(PersistentTelemetryStoreConformance, AcknowledgedWritesSurviveAKill) {
  if (const auto folder = child_folder()) {
    auto store = TypeParam::open(*folder).value();
    for (auto i = static_cast<int>(store->last_event_sequence().value());; ++i) {
      const std::string id = std::to_string(i);
      // The batch first: the next child begins after the last event, and repeats the batch of one cut
      // between.
      model::SampleBatch batch = some_batch(i % 5);
      batch.idempotency_key = id;
      ASSERT_TRUE(store->accept(batch, id));
      const EventCommit commit{{some_event(id, i)}, {some_alert(id, i)}, {some_delivery(id, i)}};
      ASSERT_TRUE(store->append(commit));
      tell_parent(id);
    }
  }
  const TemporaryFolder folder;
  std::mt19937 random(5);
  for (int round = 0; round < 3; ++round) {
    OwnChild child(folder.path());
    const auto told = child.listen(std::chrono::milliseconds(5 + random() % 60));
    ASSERT_FALSE(told.empty());
    const auto acknowledged = std::stoul(told.back()) + 1;
    const auto store = TypeParam::open(folder.path()).value();
    const auto events = store->events_after(0, 100'000).value();
    EXPECT_GE(events.size(), acknowledged);
    EXPECT_LE(events.size(), acknowledged + 1);
    EXPECT_EQ(store->alerts("", 100'000).value().size(), events.size());
    EXPECT_EQ(store->due(at_second(1'000'000), 100'000).value().size(), events.size());
    std::map<std::string, int> batches;
    const auto pending = store->pending(0, 100'000).value();
    for (const PendingBatch& each : pending) ++batches[each.batch.idempotency_key];
    for (std::size_t i = 0; i < acknowledged; ++i) ASSERT_EQ(batches[std::to_string(i)], 1) << i;
    EXPECT_LE(batches.size(), acknowledged + 1);
  }
}

TYPED_TEST_P(PersistentTelemetryStoreConformance, AFullDiskRefusesWritesAndHarmsNothing) {
  const auto folder = child_folder();
  if (!folder) {
    const TemporaryFolder disk;
    OwnChild child(disk.path());
    const auto told = child.listen();
    if (told == std::vector<std::string>{"no disk"}) GTEST_SKIP() << "skipped: may not mount a small disk";
    EXPECT_EQ(child.exit_code(), 0);
    EXPECT_THAT(told, ::testing::ElementsAre("refused", "refused", "recovered"));
    return;
  }
  if (!mount_small_disk(*folder, 64)) return tell_parent("no disk");
  auto store = TypeParam::open(*folder).value();
  ASSERT_TRUE(store->append({{some_event("before", 1)}, {}, {}}));
  std::size_t accepted = 0;
  for (int round = 0; round < 2; ++round) {
    const std::string filler = fill_disk(*folder);
    Result<Accepted> done = Accepted{};
    for (int i = 0; done && i < 10'000; ++i) {
      done = store->accept(some_batch(1000), "");
      accepted += done ? 1 : 0;
    }
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, ErrorCode::out_of_space) << done.error().message;
    EXPECT_EQ(store->append({{some_event("full", 1)}, {}, {}}).error().code, ErrorCode::out_of_space);
    EXPECT_TRUE(store->event(model::EventId("before")).value().has_value()) << "reads go on";
    tell_parent("refused");
    if (round == 1) store.reset();  // ends while the disk is full
    std::filesystem::remove(filler);
    if (round == 1) store = TypeParam::open(*folder).value();
    const auto after = store->append({{some_event("after", 2 + round)}, {}, {}});
    ASSERT_TRUE(after.has_value()) << after.error().message;
    EXPECT_EQ(store->pending(0, 100'000).value().size(), accepted);
  }
  EXPECT_TRUE(store->event(model::EventId("before")).value().has_value());
  EXPECT_EQ(store->event(model::EventId("after")).value(), some_event("after", 3));
  tell_parent("recovered");
}

REGISTER_TYPED_TEST_SUITE_P(PersistentTelemetryStoreConformance, EverythingIsThereWhenOpenedAgain,
                            SequencesNeverComeTwiceAlsoWhenAllIsSettled, AcknowledgedWritesSurviveAKill,
                            AFullDiskRefusesWritesAndHarmsNothing);

}  // namespace peering::store::conformance
