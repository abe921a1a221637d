// What every TelemetryStore must do with levels of sketches: rolling up, reading and expiry.
#pragma once

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sketch/latency_sketch.h"
#include "store/conformance/backend.h"
#include "store/conformance/telemetry_values.h"
#include "store/memory/telemetry_store.h"

namespace peering::store::conformance {

using model::SketchLevel;

template <class Backend>
class SketchLevelsConformance : public ::testing::Test {
 protected:
  static constexpr Microseconds one_day = model::width_of(SketchLevel::day);

  void SetUp() override {
    auto opened = Backend::open(folder_.path());
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    store_ = std::move(*opened);
  }
  TelemetryStore& store() { return *store_; }

  static TimePoint on_day(int day, std::chrono::minutes since_midnight = {}) {
    return model::day_of(at_second(0)) + day * one_day + since_midnight;
  }
  static SketchRow row(TimePoint start, const std::vector<std::uint32_t>& rtts_us, int prefix = 0,
                       SketchLevel level = SketchLevel::five_minutes) {
    SketchRow out = some_row(prefix, 0, sketch_of(rtts_us));
    out.start = start;
    out.level = level;
    return out;
  }
  static SketchQuery days(int from, int to, SketchLevel resolution, int prefix = 0) {
    return {some_row(prefix, 0, "").series.prefix_resource, on_day(from), on_day(to),
            model::width_of(resolution)};
  }
  static model::OfLevels<TimePoint> keep_from(int fine, int quarter, int hour, int day) {
    return {on_day(fine), on_day(quarter), on_day(hour), on_day(day)};
  }
  std::vector<SketchRow> found(const SketchQuery& query) { return rows_of(store().sketches(query).value()); }

