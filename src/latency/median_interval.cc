#include "latency/median_interval.h"

#include <algorithm>
#include <cmath>
#include <numbers>

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

}  // namespace

std::optional<MedianInterval> median_interval(std::uint64_t count,
                                              const std::function<double(std::uint64_t)>& value_at) {
  if (count < 2) return std::nullopt;
  const auto n = static_cast<double>(count);
  const double rank = std::nearbyint((n + 1) / 2 - std::sqrt(n));
  const std::uint64_t a = rank < 1 ? 1 : static_cast<std::uint64_t>(rank);
  const double median = (value_at((count + 1) / 2) + value_at(count / 2 + 1)) / 2;
  const double spread = value_at(count - a + 1) - value_at(a);
  return interval(median, spread / (2 * z_of_rank(count, a)));
}

std::optional<MedianInterval> median_interval(std::span<const double> ascending) {
  return median_interval(ascending.size(), [&](std::uint64_t rank) { return ascending[rank - 1]; });
}

std::optional<MedianInterval> median_interval(const sketch::LatencySketch& sketch) {
  return median_interval(sketch.count(), [&](std::uint64_t rank) { return sketch.value_at_rank(rank); });
}

MedianInterval median_difference(const MedianInterval& a, const MedianInterval& b) {
  return interval(a.median - b.median, std::hypot(a.standard_error, b.standard_error));
}

}  // namespace peering::latency
