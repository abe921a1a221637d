#include "latency/path_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::latency {
namespace {

const net::Address walk_destination = *net::Address::parse("203.0.113.9");

// Routers 192.0.2.1, 192.0.2.2, ... and the destination, with these times in ms; 0: silent.
Walk walk(std::vector<double> times_ms) {
  Walk out;
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    WalkedHop hop;
    if (times_ms[i] > 0) {
      hop.from = i + 1 == times_ms.size() ? walk_destination
                                          : net::Address::v4(0xC0000200U + static_cast<std::uint32_t>(i) + 1);
      hop.rtt_us = static_cast<std::int64_t>(1000 * times_ms[i]);
    }
    out.push_back(hop);
  }
  return out;
}

PathChange compared(const Walk& before, const Walk& during, double rise_ms = 20) {
  return compare_walks(before, during, walk_destination, 1000 * rise_ms);
}

TEST(PathChangeTest, ADelayBeginsWhereEverythingBehindIsSlower) {
  const PathChange found = compared(walk({1, 5, 10, 20}), walk({1, 5, 30, 40}));
  EXPECT_EQ(found.delay_at, 3U);
  EXPECT_EQ(found.fast_until, 2U);
  EXPECT_EQ(found.slower_us, 20'000);
  EXPECT_FALSE(found.other_from);
}

TEST(PathChangeTest, OneSlowRouterOnTheWaySaysNothing) {
  const PathChange found = compared(walk({1, 5, 10, 20}), walk({1, 90, 10, 40}));
  EXPECT_EQ(found.delay_at, 4U);
  EXPECT_EQ(found.fast_until, 3U);
}

TEST(PathChangeTest, BetweenTheHopsThatAnswerItCannotBeToldWhere) {
  const PathChange found = compared(walk({1, 0, 0, 20}), walk({1, 0, 30, 40}));
  EXPECT_EQ(found.delay_at, 4U);
  EXPECT_EQ(found.fast_until, 1U);
}

TEST(PathChangeTest, ADelayFromTheFirstHopOnHasNothingFastBefore) {
  const PathChange found = compared(walk({1, 5, 10}), walk({21, 25, 30}));
  EXPECT_EQ(found.delay_at, 1U);
  EXPECT_FALSE(found.fast_until);
}

TEST(PathChangeTest, ADelayThatTheDestinationDoesNotShowIsNotFound) {
  const PathChange found = compared(walk({1, 5, 10}), walk({1, 40, 19}));
  EXPECT_EQ(found.slower_us, 9'000);
  EXPECT_FALSE(found.delay_at);
}

TEST(PathChangeTest, WithoutTheDestinationInBothNothingIsFound) {
  Walk cut = walk({1, 30, 40});
  cut.pop_back();
  for (const auto& found :
       {compared(walk({1, 5, 10}), cut), compared(cut, walk({1, 5, 90})), compared({}, walk({1}))}) {
    EXPECT_FALSE(found.slower_us);
    EXPECT_FALSE(found.delay_at);
  }
}

TEST(PathChangeTest, AnotherRouterIsAnotherPathAndIsNotCompared) {
  Walk during = walk({1, 25, 30, 40});
  during[1].from = *net::Address::parse("192.0.2.200");
  during[2].from = *net::Address::parse("192.0.2.201");
  const PathChange found = compared(walk({1, 5, 10, 20}), during);
  EXPECT_EQ(found.other_from, 2U);
  EXPECT_EQ(found.delay_at, 4U);
  EXPECT_EQ(found.fast_until, 1U);
}

TEST(PathChangeTest, ALongerPathToTheSameDestinationIsComparedAtItsEnd) {
  const PathChange found = compared(walk({1, 5, 20}), walk({1, 5, 25, 30, 45}));
  EXPECT_EQ(found.other_from, 3U);
  EXPECT_EQ(found.delay_at, 5U);
  EXPECT_EQ(found.fast_until, 2U);
}

TEST(WalkTest, KeepsTheShortestAnswerOfAHopAndNoSilenceAtTheEnd) {
  const net::Address router = *net::Address::parse("192.0.2.1");
  const auto answer = [&](std::int64_t rtt_us) {
    model::ProbeAnswer out;
    out.end = model::ProbeEnd::expired;
    out.from = router;
    out.rtt = Microseconds(rtt_us);
    return out;
  };
  const std::vector<model::ProbeHop> hops{{1, {answer(900), answer(300), {}}}, {2, {{}, {}}}, {3, {{}}}};
  EXPECT_THAT(walk_of(hops), testing::ElementsAre(WalkedHop{router, 300}));
  EXPECT_FALSE(reaches(walk_of(hops), walk_destination));
}

}  // namespace
}  // namespace peering::latency
