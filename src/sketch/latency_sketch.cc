#include "sketch/latency_sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "sketch/varint.h"

namespace peering::sketch {

namespace {

constexpr std::uint8_t format_version = 1;
constexpr int mantissa_bits = 6;
constexpr std::uint32_t buckets_per_octave = 1U << mantissa_bits;
constexpr std::uint32_t buckets_max = 32 * buckets_per_octave;

// The exponent and the top six mantissa bits of the value as a floating-point number, counted from those of
// 1.0. A double holds every 32-bit number exactly, so that the cut is the only rounding.
std::uint32_t bucket_of(std::uint32_t value) {
  constexpr int kept_shift = 52 - mantissa_bits;
  constexpr std::uint64_t bits_of_one = std::uint64_t{1023} << mantissa_bits;
  return static_cast<std::uint32_t>((std::bit_cast<std::uint64_t>(static_cast<double>(value)) >> kept_shift) -
                                    bits_of_one);
}

// The whole numbers of a bucket; low > high when it holds none (only below 64).
struct Range {
  std::uint64_t low = 0, high = 0;
  bool empty() const { return low > high; }
};

Range range_of(std::uint32_t bucket) {
  const auto lower_edge = [](std::uint32_t index) {
    const int exponent = static_cast<int>(index / buckets_per_octave);
    const std::uint64_t scaled = std::uint64_t{buckets_per_octave + index % buckets_per_octave} << exponent;
    return (scaled + buckets_per_octave - 1) >> mantissa_bits;  // rounded up to a whole number
  };
  return {lower_edge(bucket), lower_edge(bucket + 1) - 1};
}

double middle_of(std::uint32_t bucket) {
  const Range range = range_of(bucket);
  return static_cast<double>(range.low + range.high) / 2;
}

__extension__ using Wide = unsigned __int128;

// Smallest and largest sum that samples with these counts can have, when the smallest sample is `min` and
// the largest `max`.
struct SumBounds {
  Wide low = 0, high = 0;
};

SumBounds sum_bounds(const std::vector<std::uint64_t>& counts, std::uint32_t first, std::uint64_t min,
                     std::uint64_t max) {
  SumBounds bounds;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const Range range = range_of(first + static_cast<std::uint32_t>(i));
    const std::uint64_t low = std::max(range.low, min), high = std::min(range.high, max);
    bounds.low += Wide{counts[i]} * low;
    bounds.high += Wide{counts[i]} * high;
  }
  // One sample is the maximum and one the minimum; each is counted above at the other end of its bucket.
  bounds.low += max - std::max(range_of(first + static_cast<std::uint32_t>(counts.size()) - 1).low, min);
  bounds.high -= std::min(range_of(first).high, max) - min;
  return bounds;
}

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::corrupt, "latency sketch: {}", what);
}

}  // namespace

void LatencySketch::add(std::uint32_t rtt_us, std::uint64_t times) {
  if (times == 0) return;
  const std::uint32_t value = std::max(rtt_us, 1U);
  const std::uint32_t bucket = bucket_of(value);
  if (counts_.empty()) {
    first_ = bucket;
    min_us_ = max_us_ = value;
    counts_.push_back(0);
  } else if (bucket < first_) {
    counts_.insert(counts_.begin(), first_ - bucket, 0);
    first_ = bucket;
  } else if (bucket - first_ >= counts_.size()) {
    counts_.resize(bucket - first_ + 1, 0);
  }
  counts_[bucket - first_] += times;
  count_ += times;
  sum_us_ += value * times;
  min_us_ = std::min(min_us_, value);
  max_us_ = std::max(max_us_, value);
}

void LatencySketch::merge(const LatencySketch& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  const std::size_t end = std::max(first_ + counts_.size(), other.first_ + other.counts_.size());
  if (other.first_ < first_) {
    counts_.insert(counts_.begin(), first_ - other.first_, 0);
    first_ = other.first_;
  }
  if (end - first_ > counts_.size()) counts_.resize(end - first_, 0);
  const std::size_t offset = other.first_ - first_;
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[offset + i] += other.counts_[i];
  count_ += other.count_;
  sum_us_ += other.sum_us_;
  min_us_ = std::min(min_us_, other.min_us_);
  max_us_ = std::max(max_us_, other.max_us_);
}

