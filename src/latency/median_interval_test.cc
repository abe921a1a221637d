#include "latency/median_interval.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace peering::latency {
namespace {

std::vector<double> sorted(std::vector<double> values) {
  std::ranges::sort(values);
  return values;
}

// The example of Bonett and Price, as R's statpsych prints it.
TEST(MedianInterval, ReproducesThePublishedExample) {
  const auto y1 = sorted({32.1, 39.8, 26.3, 35.0, 43.1, 27.0, 40.9, 37.4, 34.0, 29.2});
  const auto y2 = sorted({36.8, 44.0, 47.1, 42.7, 49.0, 39.6, 46.2, 31.6, 33.1, 48.4});
  const MedianInterval difference = median_difference(*median_interval(y1), *median_interval(y2));
  EXPECT_NEAR(difference.median, -8.85, 1e-9);
  EXPECT_NEAR(difference.standard_error, 4.494993, 5e-7);
  EXPECT_NEAR(difference.low, -17.66002, 5e-6);
  EXPECT_NEAR(difference.high, -0.0399751, 5e-8);
}

TEST(MedianInterval, NeedsTwoValues) {
  const std::vector<double> one{7};
  EXPECT_FALSE(median_interval(one).has_value());
  EXPECT_FALSE(median_interval(std::vector<double>{}).has_value());
  const std::vector<double> two{7, 7};
  const auto interval = median_interval(two);
  ASSERT_TRUE(interval.has_value());
  EXPECT_EQ(*interval, (MedianInterval{7, 0, 7, 7}));
}

TEST(MedianInterval, CoversTheTrueMedianInMoreThanNineOfTenExperiments) {
  std::mt19937 random(3);
  std::lognormal_distribution<double> access(std::log(10'000.0), 0.5);
  int covered = 0;
  constexpr int experiments = 2000;
  for (int i = 0; i < experiments; ++i) {
    std::vector<double> values(60);
    for (double& each : values) each = access(random);
    const auto interval = median_interval(sorted(values));
    covered += interval->low <= 10'000 && 10'000 <= interval->high ? 1 : 0;
  }
  EXPECT_GT(covered, experiments * 0.92);
  EXPECT_LT(covered, experiments * 0.98);
}

TEST(MedianInterval, OfASketchIsThatOfItsSamplesWithinOnePercent) {
  std::mt19937 random(3);
  std::lognormal_distribution<double> access(std::log(10'000.0), 0.5);
  std::vector<double> values(500);
  sketch::LatencySketch sketch;
  for (double& each : values) {
    each = std::round(20'000 + access(random));
    sketch.add(static_cast<std::uint32_t>(each));
  }
  const auto exact = median_interval(sorted(values)), sketched = median_interval(sketch);
  EXPECT_NEAR(sketched->median, exact->median, exact->median * 0.01);
  EXPECT_NEAR(sketched->low, exact->low, exact->low * 0.015);
  EXPECT_NEAR(sketched->high, exact->high, exact->high * 0.015);
}

TEST(MedianInterval, ManyValuesNarrowItWithoutAJumpWhereTheFormulaChanges) {
  const auto standard_error = [](std::size_t n) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<double>(i + 1) / static_cast<double>(n);
    return median_interval(values)->standard_error;
  };
  EXPECT_LT(standard_error(10'000), standard_error(100));
  EXPECT_NEAR(standard_error(2'001) / standard_error(2'000), 1, 0.001);
  EXPECT_NEAR(standard_error(1'000'001) / standard_error(1'000'000), 1, 0.001);
}

}  // namespace
}  // namespace peering::latency
