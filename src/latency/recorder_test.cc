#include "latency/recorder.h"

#include <optional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "latency/memory_sample_log.h"
#include "latency/test_values.h"

namespace peering::latency {
namespace {

const TimePoint ten = parse_rfc3339("2026-11-23T10:00:00Z").value();
const BinQuery everything{model::lower(resource_of("p")), ten - std::chrono::days(1),
                          ten + std::chrono::days(1)};

model::SampleBatch batch_of(std::initializer_list<std::uint32_t> rtts, int minute = 0, std::string key = "") {
  model::SampleBatch batch;
  batch.idempotency_key = std::move(key);
  batch.add_series(series_of("203.0.113.0/24"));
  for (const std::uint32_t rtt : rtts) batch.samples.push_back({0, rtt, ten + std::chrono::minutes(minute)});
  return batch;
}

// A recorder that can die and come back over the same log.
class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest() { restart(); }
  void restart(RecorderLimits limits = {}) {
    recorder_.reset();
    recorder_.emplace(log_, metrics_, limits);
    ASSERT_TRUE(recorder_->recover());
  }
  void accept(const model::SampleBatch& batch) { ASSERT_TRUE(recorder_->accept(batch, "answer")); }
  std::vector<SeriesBin> bins() { return recorder_->bins(everything).value(); }
  std::uint64_t count() {
    std::uint64_t out = 0;
    const auto all = bins();
    for (const SeriesBin& each : all) out += each.sketch.count();
    return out;
  }

  MemorySampleLog log_;
  Metrics metrics_;
  std::optional<Recorder> recorder_;
};

TEST_F(RecorderTest, AnAcceptedSampleIsInTheNextAnswer) {
  accept(batch_of({1000, 2000}));
  ASSERT_EQ(bins().size(), 1);
  EXPECT_EQ(bins()[0].start, ten);
  EXPECT_EQ(bins()[0].sketch.count(), 2);
}

TEST_F(RecorderTest, SettlingChangesNoAnswer) {
  accept(batch_of({1000, 2000}));
  accept(batch_of({3000}, 7));
  const auto before = bins();
  ASSERT_TRUE(recorder_->settle());
  EXPECT_EQ(bins(), before);
  EXPECT_EQ(log_.pending_count(), 0);
  ASSERT_TRUE(recorder_->settle());
  EXPECT_EQ(bins(), before);
}

TEST_F(RecorderTest, ARestartChangesNoAnswer) {
  accept(batch_of({1000}));
  ASSERT_TRUE(recorder_->settle());
  accept(batch_of({2000}));
  const auto before = bins();
  restart();
  EXPECT_EQ(bins(), before);
  ASSERT_TRUE(recorder_->settle());
  restart();
  EXPECT_EQ(bins(), before);
}

TEST_F(RecorderTest, LateSamplesJoinWhatIsStoredOfTheirBin) {
  accept(batch_of({1000}));
  ASSERT_TRUE(recorder_->settle());
  restart();
  accept(batch_of({5000}));
  ASSERT_TRUE(recorder_->settle());
  ASSERT_EQ(bins().size(), 1);
  EXPECT_EQ(bins()[0].sketch.count(), 2);
  EXPECT_EQ(bins()[0].sketch.max_us(), 5000);
}

TEST_F(RecorderTest, ADuplicateIsAnsweredAndNotCounted) {
  accept(batch_of({1000}, 0, "key"));
  const LoggedBatch again = recorder_->accept(batch_of({1000}, 0, "key"), "other").value();
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.answer, "answer");
  EXPECT_EQ(count(), 1);
}

TEST_F(RecorderTest, ARefusedBatchIsNotCounted) {
  log_.fail_accepts(true);
  EXPECT_EQ(recorder_->accept(batch_of({1000}), "").error().code, ErrorCode::out_of_space);
  log_.fail_accepts(false);
  EXPECT_EQ(count(), 0);
}

TEST_F(RecorderTest, AFailedWriteKeepsEverythingAndIsRepeated) {
  for (const auto failure : {MemorySampleLog::Failure::not_written, MemorySampleLog::Failure::unnoticed}) {
    accept(batch_of({1000}));
    const std::uint64_t before = count();
    log_.fail_next_settle(failure);
    EXPECT_FALSE(recorder_->settle());
    EXPECT_EQ(count(), before);
    accept(batch_of({2000}));
    EXPECT_EQ(count(), before + 1);
    ASSERT_TRUE(recorder_->settle());
    EXPECT_EQ(count(), before + 1);
    EXPECT_EQ(log_.pending_count(), 0);
  }
}

TEST_F(RecorderTest, DeathAfterAFailedWriteLosesAndDoublesNothing) {
  for (const auto failure : {MemorySampleLog::Failure::not_written, MemorySampleLog::Failure::unnoticed}) {
    accept(batch_of({1000}));
    log_.fail_next_settle(failure);
    EXPECT_FALSE(recorder_->settle());
    accept(batch_of({2000}));
    const std::uint64_t before = count();
    restart();
    EXPECT_EQ(count(), before);
  }
}

