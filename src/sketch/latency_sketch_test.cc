#include "sketch/latency_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace peering::sketch {
namespace {

using Samples = std::vector<std::uint32_t>;

LatencySketch sketch_of(const Samples& samples) {
  LatencySketch out;
  for (const std::uint32_t each : samples) out.add(each);
  return out;
}

// Samples over all magnitudes, not only near the largest.
rc::Gen<std::uint32_t> any_rtt() {
  return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<std::uint32_t>(), rc::gen::inRange(0, 32)),
                      [](const auto& pair) { return std::max(pair.first >> pair.second, 1U); });
}
rc::Gen<Samples> any_samples() { return rc::gen::container<Samples>(any_rtt()); }

template <class Property>
void holds(const std::string& name, Property property) {
  EXPECT_TRUE(rc::check(name, property));
}

TEST(LatencySketch, AnEmptyOneAnswersZero) {
  const LatencySketch sketch;
  EXPECT_TRUE(sketch.empty());
  EXPECT_EQ(sketch.quantile(0.5), 0);
  EXPECT_EQ(sketch.mean_us(), 0);
  EXPECT_EQ(LatencySketch::from_bytes(sketch.to_bytes()).value(), sketch);
}

TEST(LatencySketch, ZeroCountsAsOne) {
  LatencySketch sketch;
  sketch.add(0);
  EXPECT_EQ(sketch.min_us(), 1);
  EXPECT_EQ(sketch.sum_us(), 1);
}

TEST(LatencySketch, KeepsCountSumMinimumAndMaximumExactly) {
  holds("exact parts", [] {
    const Samples samples = *rc::gen::nonEmpty(any_samples());
    const LatencySketch sketch = sketch_of(samples);
    std::uint64_t sum = 0;
    for (const std::uint32_t each : samples) sum += each;
    RC_ASSERT(sketch.count() == samples.size());
    RC_ASSERT(sketch.sum_us() == sum);
    RC_ASSERT(sketch.min_us() == *std::ranges::min_element(samples));
    RC_ASSERT(sketch.max_us() == *std::ranges::max_element(samples));
  });
}

TEST(LatencySketch, EveryQuantileIsWithinOnePercentOfTheExactSample) {
  holds("relative error", [] {
    Samples samples = *rc::gen::nonEmpty(any_samples());
    const LatencySketch sketch = sketch_of(samples);
    std::ranges::sort(samples);
    const int percent = *rc::gen::inRange(0, 101);
    const std::size_t rank =
        std::max<std::size_t>(1, (samples.size() * static_cast<std::size_t>(percent) + 99) / 100);
    const double exact = samples[rank - 1];
    RC_ASSERT(std::abs(sketch.quantile(percent / 100.0) - exact) <= exact * relative_error);
    RC_ASSERT(std::abs(sketch.value_at_rank(rank) - exact) <= exact / 128);
  });
}

TEST(LatencySketch, SmallRoundTripsAreExact) {
  for (std::uint32_t value = 1; value < 128; ++value) {
    LatencySketch sketch;
    sketch.add(1);
    sketch.add(value, 3);
    sketch.add(4'000'000'000);
    EXPECT_EQ(sketch.quantile(0.5), value);
  }
}

TEST(LatencySketch, MergeIsCommutativeToTheByte) {
  holds("commutative", [] {
    const LatencySketch a = sketch_of(*any_samples()), b = sketch_of(*any_samples());
    LatencySketch ab = a, ba = b;
    ab.merge(b);
    ba.merge(a);
    RC_ASSERT(ab.to_bytes() == ba.to_bytes());
    RC_ASSERT(ab == ba);
  });
}

TEST(LatencySketch, MergeIsAssociativeToTheByte) {
  holds("associative", [] {
    const LatencySketch a = sketch_of(*any_samples()), b = sketch_of(*any_samples()),
                        c = sketch_of(*any_samples());
    LatencySketch left = a, right = b, all = a;
    left.merge(b);
    left.merge(c);
    right.merge(c);
    all.merge(right);
    RC_ASSERT(left.to_bytes() == all.to_bytes());
  });
}

TEST(LatencySketch, MergingEqualsAddingEverySample) {
  holds("merge is add", [] {
    const Samples first = *any_samples(), second = *any_samples();
    Samples both = first;
    both.insert(both.end(), second.begin(), second.end());
    LatencySketch merged = sketch_of(first);
    merged.merge(sketch_of(second));
    RC_ASSERT(merged == sketch_of(both));
  });
}

TEST(LatencySketch, AddingManyAtOnceEqualsAddingOneByOne) {
  LatencySketch at_once, one_by_one;
  at_once.add(23'100, 7);
  for (int i = 0; i < 7; ++i) one_by_one.add(23'100);
  at_once.add(5, 0);
  EXPECT_EQ(at_once, one_by_one);
}

TEST(LatencySketch, SurvivesItsBytes) {
  holds("round trip", [] {
    const LatencySketch sketch = sketch_of(*any_samples());
    const auto read = LatencySketch::from_bytes(sketch.to_bytes());
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == sketch);
  });
}

TEST(LatencySketch, WhateverBytesAreReadAreWrittenAgainOrRefused) {
  holds("canonical", [] {
    std::string bytes = sketch_of(*rc::gen::nonEmpty(any_samples())).to_bytes();
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << *rc::gen::inRange(0, 8)));
    const auto read = LatencySketch::from_bytes(bytes);
    if (read) RC_ASSERT(read->to_bytes() == bytes);
  });
}

