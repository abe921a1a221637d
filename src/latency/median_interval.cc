#include "latency/median_interval.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace peering::latency {

namespace {

constexpr double confidence_z = 1.959963984540054;  // Phi^-1(0.975)

// Probability that a standard normal variable is above z.
double upper_tail(double z) { return 0.5 * std::erfc(z / std::numbers::sqrt2); }

// The z with `upper_tail(z) == probability`, for probabilities of at most a half. The tail is convex for z >
// 0, so that Newton's steps from 0 approach from one side.
double upper_tail_inverse(double probability) {
  double z = 0;
  for (int i = 0; i < 100; ++i) {
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    const double step = (upper_tail(z) - probability) / density;
    z += step;
    if (std::abs(step) < 1e-14) break;
  }
  return z;
}

// P[Bin(n, 1/2) <= k] for k below the middle: the largest term and, downwards, those that still matter.
double binomial_half_tail(double n, double k) {
  double term =
      std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) - n * std::numbers::ln2);
  double sum = 0;
  for (double i = k; i >= 0 && term > sum * 1e-17; --i) {
    sum += term;
    term *= i / (n - i + 1);
  }
  return sum;
}

// The z of the a-th smallest of n. Above a million the normal approximation (with continuity correction)
// differs from the sum by less than the sum's rounding.
double z_of_rank(std::uint64_t n, std::uint64_t a) {
  constexpr std::uint64_t summed_max = 1'000'000;
  const auto count = static_cast<double>(n), below = static_cast<double>(a) - 1;
  if (n > summed_max) return (count / 2 - below - 0.5) / (std::sqrt(count) / 2);
  return upper_tail_inverse(binomial_half_tail(count, below));
}

MedianInterval interval(double median, double standard_error) {
  return {median, standard_error, median - confidence_z * standard_error,
          median + confidence_z * standard_error};
}

// The a of n values.
std::uint64_t low_rank(std::uint64_t n) {
  const auto count = static_cast<double>(n);
  return static_cast<std::uint64_t>(std::max(1.0, std::nearbyint((count + 1) / 2 - std::sqrt(count))));
}

// A report asks for tens of thousands of them, mostly of few values.
double z_of(std::uint64_t n) {
  static const std::vector<double> of_few = [] {
    constexpr std::uint64_t few = 2000;
    std::vector<double> out(2);
    for (std::uint64_t i = out.size(); i <= few; ++i) out.push_back(z_of_rank(i, low_rank(i)));
    return out;
  }();
  return n < of_few.size() ? of_few[n] : z_of_rank(n, low_rank(n));
}

}  // namespace

// The a-th smallest, the middle, the a-th largest.
std::array<std::uint64_t, 4> median_ranks(std::uint64_t n) {
  return {low_rank(n), (n + 1) / 2, n / 2 + 1, n - low_rank(n) + 1};
}

MedianInterval median_interval(std::uint64_t n, const std::array<double, 4>& values) {
  return interval((values[1] + values[2]) / 2, (values[3] - values[0]) / (2 * z_of(n)));
}

std::optional<MedianInterval> median_interval(std::span<const double> ascending) {
  if (ascending.size() < 2) return std::nullopt;
  const auto ranks = median_ranks(ascending.size());
  std::array<double, ranks.size()> values;
  for (std::size_t i = 0; i < ranks.size(); ++i) values[i] = ascending[ranks[i] - 1];
  return median_interval(ascending.size(), values);
}

std::optional<MedianInterval> median_interval(const sketch::LatencySketch& sketch) {
  if (sketch.count() < 2) return std::nullopt;
  const auto ranks = median_ranks(sketch.count());
  std::array<double, ranks.size()> values;
  sketch.values_at_ranks(ranks, values);
  return median_interval(sketch.count(), values);
}

MedianInterval median_difference(const MedianInterval& a, const MedianInterval& b) {
  return interval(a.median - b.median, std::hypot(a.standard_error, b.standard_error));
}

}  // namespace peering::latency