double LatencySketch::quantile(double q) const {
  if (empty()) return 0;
  // 0.07 * 100 is 7.000000000000001 in floating point, yet rank 7 is meant.
  const double position = std::clamp(q, 0.0, 1.0) * static_cast<double>(count_);
  const double rank = std::ceil(position - position * 4 * std::numeric_limits<double>::epsilon());
  return value_at_rank(rank >= static_cast<double>(count_) ? count_ : static_cast<std::uint64_t>(rank));
}

double LatencySketch::value_at_rank(std::uint64_t rank) const {
  if (empty()) return 0;
  if (rank <= 1) return min_us_;
  if (rank >= count_) return max_us_;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen < rank) continue;
    const double middle = middle_of(first_ + static_cast<std::uint32_t>(i));
    return std::clamp(middle, static_cast<double>(min_us_), static_cast<double>(max_us_));
  }
  return max_us_;
}

std::string LatencySketch::to_bytes() const {
  std::string out(1, static_cast<char>(format_version));
  if (empty()) return out;
  append_varint(out, min_us_);
  append_varint(out, max_us_);
  append_varint(out, sum_us_);
  std::uint64_t gap = first_;
  for (const std::uint64_t count : counts_) {
    if (count == 0) {
      ++gap;
      continue;
    }
    append_varint(out, gap);
    append_varint(out, count);
    gap = 0;
  }
  return out;
}

Result<LatencySketch> LatencySketch::from_bytes(std::string_view bytes) {
  if (bytes.empty()) return damaged("no bytes");
  if (static_cast<std::uint8_t>(bytes[0]) != format_version) return damaged("unknown version");
  LatencySketch out;
  if (bytes.size() == 1) return out;
  VarintReader reader(bytes.substr(1));
  const std::uint64_t min = reader.next(), max = reader.next(), sum = reader.next();
  if (!reader.ok()) return damaged("cut short");
  if (min < 1 || min > max || max > std::numeric_limits<std::uint32_t>::max()) return damaged("bad range");
  Wide total = 0;
  while (reader.ok() && !reader.empty()) {
    const std::uint64_t gap = reader.next(), count = reader.next();
    if (!reader.ok()) break;
    if (count == 0) return damaged("bucket without a sample");
    const std::uint64_t bucket = gap + (out.counts_.empty() ? 0 : out.first_ + out.counts_.size());
    if (gap >= buckets_max || bucket >= buckets_max) return damaged("bucket out of range");
    if (range_of(static_cast<std::uint32_t>(bucket)).empty()) return damaged("bucket that holds no value");
    if (out.counts_.empty()) out.first_ = static_cast<std::uint32_t>(bucket);
    out.counts_.resize(bucket - out.first_ + 1, 0);
    out.counts_.back() = count;
    total += count;
  }
  if (!reader.ok() || !reader.empty()) return damaged("bad number");
  if (out.counts_.empty() || total > std::numeric_limits<std::uint64_t>::max()) return damaged("bad count");
  out.count_ = static_cast<std::uint64_t>(total);
  out.sum_us_ = sum;
  out.min_us_ = static_cast<std::uint32_t>(min);
  out.max_us_ = static_cast<std::uint32_t>(max);
  const std::size_t last = out.first_ + out.counts_.size() - 1;
  if (bucket_of(out.min_us_) != out.first_ || bucket_of(out.max_us_) != last) return damaged("bad range");
  if (out.count_ == 1 && min != max) return damaged("bad range");
  const SumBounds bounds = sum_bounds(out.counts_, out.first_, min, max);
  if (sum < bounds.low || sum > bounds.high) return damaged("bad sum");
  return out;
}

}  // namespace peering::sketch
