#include "sketch/latency_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "sketch/varint.h"

namespace peering::sketch {

namespace {

constexpr std::uint8_t format_version = 1;
constexpr int bucket_bits = 6;
constexpr std::uint32_t buckets_per_octave = 1U << bucket_bits;
constexpr std::uint32_t buckets_max = 32 * buckets_per_octave;

// The form for few buckets.
constexpr std::size_t sparse_max = 16;
constexpr int count_bits = 48;
constexpr std::uint64_t sparse_count_max = (std::uint64_t{1} << count_bits) - 1;

constexpr std::uint32_t sparse_bucket(std::uint64_t entry) {
  return static_cast<std::uint32_t>(entry >> count_bits);
}
constexpr std::uint64_t sparse_count(std::uint64_t entry) { return entry & sparse_count_max; }

// The whole numbers of a bucket; low > high when it holds none (only below 64).
struct Range {
  std::uint64_t low = 0, high = 0;
  bool empty() const { return low > high; }
};

Range range_of(std::uint32_t bucket) {
  const auto lower_edge = [](std::uint32_t index) {
    const int exponent = static_cast<int>(index / buckets_per_octave);
    const std::uint64_t scaled = std::uint64_t{buckets_per_octave + index % buckets_per_octave} << exponent;
    return (scaled + buckets_per_octave - 1) >> bucket_bits;  // rounded up to a whole number
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

  void add(std::uint32_t bucket, std::uint64_t count, std::uint64_t min, std::uint64_t max) {
    const Range range = range_of(bucket);
    low += Wide{count} * std::max(range.low, min);
    high += Wide{count} * std::min(range.high, max);
  }
  // One sample is the maximum and one the minimum; each was counted at the other end of its bucket.
  void use_ends(std::uint32_t first, std::uint32_t last, std::uint64_t min, std::uint64_t max) {
    low += max - std::max(range_of(last).low, min);
    high -= std::min(range_of(first).high, max) - min;
  }
};

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::corrupt, "latency sketch: {}", what);
}

}  // namespace

template <class Visit>
void LatencySketch::for_each_bucket(Visit visit) const {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (!dense_) {
      visit(sparse_bucket(counts_[i]), sparse_count(counts_[i]));
    } else if (counts_[i] > 0) {
      visit(first_ + static_cast<std::uint32_t>(i), counts_[i]);
    }
  }
}

void LatencySketch::make_dense() {
  const std::vector<std::uint64_t> sparse = std::exchange(counts_, {});
  dense_ = true;
  if (!sparse.empty()) {
    first_ = sparse_bucket(sparse.front());
    counts_.resize(sparse_bucket(sparse.back()) - first_ + 1, 0);
  }
  for (const std::uint64_t entry : sparse) counts_[sparse_bucket(entry) - first_] = sparse_count(entry);
}

void LatencySketch::count_densely(std::uint32_t bucket, std::uint64_t times) {
  if (counts_.empty()) first_ = bucket;
  if (bucket < first_) {
    counts_.insert(counts_.begin(), first_ - bucket, 0);
    first_ = bucket;
  } else if (bucket - first_ >= counts_.size()) {
    counts_.resize(bucket - first_ + 1, 0);
  }
  counts_[bucket - first_] += times;
}

void LatencySketch::count(std::uint32_t bucket, std::uint64_t times) {
  if (dense_) return count_densely(bucket, times);
  const auto at = std::ranges::lower_bound(counts_, bucket, {}, sparse_bucket);
  const bool known = at != counts_.end() && sparse_bucket(*at) == bucket;
  const bool fits = times <= sparse_count_max - (known ? sparse_count(*at) : 0);
  if (!fits || (!known && counts_.size() == sparse_max)) {
    make_dense();
    count_densely(bucket, times);
  } else if (known) {
    *at += times;
  } else {
    counts_.insert(at, std::uint64_t{bucket} << count_bits | times);
  }
}

void LatencySketch::add_slowly(std::uint32_t value, std::uint64_t times) {
  count(bucket_of(value), times);
  min_us_ = empty() ? value : std::min(min_us_, value);
  max_us_ = std::max(max_us_, value);
  count_ += times;
  sum_us_ += value * times;
}

