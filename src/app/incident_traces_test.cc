#include "app/incident_traces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::app {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const TimePoint noon_of_traces = *parse_rfc3339("2026-11-23T12:00:00Z");
const net::Address traced_to = *net::Address::parse("203.0.113.9");

OpenDegradation degradation(std::string event, std::uint64_t samples, Microseconds age = minutes(10)) {
  OpenDegradation out;
  out.event = std::move(event);
  out.samples = samples;
  out.first_seen = noon_of_traces - age;
  return out;
}

class IncidentTracesTest : public testing::Test {
 protected:
  void follow(std::vector<OpenDegradation> open, TimePoint at = noon_of_traces) { traces.follow(open, at); }
  // In which order they are walked, each to its end at once.
  std::vector<std::string> order() {
    std::vector<std::string> out;
    while (const auto next = traces.next(noon_of_traces)) {
      out.push_back(next->event);
      traces.begin(*next, std::nullopt);
    }
    return out;
  }
  IncidentTraces traces;
};

TEST_F(IncidentTracesTest, MostSamplesComeFirstAndEachIsWalkedOnce) {
  follow({degradation("few", 10), degradation("most", 500), degradation("some", 50)});
  EXPECT_EQ(traces.waiting(), 3U);
  EXPECT_THAT(order(), testing::ElementsAre("most", "some", "few"));
  follow({degradation("few", 10), degradation("most", 500)});
  EXPECT_EQ(traces.waiting(), 0U);
  EXPECT_THAT(order(), testing::IsEmpty());
}

TEST_F(IncidentTracesTest, WhatHasATracerouteInItsEvidenceIsNotWalkedAgain) {
  OpenDegradation told = degradation("told", 500);
  told.traced = true;
  follow({told, degradation("new", 5)});
  EXPECT_THAT(order(), testing::ElementsAre("new"));
}

TEST_F(IncidentTracesTest, WithoutKnownOnesWhatHasLastedLongIsExpectedToLastLong) {
  follow({degradation("new", 20, minutes(5)), degradation("old", 10, hours(2))});
  EXPECT_THAT(order(), testing::ElementsAre("old", "new"));
}

TEST_F(IncidentTracesTest, OnlySoManyWalksAreUnderWay) {
  follow({degradation("a", 3), degradation("b", 2), degradation("c", 1)});
  for (int i = 0; i < 2; ++i) traces.begin(traces.next(noon_of_traces).value(), traced_to);
  EXPECT_EQ(traces.under_way(), 2U);
  EXPECT_FALSE(traces.next(noon_of_traces));
}

TEST_F(IncidentTracesTest, AWalkGivesItsHopsWhenItIsDone) {
  follow({degradation("a", 1)});
  traces.begin(traces.next(noon_of_traces).value(), traced_to);
  std::optional<IncidentTraces::Traced> traced;
  std::size_t packets = 0;
  std::vector<IncidentTraces::Step> late;
  while (!traced) {
    const auto step = traces.take();
    ASSERT_TRUE(step);
    ++packets;
    model::ProbeAnswer answer;
    answer.end = step->step.ttl < 3 ? model::ProbeEnd::expired : model::ProbeEnd::answered;
    answer.from =
        step->step.ttl < 3 ? net::Address::v4(static_cast<std::uint32_t>(step->step.ttl)) : traced_to;
    answer.rtt = Microseconds(1000 * step->step.ttl);
    traced = traces.answered(*step, answer);
    late.push_back(*step);
  }
  EXPECT_EQ(packets, 9U);
  EXPECT_EQ(traced->hops.size(), 3U);
  EXPECT_EQ(traced->degradation.event, "a");
  EXPECT_EQ(traces.under_way(), 0U);
  EXPECT_FALSE(traces.answered(late.back(), {})) << "it is over";
}

TEST(ExpectedDurationTest, IsWhatThoseThatLastedLongerHad) {
  ExpectedDuration duration;
  EXPECT_EQ(duration.left(minutes(1)), minutes(5));
  EXPECT_EQ(duration.left(hours(1)), hours(1));
  for (int i = 0; i < 6; ++i) duration.add(minutes(10));
  for (int i = 0; i < 6; ++i) duration.add(hours(3));
  EXPECT_EQ(duration.left(minutes(5)), (minutes(5) + minutes(175)) / 2);
  EXPECT_EQ(duration.left(hours(1)), hours(2)) << "the short ones are over by then";
  EXPECT_EQ(duration.left(hours(5)), hours(5));
}

}  // namespace
}  // namespace peering::app
