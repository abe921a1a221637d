#include "latency/comparison.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::latency {
namespace {

using ::testing::ElementsAre;

// Samples around a median, in microseconds.
sketch::LatencySketch around(double median_us, int count, double spread = 0.05) {
  std::mt19937 random(7);
  std::normal_distribution<double> part(1, spread);
  sketch::LatencySketch out;
  for (int i = 0; i < count; ++i) out.add(static_cast<std::uint32_t>(median_us * part(random)));
  return out;
}

std::vector<Standing> standings(const std::vector<sketch::LatencySketch>& candidates) {
  std::vector<Standing> out;
  for (const Compared& each : compare(candidates)) out.push_back(each.standing);
  return out;
}

TEST(Comparison, WithinTwoMillisecondsOrFivePercentOfTheBestIsATie) {
  EXPECT_THAT(standings({around(40'000, 500), around(41'000, 500), around(50'000, 500)}),
              ElementsAre(Standing::best, Standing::tie, Standing::behind));
  EXPECT_THAT(standings({around(5000, 500), around(6500, 500)}), ElementsAre(Standing::best, Standing::tie))
      << "30 %, yet less than 2 ms";
  EXPECT_THAT(standings({around(104'000, 500), around(100'000, 500)}),
              ElementsAre(Standing::tie, Standing::best))
      << "4 ms, yet less than 5 %";
}

TEST(Comparison, ADifferenceThatMayBeChanceIsUnclear) {
  EXPECT_THAT(standings({around(40'000, 12, 0.5), around(47'000, 12, 0.5)}),
              ElementsAre(Standing::best, Standing::unclear));
  EXPECT_THAT(standings({around(40'000, 2000, 0.5), around(47'000, 2000, 0.5)}),
              ElementsAre(Standing::best, Standing::behind))
      << "with more samples it is not";
}

TEST(Comparison, FewSamplesAreNotCompared) {
  const auto all = compare(std::vector{around(10'000, 9), around(40'000, 10), sketch::LatencySketch()});
  EXPECT_EQ(all[0].standing, Standing::insufficient);
  EXPECT_TRUE(all[0].median) << "it is shown";
  EXPECT_FALSE(all[0].behind);
  EXPECT_EQ(all[1].standing, Standing::best);
  EXPECT_EQ(all[2].standing, Standing::insufficient);
  EXPECT_FALSE(all[2].median);
  EXPECT_TRUE(compare({}).empty());
}

TEST(Comparison, SaysHowFarBehindWithItsInterval) {
  const auto all = compare(std::vector{around(40'000, 500), around(50'000, 500)});
  ASSERT_TRUE(all[1].behind);
  EXPECT_NEAR(all[1].behind->median, 10'000, 1000);
  EXPECT_LT(all[1].behind->low, all[1].behind->median);
  EXPECT_GT(all[1].behind->low, 0);
  EXPECT_FALSE(all[0].behind);
}

}  // namespace
}  // namespace peering::latency
