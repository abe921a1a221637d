// A mergeable summary of round-trip times with bounded relative error.
//
// Buckets are log-linear and taken from the bits of the value as a float: the exponent and the top six bits
// of the mantissa, that is 64 buckets in every octave. The middle of a bucket is at most 1/128 = 0.78 % from
// every value in it, so every quantile is within 0.78 % of a real sample. Counts are whole numbers that add,
// so merging is commutative and associative to the byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace peering::sketch {

/// Promise of the report: quantiles are within this fraction of the exact sample.
inline constexpr double relative_error = 0.01;

/// A value type. Not thread-safe for writers.
class LatencySketch {
 public:
  /// Adds a round-trip time in microseconds, 1 to 4294967295 (0 counts as 1).
  void add(std::uint32_t rtt_us) { add(rtt_us, 1); }
  void add(std::uint32_t rtt_us, std::uint64_t times);
  /// Adds every sample of the other.
  void merge(const LatencySketch& other);

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::uint64_t sum_us() const { return sum_us_; }
  double mean_us() const {
    return count_ == 0 ? 0 : static_cast<double>(sum_us_) / static_cast<double>(count_);
  }
  std::uint32_t min_us() const { return min_us_; }
  std::uint32_t max_us() const { return max_us_; }

  /// The value at `q` in [0, 1] by nearest rank (the sample of rank ceil(q*count), at least 1); 0 when empty.
  /// Never below `min_us()` or above `max_us()`.
  double quantile(double q) const;
  /// The value of the sample of 1-based `rank` in order of size.
  double value_at_rank(std::uint64_t rank) const;

  /// Compact form: version, min, max, sum, then (gap, count) pairs as varints. Equal sketches give equal
  /// bytes.
  std::string to_bytes() const;
  /// `corrupt` for anything `to_bytes` cannot have made.
  static Result<LatencySketch> from_bytes(std::string_view bytes);

  friend bool operator==(const LatencySketch&, const LatencySketch&) = default;

 private:
  std::vector<std::uint64_t> counts_;  // dense between first_ and first_ + size - 1
  std::uint32_t first_ = 0;            // index of the bucket of counts_[0]
  std::uint64_t count_ = 0, sum_us_ = 0;
  std::uint32_t min_us_ = 0, max_us_ = 0;
};

}  // namespace peering::sketch
