#include "app/known_walks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::app {
namespace {

using std::chrono::minutes;

const net::Prefix walked_prefix = *net::Prefix::parse("203.0.113.0/24");

KnownWalk walk_to(std::string_view destination, TimePoint at) {
  const net::Address to = *net::Address::parse(destination);
  return {to, at, {{*net::Address::parse("192.0.2.1"), 100}, {to, 2000}}};
}

TEST(KnownWalksTest, TheLatestBeforeAMomentInAPrefixIsFound) {
  KnownWalks walks;
  const TimePoint noon = time_from_us(1'700'000'000'000'000);
  EXPECT_FALSE(walks.before(walked_prefix, noon));
  walks.add(walk_to("203.0.113.7", noon - minutes(20)));
  walks.add(walk_to("203.0.113.9", noon - minutes(10)));
  walks.add(walk_to("203.0.113.9", noon));
  walks.add(walk_to("203.0.114.1", noon - minutes(1)));
  EXPECT_EQ(walks.before(walked_prefix, noon), walk_to("203.0.113.9", noon - minutes(10)));
  EXPECT_EQ(walks.before(walked_prefix, noon - minutes(10)), walk_to("203.0.113.7", noon - minutes(20)));
}

TEST(KnownWalksTest, WalksThatDidNotArriveAndThoseBeyondTheLimitsAreNotKept) {
  KnownWalks walks(1);
  const TimePoint noon = time_from_us(1'700'000'000'000'000);
  KnownWalk lost = walk_to("203.0.113.7", noon);
  lost.walk.pop_back();
  walks.add(lost);
  EXPECT_FALSE(walks.before(walked_prefix, noon + minutes(1)));
  for (int i = 0; i < 20; ++i) walks.add(walk_to("203.0.113.7", noon + minutes(10 * i)));
  walks.add(walk_to("203.0.113.8", noon + minutes(300)));
  EXPECT_EQ(walks.before(walked_prefix, noon + minutes(600))->at, noon + minutes(190));
  EXPECT_FALSE(walks.before(walked_prefix, noon + minutes(100))) << "the oldest ones are gone";
}

TEST(KnownWalksTest, FrequentWalksDoNotPushOutThoseFromBefore) {
  KnownWalks walks;
  const TimePoint noon = time_from_us(1'700'000'000'000'000);
  for (int i = 0; i <= 3600; i += 3) walks.add(walk_to("203.0.113.7", noon + std::chrono::seconds(i)));
  EXPECT_EQ(walks.before(walked_prefix, noon + minutes(61))->at, noon + minutes(60)) << "the latest";
  const auto earlier = walks.before(walked_prefix, noon + minutes(40));
  ASSERT_TRUE(earlier);
  EXPECT_GE(earlier->at, noon + minutes(34));
}

}  // namespace
}  // namespace peering::app
