#include "feeds/path_trace.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace peering::feeds {
namespace {

using model::ProbeAnswer;
using model::ProbeEnd;

ProbeAnswer answer(ProbeEnd end, std::uint32_t from) {
  ProbeAnswer out;
  out.end = end;
  if (from != 0) out.from = net::Address::v4(from);
  return out;
}

// A path of `length` hops, of which those in `silent` say nothing.
ProbeAnswer met(int ttl, int length, const std::vector<int>& silent = {}) {
  if (ttl >= length) return answer(ProbeEnd::answered, 1000);
  if (std::ranges::find(silent, ttl) != silent.end()) return answer(ProbeEnd::silent, 0);
  return answer(ProbeEnd::expired, static_cast<std::uint32_t>(ttl));
}

void walk(PathTrace& trace, int length, const std::vector<int>& silent = {}) {
  while (!trace.done()) {
    const auto step = trace.next();
    ASSERT_TRUE(step);
    trace.answered(*step, met(step->ttl, length, silent));
  }
}

TEST(PathTrace, EndsAtTheDestination) {
  PathTrace trace({});
  walk(trace, 4);
  const auto hops = trace.hops();
  ASSERT_EQ(hops.size(), 4U);
  for (int ttl = 1; ttl < 4; ++ttl) {
    const auto& hop = hops[static_cast<std::size_t>(ttl - 1)];
    EXPECT_EQ(hop.ttl, ttl);
    EXPECT_EQ(hop.answers.size(), 3U);
    EXPECT_EQ(hop.answers[0].from, net::Address::v4(static_cast<std::uint32_t>(ttl)));
  }
  EXPECT_EQ(hops[3].answers[2].end, ProbeEnd::answered);
}

TEST(PathTrace, SilenceOnTheWayIsShownAndGoneOver) {
  PathTrace trace({});
  walk(trace, 5, {2, 3});
  ASSERT_EQ(trace.hops().size(), 5U);
  EXPECT_EQ(trace.hops()[1].answers[0].end, ProbeEnd::silent);
  EXPECT_EQ(trace.hops()[4].answers[0].end, ProbeEnd::answered);
}

TEST(PathTrace, GivesUpBehindEnoughSilence) {
  PathTraceSettings settings;
  settings.silent_max = 3;
  PathTrace trace(settings);
  walk(trace, 30, {2, 3, 4, 5, 6, 7, 8, 9, 10});
  EXPECT_EQ(trace.hops().size(), 4U);
}

TEST(PathTrace, SomebodyWhoSaysUnreachableIsTheEnd) {
  PathTrace trace({});
  while (!trace.done()) {
    const auto step = *trace.next();
    trace.answered(step, answer(step.ttl < 3 ? ProbeEnd::expired : ProbeEnd::unreachable, 7));
  }
  EXPECT_EQ(trace.hops().size(), 3U);
}

TEST(PathTrace, KeepsToItsWindow) {
  PathTraceSettings settings;
  settings.window = 1;
  settings.tries = 1;
  PathTrace trace(settings);
  const auto first = trace.next();
  ASSERT_TRUE(first);
  EXPECT_FALSE(trace.next());
  trace.answered(*first, met(1, 9));
  EXPECT_EQ(trace.next()->ttl, 2);
}

TEST(PathTrace, WhatIsNotAnsweredYetIsSilentInTheReport) {
  PathTrace trace({});
  const auto first = trace.next();
  trace.answered(*first, met(1, 9));
  (void)trace.next();
  ASSERT_EQ(trace.hops().size(), 1U);
  EXPECT_EQ(trace.hops()[0].answers.size(), 2U);
  EXPECT_EQ(trace.hops()[0].answers[1].end, ProbeEnd::silent);
}

// Whatever order answers come in, the path is the same.
RC_GTEST_PROP(PathTrace, TheOrderOfAnswersDoesNotMatter, (std::vector<std::uint8_t> choices)) {
  PathTrace trace({});
  std::vector<PathTrace::Step> under_way;
  for (std::size_t i = 0; !trace.done(); ++i) {
    while (const auto step = trace.next()) under_way.push_back(*step);
    RC_ASSERT(!under_way.empty());
    const std::size_t which = (choices.empty() ? 0 : choices[i % choices.size()]) % under_way.size();
    trace.answered(under_way[which], met(under_way[which].ttl, 7, {3}));
    under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(which));
  }
  const auto hops = trace.hops();
  RC_ASSERT(hops.size() == 7U);
  for (const model::ProbeHop& hop : hops) {
    for (const ProbeAnswer& each : hop.answers) RC_ASSERT(each == met(hop.ttl, 7, {3}));
  }
}

}  // namespace
}  // namespace peering::feeds