TEST_F(RecorderTest, MemoryIsBoundedBySettlingEarly) {
  restart({.windows_max = 10});
  for (int i = 0; i < 100; ++i) accept(batch_of({1000}, 5 * i));
  EXPECT_LT(log_.pending_count(), 11);
  EXPECT_EQ(count(), 100);
  log_.fail_next_settle(MemorySampleLog::Failure::not_written);
  int refused = 0;
  for (int i = 0; i < 12; ++i) refused += recorder_->accept(batch_of({1000}, 5 * i), "") ? 0 : 1;
  EXPECT_EQ(refused, 1) << "a full store refuses instead of growing";
}

TEST_F(RecorderTest, RecoveryOfMoreThanFitsSettlesOnTheWay) {
  for (int i = 0; i < 100; ++i) accept(batch_of({1000}, 5 * i));
  restart({.windows_max = 10});
  EXPECT_EQ(count(), 100);
  EXPECT_LT(log_.pending_count(), 40);
}

TEST_F(RecorderTest, NothingIsAcceptedBeforeRecovery) {
  Recorder fresh(log_, metrics_);
  EXPECT_EQ(fresh.accept(batch_of({1000}), "").error().code, ErrorCode::unavailable);
  EXPECT_EQ(fresh.bins(everything).error().code, ErrorCode::unavailable);
}

TEST_F(RecorderTest, AQueryGetsItsResourceAndItsTimesOnly) {
  accept(batch_of({1000}, 0));
  accept(batch_of({1000}, 5));
  ASSERT_TRUE(recorder_->settle());
  accept(batch_of({1000}, 10));
  accept(batch_of({1000}, 15));
  const BinQuery middle{everything.prefix_resource, ten + std::chrono::minutes(5),
                        ten + std::chrono::minutes(15)};
  EXPECT_EQ(recorder_->bins(middle).value().size(), 2);
  EXPECT_TRUE(recorder_->bins({"/other", everything.from, everything.to}).value().empty());
}

// Whatever happens in whatever order, the answer is the sketch of every accepted sample.
TEST_F(RecorderTest, AgreesWithAPlainSumOverRandomOperations) {
  std::mt19937 random(11);
  std::map<TimePoint, sketch::LatencySketch> expected;
  for (int step = 0; step < 2000; ++step) {
    switch (random() % 8) {
      default: {
        model::SampleBatch batch = batch_of({});
        for (auto i = random() % 4; i < 4; ++i) {
          const TimePoint at = ten + std::chrono::seconds(random() % 1500);
          batch.samples.push_back({0, static_cast<std::uint32_t>(1 + random() % 50'000), at});
          expected[bin_start(at)].add(batch.samples.back().rtt_us);
        }
        accept(batch);
        break;
      }
      case 1:
        ASSERT_TRUE(recorder_->settle());
        break;
      case 2:
        log_.fail_next_settle(static_cast<MemorySampleLog::Failure>(random() % 3));
        (void)recorder_->settle();
        log_.fail_next_settle(MemorySampleLog::Failure::none);
        break;
      case 3:
        if (random() % 4 == 0) restart({.windows_max = 1 + random() % 8});
        break;
    }
    std::map<TimePoint, sketch::LatencySketch> actual;
    const auto all = bins();
    for (const SeriesBin& each : all) actual[each.start] = each.sketch;
    ASSERT_EQ(actual, expected) << "step " << step;
  }
}

TEST_F(RecorderTest, ReadersSeeEverySampleOnceWhileOthersAcceptAndSettle) {
  constexpr int writers = 3, batches = 150;
  std::atomic<std::uint64_t> acknowledged = 0;
  std::atomic<bool> done = false;
  {
    std::jthread settler([&] {
      while (!done) ASSERT_TRUE(recorder_->settle());
    });
    std::jthread reader([&] {
      std::uint64_t seen_before = 0;
      while (!done) {
        const std::uint64_t at_least = acknowledged;
        const std::uint64_t seen = count();
        ASSERT_GE(seen, at_least) << "an acknowledged sample is missing";
        ASSERT_GE(seen, seen_before);
        ASSERT_LE(seen, static_cast<std::uint64_t>(writers) * batches * 2) << "counted twice";
        seen_before = seen;
      }
    });
    std::vector<std::jthread> threads;
    for (int w = 0; w < writers; ++w) {
      threads.emplace_back([&, w] {
        for (int i = 0; i < batches; ++i) {
          accept(batch_of({1000, 2000}, 5 * ((i + w) % 7)));
          acknowledged += 2;
        }
      });
    }
    threads.clear();
    done = true;
  }
  EXPECT_EQ(count(), static_cast<std::uint64_t>(writers) * batches * 2);
  restart();
  EXPECT_EQ(count(), static_cast<std::uint64_t>(writers) * batches * 2);
}

TEST_F(RecorderTest, ItsThreadSettlesAndStoppingSettlesTheRest) {
  recorder_->start(std::chrono::milliseconds(5));
  accept(batch_of({1000}));
  for (int i = 0; i < 400 && log_.pending_count() > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(log_.pending_count(), 0);
  recorder_->stop();
  accept(batch_of({2000}));
  recorder_->stop();
  EXPECT_EQ(log_.pending_count(), 0);
  EXPECT_EQ(count(), 2);
}

}  // namespace
}  // namespace peering::latency
