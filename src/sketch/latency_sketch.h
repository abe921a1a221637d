// A mergeable summary of round-trip times with bounded relative error.
//
// Buckets are log-linear and taken from the bits of the value as a float: the exponent and the top six bits
// of the mantissa, that is 64 buckets in every octave. The middle of a bucket is at most 1/128 = 0.78 % from
// every value in it, so every quantile is within 0.78 % of a real sample. Counts are whole numbers that add,
// so merging is commutative and associative to the byte.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
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
  void add(std::uint32_t rtt_us) {
    const std::uint32_t value = rtt_us == 0 ? 1 : rtt_us;
    const std::uint32_t place = bucket_of(value) - first_;
    if (!dense_ || place >= counts_.size()) return add_slowly(value, 1);
    ++counts_[place];
    ++count_;
    sum_us_ += value;
    min_us_ = std::min(min_us_, value);
    max_us_ = std::max(max_us_, value);
  }
  void add(std::uint32_t rtt_us, std::uint64_t times) {
    if (times > 0) add_slowly(rtt_us == 0 ? 1 : rtt_us, times);
  }
  /// For who adds to many: has the memory fetched that `add` of this value will need.
  void prefetch(std::uint32_t rtt_us) const {
    __builtin_prefetch(counts_.data() + (dense_ ? bucket_of(rtt_us == 0 ? 1 : rtt_us) - first_ : 0));
  }
  /// For who reads many: has the memory fetched that a look at the counts will need.
  void prefetch() const { __builtin_prefetch(counts_.data()); }
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
  /// The rank of `quantile(q)`: 1 to `count()`.
  std::uint64_t rank_of(double q) const;
  /// The value of the sample of 1-based `rank` in order of size.
  double value_at_rank(std::uint64_t rank) const;
  /// That of every rank, which are in ascending order, at the cost of one.
  void values_at_ranks(std::span<const std::uint64_t> ranks, std::span<double> values) const;

  /// Compact form: version, min, max, sum, then (gap, count) pairs as varints. Equal sketches give equal
  /// bytes.
  std::string to_bytes() const;
  /// Appends `to_bytes()`.
  void append_bytes(std::string& out) const;
  /// `corrupt` for anything `to_bytes` cannot have made.
  static Result<LatencySketch> from_bytes(std::string_view bytes);

  friend bool operator==(const LatencySketch&, const LatencySketch&) = default;

 private:
  static constexpr int mantissa_bits = 6;

  // The exponent and the top six mantissa bits of the value as a floating-point number, counted from those of
  // 1.0. A double holds every 32-bit number exactly, so that the cut is the only rounding.
  static std::uint32_t bucket_of(std::uint32_t value) {
    constexpr int kept_shift = 52 - mantissa_bits;
    constexpr std::uint64_t bits_of_one = std::uint64_t{1023} << mantissa_bits;
    return static_cast<std::uint32_t>(
        (std::bit_cast<std::uint64_t>(static_cast<double>(value)) >> kept_shift) - bits_of_one);
  }
  void add_slowly(std::uint32_t value, std::uint64_t times);
  void count(std::uint32_t bucket, std::uint64_t times);
  void count_densely(std::uint32_t bucket, std::uint64_t times);
  void make_dense();
  template <class Visit>
  void for_each_bucket(Visit visit) const;

  // Most sketches have few samples, far apart. So up to 16 buckets are kept as (bucket, count) in order, the
  // bucket in the top 16 bits; with more of them, or a count that does not fit, it is `dense_`: the counts of
  // all buckets from `first_` to the last. Which of both only depends on the samples.
  std::vector<std::uint64_t> counts_;
  std::uint32_t first_ = 0;
  bool dense_ = false;
  std::uint64_t count_ = 0, sum_us_ = 0;
  std::uint32_t min_us_ = 0, max_us_ = 0;
};

}  // namespace peering::sketch
