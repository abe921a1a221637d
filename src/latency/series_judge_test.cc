#include "latency/series_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "latency/generated_world.h"

namespace peering::latency {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Judges bins of exact figures, or of a generated world.
class JudgedSeries {
 public:
  explicit JudgedSeries(JudgeSettings settings = {}) : judge_(settings) {}

  // The next bin; its median is known to within half a millisecond.
  void add(double median_ms, std::uint64_t count = 100) {
    add(BinSummary{world_bin(next_), count, median_ms * 1000, median_ms * 1000 - 500,
                   median_ms * 1000 + 500});
  }
  void add(const BinSummary& bin) {
    judge_.judge(bin, over_);
    ++next_;
  }
  void add_hours(int count, double median_ms) {
    for (int i = 0; i < count * bins_an_hour; ++i) add(median_ms);
  }
  void gap(int bins) { next_ += bins; }
  TimePoint next() const { return world_bin(next_); }
  const std::vector<Degradation>& over() const { return over_; }
  const std::optional<Degradation>& open() const { return judge_.open(); }
  TemporalClass temporal_class() const { return judge_.temporal_class(); }
  // Bins that are shown as degraded.
  int shown() const {
    int out = 0;
    for (int i = 0; i < next_; ++i) {
      const auto shows = [&](const Degradation& each) { return each.shows(world_bin(i)); };
      out += std::ranges::any_of(over_, shows) || (open() && shows(*open())) ? 1 : 0;
    }
    return out;
  }

