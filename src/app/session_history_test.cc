// What is remembered of BGP sessions, over restarts.
#include "app/session_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory/telemetry_store.h"

namespace peering::app {
namespace {

using model::SessionChange;
using model::SessionState;
using testing::ElementsAre;

TimePoint second(int s) { return time_from_us(1'795'600'000'000'000) + std::chrono::seconds(s); }

SessionChange change(SessionState state, int at_s) {
  return {*net::Address::parse("192.0.2.1"), "edge-1", 0, second(at_s), state, 3333};
}

class History : public testing::Test {
 protected:
  // A process that hears of these changes at a time, and ends.
  void process(std::vector<std::pair<SessionChange, int>> heard, int ends_s) {
    std::vector<SessionChange> next;
    SessionHistory history(*store, [&] { return std::exchange(next, {}); });
    ASSERT_TRUE(history.begin());
    for (auto& [each, at_s] : heard) {
      next.push_back(each);
      history.round(second(at_s));
    }
    history.round(second(ends_s));
  }
  std::vector<SessionChange> stored() {
    return store->session_changes({*net::Prefix::parse("0.0.0.0/0"), second(-1000), second(100'000)}).value();
  }
  std::unique_ptr<store::TelemetryStore> store = store::make_memory_telemetry_store();
};

TEST_F(History, ChangesAreWrittenAsTheyWereTold) {
  process({{change(SessionState::established, 10), 11}, {change(SessionState::down, 20), 20}}, 100);
  EXPECT_THAT(stored(), ElementsAre(change(SessionState::established, 10), change(SessionState::down, 20)));
  EXPECT_EQ(store->known_sessions().value().until, second(100));
}

TEST_F(History, ARoutersClockCanNeitherTurnTheOrderNorLieAhead) {
  process({{change(SessionState::established, 10), 11},
           {change(SessionState::down, 5), 20},
           {change(SessionState::established, 5000), 30}},
          31);
  auto down = change(SessionState::down, 10);
  down.at += Microseconds(1);
  EXPECT_THAT(stored(), ElementsAre(change(SessionState::established, 10), down,
                                    change(SessionState::established, 30)));
}

TEST_F(History, AfterARestartNothingIsKnownUntilSomebodyTells) {
  process({{change(SessionState::established, 10), 11}}, 100);
  process({{change(SessionState::established, 500), 500}}, 600);
  EXPECT_THAT(stored(), ElementsAre(change(SessionState::established, 10), change(SessionState::unknown, 100),
                                    change(SessionState::established, 500)));
}

TEST_F(History, ASessionThatIsUpSinceBeforeTheRestartWasNeverUnknown) {
  process({{change(SessionState::established, 10), 11}}, 100);
  process({{change(SessionState::established, 10), 500}}, 600);
  EXPECT_THAT(stored(),
              ElementsAre(change(SessionState::established, 10), change(SessionState::established, 100)));
}

TEST_F(History, OnlyTheFirstWordAfterARestartReplacesTheEnd) {
  process({{change(SessionState::established, 10), 11}}, 100);
  process({{change(SessionState::down, 50), 500}, {change(SessionState::established, 60), 501}}, 600);
  auto down = change(SessionState::down, 100), up = change(SessionState::established, 100);
  down.at += Microseconds(1);
  up.at += Microseconds(2);
  EXPECT_THAT(stored(), ElementsAre(change(SessionState::established, 10), change(SessionState::unknown, 100),
                                    down, up));
}

TEST_F(History, WhatWasUnknownStaysSo) {
  process({{change(SessionState::established, 10), 11}, {change(SessionState::unknown, 20), 20}}, 100);
  process({}, 600);
  EXPECT_THAT(stored(),
              ElementsAre(change(SessionState::established, 10), change(SessionState::unknown, 20)));
}

}  // namespace
}  // namespace peering::app