TEST(LatencySketch, EveryCutIsRefused) {
  const std::string bytes = sketch_of({3, 900, 23'100, 23'100, 4'000'000}).to_bytes();
  EXPECT_EQ(LatencySketch::from_bytes("").error().code, ErrorCode::corrupt);
  for (std::size_t size = 2; size < bytes.size(); ++size) {
    const auto read = LatencySketch::from_bytes(bytes.substr(0, size));
    ASSERT_FALSE(read.has_value()) << size;
    EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  }
}

TEST(LatencySketch, RefusesWhatNoSketchCanSay) {
  const auto refused = [](std::initializer_list<int> bytes) {
    std::string text;
    for (const int byte : bytes) text.push_back(static_cast<char>(byte));
    return !LatencySketch::from_bytes(text).has_value();
  };
  ASSERT_FALSE(refused({1, 1, 1, 1, 0, 1})) << "one sample of 1 us is right";
  EXPECT_TRUE(refused({2, 1, 1, 1, 0, 1})) << "unknown version";
  EXPECT_TRUE(refused({1, 0, 1, 1, 0, 1})) << "minimum zero";
  EXPECT_TRUE(refused({1, 2, 1, 1, 0, 1})) << "minimum above maximum";
  EXPECT_TRUE(refused({1, 1, 1, 2, 0, 1})) << "sum too large";
  EXPECT_TRUE(refused({1, 1, 1, 0, 0, 1})) << "sum too small";
  EXPECT_TRUE(refused({1, 1, 1, 1, 0, 0})) << "count zero";
  EXPECT_TRUE(refused({1, 1, 1, 1, 0, 1, 1, 0})) << "count zero at the end";
  EXPECT_TRUE(refused({1, 1, 1, 1, 1, 1})) << "bucket without a whole number";
  EXPECT_TRUE(refused({1, 1, 1, 1})) << "no bucket";
  EXPECT_TRUE(refused({1, 1, 1, 1, 0, 0x81, 0})) << "overlong number";
  EXPECT_TRUE(refused({1, 1, 1, 1, 0x80, 0x80, 1, 1})) << "bucket past the last";
}

TEST(LatencySketch, HoldsTheLargestValue) {
  LatencySketch sketch;
  sketch.add(std::numeric_limits<std::uint32_t>::max());
  sketch.add(1);
  EXPECT_EQ(LatencySketch::from_bytes(sketch.to_bytes()).value(), sketch);
  EXPECT_EQ(sketch.quantile(1), 4294967295.0);
}

// Few buckets are kept otherwise than many; where that changes must not show.
TEST(LatencySketch, IsTheSameHoweverItsSamplesCameTogether) {
  for (std::uint32_t buckets = 1; buckets <= 40; ++buckets) {
    LatencySketch whole, first, second;
    for (std::uint32_t i = 0; i < 3 * buckets; ++i) {
      const std::uint32_t rtt_us = 1000 + i % buckets * 500;
      whole.add(rtt_us);
      (i % 2 == 0 ? first : second).add(rtt_us);
    }
    LatencySketch merged = first, other_way = second;
    merged.merge(second);
    other_way.merge(first);
    EXPECT_EQ(merged, whole) << buckets;
    EXPECT_EQ(other_way, whole) << buckets;
    EXPECT_EQ(LatencySketch::from_bytes(whole.to_bytes()).value(), whole) << buckets;
  }
}

TEST(LatencySketch, HoldsCountsBeyondWhatFewBucketsHaveRoomFor) {
  LatencySketch sketch;
  const std::uint64_t many = (std::uint64_t{1} << 48) - 1;
  sketch.add(20'000, many);
  sketch.add(20'000);
  sketch.add(30'000, many + 1);
  EXPECT_EQ(sketch.count(), 2 * many + 2);
  EXPECT_NEAR(sketch.quantile(0.4), 20'000, 200);
  EXPECT_NEAR(sketch.quantile(0.9), 30'000, 300);
  EXPECT_EQ(LatencySketch::from_bytes(sketch.to_bytes()).value(), sketch);
}

}  // namespace
}  // namespace peering::sketch