  TemporaryFolder folder_;
  std::unique_ptr<TelemetryStore> store_;
};
TYPED_TEST_SUITE_P(SketchLevelsConformance);

TYPED_TEST_P(SketchLevelsConformance, CoarseSketchesAreSumsOfFineOnes) {
  using std::chrono::minutes;
  const std::vector<SketchRow> rows{
      this->row(this->on_day(0, minutes(5)), {10, 20}), this->row(this->on_day(0, minutes(10)), {30}),
      this->row(this->on_day(0, minutes(50)), {40}), this->row(this->on_day(0, minutes(700)), {50}),
      this->row(this->on_day(0, minutes(700)), {60}, 1)};
  ASSERT_TRUE(this->store().settle(added(rows), 0));
  EXPECT_EQ(this->store().roll_up(this->on_day(1), 100).value(), 2U) << "a day of two prefixes";
  EXPECT_EQ(this->store().roll_up(this->on_day(1), 100).value(), 0U);
  EXPECT_THAT(
      this->found(this->days(0, 1, SketchLevel::quarter_hour)),
      ::testing::ElementsAre(this->row(this->on_day(0), {10, 20, 30}, 0, SketchLevel::quarter_hour),
                             this->row(this->on_day(0, minutes(45)), {40}, 0, SketchLevel::quarter_hour),
                             this->row(this->on_day(0, minutes(690)), {50}, 0, SketchLevel::quarter_hour)));
  EXPECT_THAT(this->found(this->days(0, 1, SketchLevel::hour)),
              ::testing::ElementsAre(this->row(this->on_day(0), {10, 20, 30, 40}, 0, SketchLevel::hour),
                                     this->row(this->on_day(0, minutes(660)), {50}, 0, SketchLevel::hour)));
  EXPECT_THAT(this->found(this->days(0, 1, SketchLevel::day)),
              ::testing::ElementsAre(this->row(this->on_day(0), {10, 20, 30, 40, 50}, 0, SketchLevel::day)));
  EXPECT_EQ(this->found(this->days(0, 1, SketchLevel::five_minutes)).size(), 4U);
}

TYPED_TEST_P(SketchLevelsConformance, ADayIsAnsweredByFineSketchesUntilItIsRolledUpAgain) {
  const std::vector<SketchRow> rows{this->row(this->on_day(0), {10})}, late{this->row(this->on_day(0), {99})},
      both{this->row(this->on_day(0), {10, 99})};
  ASSERT_TRUE(this->store().settle(added(rows), 0));
  EXPECT_EQ(this->found(this->days(0, 1, SketchLevel::day)), rows);
  EXPECT_EQ(this->store().roll_up(this->on_day(1) - Microseconds(1), 100).value(), 0U) << "it is not over";
  EXPECT_EQ(this->store().roll_up(this->on_day(1), 100).value(), 1U);
  ASSERT_TRUE(this->store().settle(added(late), 0));
  EXPECT_EQ(this->found(this->days(0, 1, SketchLevel::day)), both);
  EXPECT_EQ(this->store().roll_up(this->on_day(1), 100).value(), 1U);
  EXPECT_THAT(this->found(this->days(0, 1, SketchLevel::day)),
              ::testing::ElementsAre(this->row(this->on_day(0), {10, 99}, 0, SketchLevel::day)));
}

TYPED_TEST_P(SketchLevelsConformance, WhereFineSketchesAreGoneTheFinestThatAreLeftAnswer) {
  using std::chrono::minutes;
  std::vector<SketchRow> rows;
  for (int day = 0; day < 4; ++day) {
    const auto rtt = static_cast<std::uint32_t>(10 + day);
    rows.push_back(this->row(this->on_day(day, minutes(65)), {rtt}));
  }
  ASSERT_TRUE(this->store().settle(added(rows), 0));
  ASSERT_TRUE(this->store().expire_sketches(this->keep_from(3, 2, 1, 0))) << "rolls up what is due first";
  EXPECT_THAT(
      this->found(this->days(0, 4, SketchLevel::five_minutes)),
      ::testing::ElementsAre(this->row(this->on_day(0), {10}, 0, SketchLevel::day),
                             this->row(this->on_day(1, minutes(60)), {11}, 0, SketchLevel::hour),
                             this->row(this->on_day(2, minutes(60)), {12}, 0, SketchLevel::quarter_hour),
                             this->row(this->on_day(3, minutes(65)), {13})));
  SketchQuery within = this->days(1, 2, SketchLevel::five_minutes);
  within.from += minutes(80);
  EXPECT_THAT(this->found(within),
              ::testing::ElementsAre(this->row(this->on_day(1, minutes(60)), {11}, 0, SketchLevel::hour)))
      << "the hour began before";
  ASSERT_TRUE(this->store().expire_sketches(this->keep_from(4, 4, 4, 4)));
  EXPECT_TRUE(this->found(this->days(0, 4, SketchLevel::day)).empty());
}

TYPED_TEST_P(SketchLevelsConformance, WhatIsDroppedStaysDroppedWhenLessIsAskedForLater) {
  const std::vector<SketchRow> rows{this->row(this->on_day(0), {10})};
  ASSERT_TRUE(this->store().settle(added(rows), 0));
  ASSERT_TRUE(this->store().expire_sketches(this->keep_from(1, 0, 0, 0)));
  ASSERT_TRUE(this->store().expire_sketches(this->keep_from(0, 0, 0, 0)));
  EXPECT_THAT(this->found(this->days(0, 1, SketchLevel::five_minutes)),
              ::testing::ElementsAre(this->row(this->on_day(0), {10}, 0, SketchLevel::quarter_hour)));
}

TYPED_TEST_P(SketchLevelsConformance, LateSketchesLandInTheLevelsThatAreLeftOnce) {
  const std::vector<SketchRow> rows{this->row(this->on_day(0), {10}), this->row(this->on_day(1), {11})};
  ASSERT_TRUE(this->store().settle(added(rows), 0));
  ASSERT_TRUE(this->store().expire_sketches(this->keep_from(2, 1, 1, 0)));
  const std::uint64_t through = this->store().accept(some_batch(1), "").value().sequence;
  const std::vector<SketchRow> late{this->row(this->on_day(0), {90}), this->row(this->on_day(1), {91})};
  for (int attempt = 0; attempt < 3; ++attempt) {
    ASSERT_TRUE(this->store().settle(added(late), through))
        << "whoever is not told that it worked repeats it";
    EXPECT_EQ(this->store().sketches(this->days(0, 2, SketchLevel::day)).value().settled_through, through);
    EXPECT_THAT(this->found(this->days(0, 2, SketchLevel::day)),
                ::testing::ElementsAre(this->row(this->on_day(0), {10, 90}, 0, SketchLevel::day),
                                       this->row(this->on_day(1), {11, 91}, 0, SketchLevel::day)));
    EXPECT_THAT(this->found(this->days(1, 2, SketchLevel::five_minutes)),
                ::testing::ElementsAre(this->row(this->on_day(1), {11, 91}, 0, SketchLevel::quarter_hour)));
  }
  EXPECT_EQ(this->store().roll_up(this->on_day(9), 100).value(), 0U);
}

TYPED_TEST_P(SketchLevelsConformance, ADamagedSketchHoldsUpNobodyElse) {
  std::vector<SketchRow> rows{this->row(this->on_day(0), {10}), this->row(this->on_day(0), {20}, 1)};
  rows[0].bytes = "damaged";
  ASSERT_TRUE(this->store().settle(added(rows), 0));
  EXPECT_EQ(
      this->store().roll_up(this->on_day(1), 1).value() + this->store().roll_up(this->on_day(1), 1).value(),
      1U);
  EXPECT_EQ(this->found(this->days(0, 1, SketchLevel::day, 1)).at(0).level, SketchLevel::day);
}

// However samples are cut into settlements, and whenever days are rolled up: the same bytes at every level.
TYPED_TEST_P(SketchLevelsConformance, EveryOrderGivesTheSameBytesAndAgreesWithTheMemoryStore) {
  const auto oracle = make_memory_telemetry_store();
  std::mt19937 random(20261127);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  std::uint64_t through = 0;
  for (int step = 0; step < 200; ++step) {
    const TimePoint start = this->on_day(pick(6), std::chrono::minutes(5 * pick(288)));
    const auto sample = static_cast<std::uint32_t>(1 + pick(1'000'000));
    const SketchRow row = this->row(start, {sample}, pick(2));
    ++through;
    const int fine = pick(3), days_over = pick(7), limit = 1 + pick(4);
    for (TelemetryStore* each : {&this->store(), oracle.get()}) {
      ASSERT_TRUE(each->accept(some_batch(0), ""));
      ASSERT_TRUE(each->settle(added({row}), through));
      // The memory store may choose other days first, so that all due ones are done before they are compared.
      if (step % 10 == 3) {
        (void)each->roll_up(this->on_day(days_over), static_cast<std::size_t>(limit));
      }
      if (step % 10 == 7) {
        while (each->roll_up(this->on_day(9), 100).value() > 0) {
        }
      }
      if (step % 50 == 49) {
        ASSERT_TRUE(each->expire_sketches(this->keep_from(fine, 0, 0, 0)));
      }
    }
    if (step % 10 != 7) continue;
    for (const SketchLevel resolution : model::sketch_levels) {
      for (int prefix = 0; prefix < 2; ++prefix) {
        const SketchQuery query = this->days(0, 6, resolution, prefix);
        const auto expected = rows_of(oracle->sketches(query).value());
        ASSERT_THAT(this->found(query), ::testing::UnorderedElementsAreArray(expected)) << "step " << step;
      }
    }
  }
  std::uint64_t samples = 0;
  for (int prefix = 0; prefix < 2; ++prefix) {
    for (const SketchRow& row : this->found(this->days(0, 6, SketchLevel::day, prefix))) {
      samples += sketch::LatencySketch::from_bytes(row.bytes).value().count();
    }
  }
  EXPECT_EQ(samples, 200U) << "each sample once";
}

REGISTER_TYPED_TEST_SUITE_P(SketchLevelsConformance, CoarseSketchesAreSumsOfFineOnes,
                            ADayIsAnsweredByFineSketchesUntilItIsRolledUpAgain,
                            WhereFineSketchesAreGoneTheFinestThatAreLeftAnswer,
                            WhatIsDroppedStaysDroppedWhenLessIsAskedForLater,
                            LateSketchesLandInTheLevelsThatAreLeftOnce, ADamagedSketchHoldsUpNobodyElse,
                            EveryOrderGivesTheSameBytesAndAgreesWithTheMemoryStore);

}  // namespace peering::store::conformance
