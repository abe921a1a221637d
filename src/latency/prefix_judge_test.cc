#include "latency/prefix_judge.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "latency/generated_world.h"

namespace peering::latency {
namespace {

using std::chrono::days;
using std::chrono::hours;
using ::testing::SizeIs;

// Bins of one prefix that are there so far.
class StoredBins {
 public:
  void add(const SeriesBin& bin) { bins_[{bin.start, bin.series->pop}] = bin; }
  PrefixJudge::ReadBins reader() {
    return [this](TimePoint from, TimePoint to) -> Result<std::vector<SeriesBin>> {
      if (fail_reads > 0 && --fail_reads == 0) return fail(ErrorCode::io, "the disk is gone");
      std::vector<SeriesBin> out;
      for (auto at = bins_.lower_bound({from, ""}); at != bins_.end() && at->first.first < to; ++at) {
        out.push_back(at->second);
      }
      read += out.size();
      return out;
    };
  }
  std::vector<SeriesBin> all() const {
    std::vector<SeriesBin> out;
    for (const auto& [key, bin] : bins_) out.push_back(bin);
    return out;
  }
  std::size_t read = 0;  // bins
  int fail_reads = 0;    // the read that fails

 private:
  std::map<std::pair<TimePoint, std::string>, SeriesBin> bins_;
};

// 16 days of two PoPs, one with a rhythm, with incidents at random places.
std::vector<SeriesBin> eventful_bins(unsigned seed) {
  GeneratedWorld world(seed);
  std::uniform_int_distribution<int> place(bins_an_hour, 16 * bins_a_day - 1), length(1, 30);
  std::vector<double> extra(16 * bins_a_day, 0);
  for (int incident = 0; incident < 12; ++incident) {
    const int begin = place(world.random());
    const int end = std::min(begin + length(world.random()), 16 * bins_a_day);
    for (int i = begin; i < end; ++i) extra[static_cast<std::size_t>(i)] = 12'000;
  }
  std::vector<SeriesBin> out;
  std::uniform_int_distribution<std::uint64_t> count(4, 60);
  for (int i = 0; i < 16 * bins_a_day; ++i) {
    const TimePoint at = world_bin(i);
    out.push_back(world.bin(at, count(world.random()), extra[static_cast<std::size_t>(i)]));
    if (i % 3 != 0) out.push_back(world.bin(at, count(world.random()), evening_us(at), "LON"));
  }
  return out;
}

void expect_same(const std::vector<SeriesVerdict>& is, const std::vector<SeriesVerdict>& expected) {
  ASSERT_THAT(is, SizeIs(expected.size()));
  for (std::size_t i = 0; i < is.size(); ++i) {
    EXPECT_EQ(is[i].name, expected[i].name);
    EXPECT_EQ(is[i].degradations, expected[i].degradations);
    EXPECT_EQ(is[i].temporal_class, expected[i].temporal_class);
  }
}

TEST(PrefixJudge, TheOrderOfArrivalChangesNothing) {
  std::size_t degradations = 0;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    std::vector<SeriesBin> bins = eventful_bins(seed);
    const auto expected = judge_all(bins, {});
    for (const SeriesVerdict& each : expected) degradations += each.degradations.size();
    StoredBins store;
    PrefixJudge judge({}, store.reader());
    const TimePoint now = world_start + days(16) + hours(1);
    std::mt19937 random(seed);
    if (seed % 2 == 0) {
      std::ranges::shuffle(bins, random);
    } else {
      std::ranges::reverse(bins);
    }
    for (std::size_t done = 0; done < bins.size();) {
      const std::size_t end = std::min(bins.size(), done + 1 + random() % 1500);
      TimePoint touched = TimePoint::max();
      for (; done < end; ++done) {
        store.add(bins[done]);
        touched = std::min(touched, bins[done].start);
      }
      ASSERT_TRUE(judge.judge(touched, now));
    }
    expect_same(judge.judge(std::nullopt, now).value(), expected);
  }
  EXPECT_GT(degradations, 20);
}

TEST(PrefixJudge, JudgingAsTimeGoesByIsJudgingAtOnce) {
  const std::vector<SeriesBin> bins = eventful_bins(7);
  StoredBins store;
  PrefixJudge judge({}, store.reader());
  std::size_t added = 0;
  for (TimePoint now = world_start; now <= world_start + days(16); now += std::chrono::minutes(35)) {
    for (; added < bins.size() && bins[added].start < now; ++added) store.add(bins[added]);
    ASSERT_TRUE(judge.judge(std::nullopt, now));
  }
  for (; added < bins.size(); ++added) store.add(bins[added]);
  expect_same(judge.judge(std::nullopt, world_start + days(16)).value(), judge_all(bins, {}));
}

TEST(PrefixJudge, NewBinsCostWhatTheyAreAndNotTheHistory) {
  StoredBins store;
  GeneratedWorld world(3);
  for (int i = 0; i < 40 * bins_a_day; ++i) store.add(world.bin(world_bin(i), 10));
  PrefixJudge judge({}, store.reader());
  ASSERT_TRUE(judge.judge(std::nullopt, world_start + days(40)));
  store.read = 0;
  for (int i = 0; i < bins_a_day; ++i) {
    store.add(world.bin(world_bin(40 * bins_a_day + i), 10));
    ASSERT_TRUE(judge.judge(world_bin(40 * bins_a_day + i), world_bin(40 * bins_a_day + i + 1)));
  }
  EXPECT_LT(store.read, bins_a_day * 5 * bins_an_hour) << "a few hours each time";
}

TEST(PrefixJudge, ARestartComesToTheSame) {
  std::vector<SeriesBin> bins;
  GeneratedWorld world(4);
  const auto in_incident = [](int i) { return i / bins_a_day % 5 == 4 && i % bins_a_day < 30; };
  for (int i = 0; i < 60 * bins_a_day; ++i) {
    bins.push_back(world.bin(world_bin(i), 20, in_incident(i) || i >= 58 * bins_a_day ? 15'000 : 0));
  }
  StoredBins store;
  for (const SeriesBin& each : bins) store.add(each);
  PrefixJudge::Known told;
  const TimePoint now = world_start + days(60);
  for (SeriesVerdict& each : judge_all(bins, {})) {
    for (const Degradation& all : each.degradations) {
      Degradation kept;  // what an event keeps
      kept.first_seen = all.first_seen;
      kept.recovered_at = all.recovered_at;
      kept.last_bin = all.last_bin;
      kept.baseline = all.baseline;
      kept.as_told = true;
      told[each.name].push_back(kept);
    }
  }
  ASSERT_THAT(told.begin()->second, SizeIs(12));
  ASSERT_FALSE(told.begin()->second.back().recovered_at) << "one is open";
  PrefixJudge judge({}, store.reader());
  judge.restore(told);
  const auto verdicts = judge.judge(std::nullopt, now).value();
  const auto expected = judge_all(bins, {});
  ASSERT_THAT(verdicts, SizeIs(1));
  ASSERT_THAT(verdicts[0].degradations, SizeIs(12));
  EXPECT_EQ(verdicts[0].degradations.back(), expected[0].degradations.back()) << "judged again";
  EXPECT_TRUE(verdicts[0].degradations.front().as_told) << "long over";
  EXPECT_LT(store.read, 36 * bins_a_day) << "not all that is stored";
}

TEST(PrefixJudge, GoesOnAfterTheStoreHasFailed) {
  const std::vector<SeriesBin> bins = eventful_bins(8);
  for (const int failing : {1, 5, 40}) {
    StoredBins store;
    PrefixJudge judge({}, store.reader());
    const TimePoint now = world_start + days(16) + hours(1);
    for (std::size_t i = bins.size() / 2; i < bins.size(); ++i) store.add(bins[i]);
    ASSERT_TRUE(judge.judge(std::nullopt, now));
    for (std::size_t i = 0; i < bins.size() / 2; ++i) store.add(bins[i]);
    store.fail_reads = failing;
    EXPECT_FALSE(judge.judge(bins.front().start, now));
    expect_same(judge.judge(bins.front().start, now).value(), judge_all(bins, {}));
  }
}

TEST(PrefixJudge, ALookKeepsNothingAndShowsTheSame) {
  const std::vector<SeriesBin> bins = eventful_bins(9);
  StoredBins store;
  for (const SeriesBin& each : bins) store.add(each);
  PrefixJudge judge({}, store.reader());
  const TimePoint now = world_start + days(16) + hours(1);
  expect_same(judge.look(now).value(), judge_all(bins, {}));
  EXPECT_FALSE(judge.loaded());
}

}  // namespace
}  // namespace peering::latency