 private:
  SeriesJudge judge_;
  std::vector<Degradation> over_;
  int next_ = 0;
};

TEST(SeriesJudge, TwoShiftedBinsOfThreeOpenADegradationThatBeganWithTheFirst) {
  JudgedSeries series;
  series.add_hours(2, 30);
  const TimePoint began = series.next();
  series.add(40);
  EXPECT_FALSE(series.open()) << "one alone";
  series.add(30);
  series.add(41);
  ASSERT_TRUE(series.open());
  EXPECT_EQ(series.open()->first_seen, began);
  EXPECT_EQ(series.open()->baseline.us, 30'000);
  EXPECT_EQ(series.open()->first.median_us, 40'000);
  EXPECT_EQ(series.open()->worst.median_us, 41'000);
}

TEST(SeriesJudge, TwoShiftedBinsFurtherApartAreNone) {
  JudgedSeries series;
  series.add_hours(2, 30);
  series.add(40);
  series.add(30);
  series.add(30);
  series.add(40);
  EXPECT_FALSE(series.open());
}

TEST(SeriesJudge, ThreeGoodBinsEndItWhichHappenedWithTheFirst) {
  JudgedSeries series;
  series.add_hours(2, 30);
  series.add_hours(1, 40);
  series.add(30);
  series.add(30);
  series.add(40);
  const TimePoint recovered = series.next();
  series.add(30);
  series.add(30);
  EXPECT_TRUE(series.open()) << "a shifted bin counts anew";
  series.add(30);
  ASSERT_FALSE(series.open());
  ASSERT_THAT(series.over(), SizeIs(1));
  EXPECT_EQ(series.over()[0].recovered_at, recovered);
  EXPECT_EQ(series.over()[0].last_bin, recovered + minutes(10));
  EXPECT_EQ(series.over()[0].shifted, 13);
}

TEST(SeriesJudge, NeedsFiveMillisecondsAndATenth) {
  JudgedSeries small;
  small.add_hours(2, 30);
  small.add_hours(2, 35.4);
  EXPECT_FALSE(small.open()) << "the low end is 4.9 ms above";
  small.add_hours(1, 35.6);
  EXPECT_TRUE(small.open());
  JudgedSeries large;
  large.add_hours(2, 200);
  large.add_hours(2, 220.4);
  EXPECT_FALSE(large.open()) << "the low end is 9.95 % above";
  large.add_hours(1, 220.6);
  EXPECT_TRUE(large.open());
}

TEST(SeriesJudge, AnUncertainBinNeitherOpensNorEnds) {
  const auto uncertain = [](TimePoint at) { return BinSummary{at, 12, 45'000, 20'000, 70'000}; };
  JudgedSeries series;
  series.add_hours(2, 30);
  for (int i = 0; i < 24; ++i) series.add(uncertain(series.next()));
  EXPECT_FALSE(series.open());
  series.add_hours(1, 45);
  for (int i = 0; i < 24; ++i) series.add(uncertain(series.next()));
  EXPECT_TRUE(series.open());
}

TEST(SeriesJudge, FewerThanTenSamplesAreInsufficient) {
  JudgedSeries series;
  series.add_hours(2, 30);
  for (int i = 0; i < 12; ++i) series.add(90, 9);
  EXPECT_FALSE(series.open()) << "nine open nothing";
  series.add(90, 10);
  series.add(90, 10);
  ASSERT_TRUE(series.open()) << "ten do";
  for (int i = 0; i < 12; ++i) series.add(30, 9);
  EXPECT_TRUE(series.open()) << "nine end nothing";
}

TEST(SeriesJudge, AGapEndsNothing) {
  JudgedSeries series;
  series.add_hours(2, 30);
  series.add_hours(1, 40);
  series.gap(3 * bins_a_day);
  EXPECT_TRUE(series.open());
  series.add(30);
  series.add(30);
  EXPECT_TRUE(series.open());
  series.add(30);
  EXPECT_FALSE(series.open());
}

TEST(SeriesJudge, TheFirstBinsHaveNothingToBeComparedWith) {
  JudgedSeries series;
  series.add(30);
  series.add(30);
  series.add(60);
  series.add(60);
  EXPECT_FALSE(series.open()) << "no state is known as good by two bins";
}

TEST(SeriesJudge, ALongIncidentDoesNotBecomeNormal) {
  for (const int hours_before : {2, 36, 20 * 24}) {
    JudgedSeries series;
    series.add_hours(hours_before, 30);
    series.add_hours(6 * 24, 45);
    EXPECT_TRUE(series.open()) << hours_before << " hours of history";
    EXPECT_THAT(series.over(), IsEmpty());
    series.add_hours(1, 30);
    EXPECT_THAT(series.over(), SizeIs(1));
    series.add_hours(24, 30);
    series.add_hours(1, 45);
    EXPECT_TRUE(series.open() || hours_before < 24) << "nor has it made the next one normal";
  }
}

TEST(SeriesJudge, WhatHasHeldForTheWholeWindowIsUsual) {
  JudgedSeries series;
  series.add_hours(20 * 24, 30);
  series.add_hours(27 * 24, 45);
  EXPECT_TRUE(series.open());
  series.add_hours(3 * 24, 45);
  EXPECT_FALSE(series.open());
  ASSERT_THAT(series.over(), SizeIs(1));
  EXPECT_TRUE(series.over()[0].became_usual);
  EXPECT_EQ(series.over()[0].recovered_at, series.over()[0].first_seen + days(28));
}

TEST(SeriesJudge, TheWeekendIsComparedWithWeekends) {
  JudgedSeries series;
  const auto usual_ms = [&] { return (series.next() - world_start) / days(1) % 7 >= 5 ? 60.0 : 30.0; };
  while (series.next() < world_start + days(35)) series.add(usual_ms());
  EXPECT_FALSE(series.open());
  for (const Degradation& each : series.over()) {
    EXPECT_LT(each.first_seen, world_start + days(14)) << "two weekends make the third one usual";
  }
  series.add_hours(1, 60);
  ASSERT_TRUE(series.open()) << "on a Monday that is not usual";
  EXPECT_EQ(series.open()->baseline.basis, Basis::hour_of_week);
}

TEST(SeriesJudge, SaysWhatItComparedWith) {
  const auto basis_after = [](int hours_before) {
    JudgedSeries series;
    series.add_hours(hours_before, 30);
    series.add_hours(1, 40);
    return series.open()->baseline.basis;
  };
  EXPECT_EQ(basis_after(3), Basis::best_state);
  EXPECT_EQ(basis_after(25), Basis::hour_of_day);
  EXPECT_EQ(basis_after(13 * 24), Basis::hour_of_day);
  EXPECT_EQ(basis_after(14 * 24 + 1), Basis::hour_of_week);
}

TEST(GeneratedWorlds, TenMillisecondsMoreAreFlaggedAtAHundredSamples) {
  constexpr int worlds = 150, shifted = 2 * bins_an_hour;
  int flagged = 0;
  for (unsigned seed = 0; seed < worlds; ++seed) {
    GeneratedWorld world(seed);
    JudgedSeries series;
    for (int i = 0; i < 4 * bins_an_hour; ++i) series.add(world.summary(series.next(), 100));
    EXPECT_EQ(series.shown(), 0);
    for (int i = 0; i < shifted; ++i) series.add(world.summary(series.next(), 100, 10'000));
    flagged += series.shown();
  }
  EXPECT_GE(flagged, 0.99 * worlds * shifted);
}

TEST(GeneratedWorlds, AtMostOneBinOfAThousandIsFlaggedFalsely) {
  int bins = 0, flagged = 0;
  for (const std::uint64_t count : {10, 30, 100}) {
    for (const double sigma : {0.5, 1.0}) {
      GeneratedWorld world(static_cast<unsigned>(count), sigma);
      JudgedSeries series;
      for (int i = 0; i < 30 * bins_a_day; ++i) series.add(world.summary(series.next(), count));
      bins += 30 * bins_a_day;
      flagged += series.shown();
      EXPECT_EQ(series.temporal_class(), TemporalClass::uneventful) << count << " samples, sigma " << sigma;
    }
  }
  EXPECT_LE(flagged, 0.001 * bins);
}

TEST(GeneratedWorlds, ADailyRhythmIsNoDegradation) {
  GeneratedWorld world(1);
  JudgedSeries series;
  const auto add_days = [&](int count, double extra_us) {
    for (int i = 0; i < count * bins_a_day; ++i) {
      series.add(world.summary(series.next(), 100, evening_us(series.next()) + extra_us));
    }
  };
  add_days(28, 0);
  EXPECT_LE(series.over().size(), 1);
  for (const Degradation& each : series.over()) {
    EXPECT_LT(each.first_seen, world_start + days(1)) << "only the first evening is not known to come again";
  }
  EXPECT_FALSE(series.open());
  EXPECT_EQ(series.temporal_class(), TemporalClass::diurnal);
  for (int i = 0; i < bins_an_hour; ++i) {
    series.add(world.summary(series.next(), 100, evening_us(series.next()) + 10'000));
  }
  EXPECT_TRUE(series.open()) << "ten more than usual at that hour are not explained by it";
}

TEST(GeneratedWorlds, TheTemporalClassIsThatOfTheWindow) {
  const auto class_of = [](const std::function<double(TimePoint)>& extra_us, int days_known = 10) {
    GeneratedWorld world(2);
    JudgedSeries series;
    while (series.next() < world_start + days(days_known)) {
      series.add(world.summary(series.next(), 30, extra_us(series.next())));
    }
    return series.temporal_class();
  };
  const auto quiet = [](TimePoint) { return 0.0; };
  EXPECT_EQ(class_of(quiet, 1), TemporalClass::insufficient);
  EXPECT_EQ(class_of(quiet, 3), TemporalClass::uneventful);
  EXPECT_EQ(class_of(evening_us), TemporalClass::diurnal);
  EXPECT_EQ(class_of([](TimePoint at) {
              const auto known = at - world_start;
              return known >= days(6) && known < days(6) + hours(5) ? 15'000.0 : 0.0;
            }),
            TemporalClass::episodic);
  EXPECT_EQ(class_of([](TimePoint at) { return at - world_start < hours(36) ? 0.0 : 15'000.0; }),
            TemporalClass::continuous);
}

}  // namespace
}  // namespace peering::latency