void LatencySketch::merge(const LatencySketch& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  if (dense_ && other.dense_) {
    // Room for all at once.
    count_densely(other.first_, 0);
    count_densely(other.first_ + static_cast<std::uint32_t>(other.counts_.size()) - 1, 0);
    std::uint64_t* const mine = counts_.data() + (other.first_ - first_);
    for (std::size_t i = 0; i < other.counts_.size(); ++i) mine[i] += other.counts_[i];
  } else {
    other.for_each_bucket([this](std::uint32_t bucket, std::uint64_t times) { count(bucket, times); });
  }
  count_ += other.count_;
  sum_us_ += other.sum_us_;
  min_us_ = std::min(min_us_, other.min_us_);
  max_us_ = std::max(max_us_, other.max_us_);
}

double LatencySketch::quantile(double q) const { return empty() ? 0 : value_at_rank(rank_of(q)); }

std::uint64_t LatencySketch::rank_of(double q) const {
  // 0.07 * 100 is 7.000000000000001 in floating point, yet rank 7 is meant.
  const double position = std::clamp(q, 0.0, 1.0) * static_cast<double>(count_);
  const double rank = std::ceil(position - position * 4 * std::numeric_limits<double>::epsilon());
  if (rank >= static_cast<double>(count_)) return count_;
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rank));
}

double LatencySketch::value_at_rank(std::uint64_t rank) const {
  double out = 0;
  values_at_ranks(std::span(&rank, 1), std::span(&out, 1));
  return out;
}

void LatencySketch::values_at_ranks(std::span<const std::uint64_t> ranks, std::span<double> values) const {
  const auto min = static_cast<double>(min_us_), max = static_cast<double>(max_us_);
  std::uint64_t seen = 0;
  std::size_t next = 0;
  for_each_bucket([&](std::uint32_t bucket, std::uint64_t times) {
    seen += times;
    for (; next < ranks.size() && ranks[next] <= seen; ++next) {
      const bool is_end = ranks[next] <= 1 || ranks[next] >= count_;
      values[next] = is_end ? (ranks[next] <= 1 ? min : max) : std::clamp(middle_of(bucket), min, max);
    }
  });
  // Ranks beyond the last sample; all of an empty sketch, whose maximum is zero.
  for (; next < ranks.size(); ++next) values[next] = max;
}

std::string LatencySketch::to_bytes() const {
  std::string out;
  append_bytes(out);
  return out;
}

void LatencySketch::append_bytes(std::string& out) const {
  out.push_back(static_cast<char>(format_version));
  if (empty()) return;
  append_varint(out, min_us_);
  append_varint(out, max_us_);
  append_varint(out, sum_us_);
  std::uint32_t next = 0;
  for_each_bucket([&](std::uint32_t bucket, std::uint64_t times) {
    append_varint(out, bucket - next);
    append_varint(out, times);
    next = bucket + 1;
  });
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
  // Buckets come in order, each of at least two bytes.
  out.counts_.reserve(std::min(sparse_max, reader.left() / 2));
  Wide total = 0;
  SumBounds bounds;
  std::uint64_t next = 0;
  std::uint32_t first = 0, last = 0;
  while (reader.ok() && !reader.empty()) {
    const std::uint64_t gap = reader.next(), count = reader.next();
    if (!reader.ok()) break;
    if (count == 0) return damaged("bucket without a sample");
    const std::uint64_t bucket = next + gap;
    if (gap >= buckets_max || bucket >= buckets_max) return damaged("bucket out of range");
    last = static_cast<std::uint32_t>(bucket);
    if (range_of(last).empty()) return damaged("bucket that holds no value");
    if (total == 0) first = last;
    if (!out.dense_ && out.counts_.size() < sparse_max && count <= sparse_count_max) {
      out.counts_.push_back(std::uint64_t{last} << count_bits | count);
    } else {
      out.count(last, count);
    }
    bounds.add(last, count, min, max);
    total += count;
    next = bucket + 1;
  }
  if (!reader.ok() || !reader.empty()) return damaged("bad number");
  if (total == 0 || total > std::numeric_limits<std::uint64_t>::max()) return damaged("bad count");
  out.count_ = static_cast<std::uint64_t>(total);
  out.sum_us_ = sum;
  out.min_us_ = static_cast<std::uint32_t>(min);
  out.max_us_ = static_cast<std::uint32_t>(max);
  if (bucket_of(out.min_us_) != first || bucket_of(out.max_us_) != last) return damaged("bad range");
  if (out.count_ == 1 && min != max) return damaged("bad range");
  bounds.use_ends(first, last, min, max);
  if (sum < bounds.low || sum > bounds.high) return damaged("bad sum");
  return out;
}

}  // namespace peering::sketch
