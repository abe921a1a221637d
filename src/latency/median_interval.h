// The confidence interval of a median without assumptions on the distribution: Bonett and Price, "Statistical
// inference for a linear function of medians", Psychological Methods 7 (2002).
//
// With n values in order, a = round((n+1)/2 - sqrt(n)) at least 1, and z such that the a-th smallest lies
// below the median with probability Phi(-z): SE = (y(n-a+1) - y(a)) / (2 z). The interval is the median plus
// or minus 1.96 SE (exactly: the 97.5 % point of the normal distribution).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "sketch/latency_sketch.h"

namespace peering::latency {

struct MedianInterval {
  double median = 0;
  double standard_error = 0;
  double low = 0, high = 0;
  friend bool operator==(const MedianInterval&, const MedianInterval&) = default;
};

/// Of values in ascending order. Nothing for fewer than two: a single value says nothing about spread.
std::optional<MedianInterval> median_interval(std::span<const double> ascending);
/// Of a sketch, in microseconds.
std::optional<MedianInterval> median_interval(const sketch::LatencySketch& sketch);

/// For who takes other values of the sketch too, in one pass: the interval is made of those at these ranks,
/// in ascending order. `count` is at least two.
std::array<std::uint64_t, 4> median_ranks(std::uint64_t count);
MedianInterval median_interval(std::uint64_t count, const std::array<double, 4>& at_median_ranks);

/// The interval of the difference of two independent medians, `a` minus `b`.
MedianInterval median_difference(const MedianInterval& a, const MedianInterval& b);

}  // namespace peering::latency
