// Generated series for tests: a path of 25 ms plus a log-normal access network with a median of 10 ms.
#pragma once

#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <vector>

#include "latency/bin_summaries.h"
#include "latency/median_interval.h"
#include "latency/test_values.h"

namespace peering::latency {

class GeneratedWorld {
 public:
  explicit GeneratedWorld(unsigned seed, double sigma = 0.5)
      : random_(seed), access_(std::log(10'000), sigma) {}

  /// A bin of `count` samples of the path as it is, plus `extra_us`.
  SeriesBin bin(TimePoint start, std::uint64_t count, double extra_us = 0, std::string pop = "AMS") {
    SeriesBin out{series_of("203.0.113.0/24", std::move(pop)), start, {}};
    for (std::uint64_t i = 0; i < count; ++i) {
      out.sketch.add(static_cast<std::uint32_t>(25'000 + access_(random_) + extra_us));
    }
    return out;
  }
  BinSummary summary(TimePoint start, std::uint64_t count, double extra_us = 0) {
    const SeriesBin made = bin(start, count, extra_us);
    const auto median = median_interval(made.sketch).value();
    return {start, count, median.median, median.low, median.high};
  }
  std::mt19937& random() { return random_; }

 private:
  std::mt19937 random_;
  std::lognormal_distribution<double> access_;
};

/// A Monday.
inline const TimePoint world_start = parse_rfc3339("2026-10-05T00:00:00Z").value();
inline TimePoint world_bin(std::int64_t index) { return world_start + index * bin_width; }
inline constexpr int bins_an_hour = 12, bins_a_day = 288;

/// What an evening adds: nothing at 08:00 UTC, 20 ms at 20:00.
inline double evening_us(TimePoint at) {
  const double hours = static_cast<double>((at - world_start).count()) / 3.6e9;
  return 10'000 * (1 - std::cos(2 * std::numbers::pi * (hours - 8) / 24));
}

}  // namespace peering::latency
