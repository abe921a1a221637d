#include "app/sample_queue.h"

#include <atomic>
#include <vector>

#include <gmock/gmock.h>

namespace peering::app {
namespace {

using testing::ElementsAre;

model::SampleBatch queued_batch(std::string pop, std::uint32_t rtt_us, std::size_t number = 1) {
  model::SampleBatch out;
  out.add_series({"/p", net::Prefix::parse("203.0.113.0/24").value(), std::move(pop),
                  model::SampleKind::handshake, "beacon"});
  for (std::size_t i = 0; i < number; ++i) out.samples.push_back({0, rtt_us, TimePoint{}});
  return out;
}

TEST(SampleQueue, SamplesOfAMomentAreOneBatchWithEachSeriesItsOwn) {
  std::vector<model::SampleBatch> stored;
  SampleQueue queue([&](const model::SampleBatch& batch) {
    stored.push_back(batch);
    return Result<void>();
  });
  EXPECT_TRUE(queue.offer(queued_batch("AMS", 1)));
  EXPECT_TRUE(queue.offer(queued_batch("FRA", 2)));
  queue.start();
  queue.stop();
  ASSERT_EQ(stored.size(), 1U);
  std::vector<std::string> seen;
  for (const model::LatencySample& each : stored[0].samples) {
    const model::SeriesKey key = stored[0].key(stored[0].series.at(each.series));
    seen.push_back(fmt::format("{} {} {}", key.pop, each.rtt_us, key.source));
  }
  EXPECT_THAT(seen, ElementsAre("AMS 1 beacon", "FRA 2 beacon"));
}

TEST(SampleQueue, TakesNoMoreThanThereIsRoomForAndNothingAfterItsEnd) {
  std::atomic<std::size_t> stored = 0;
  SampleQueue queue(
      [&](const model::SampleBatch& batch) {
        stored += batch.samples.size();
        return Result<void>();
      },
      10);
  EXPECT_TRUE(queue.offer(queued_batch("AMS", 1, 8)));
  EXPECT_FALSE(queue.offer(queued_batch("AMS", 1, 3)));
  EXPECT_TRUE(queue.offer(queued_batch("AMS", 1, 2)));
  queue.start();
  queue.stop();
  EXPECT_EQ(stored, 10U);
  EXPECT_FALSE(queue.offer(queued_batch("AMS", 1)));
}

TEST(SampleQueue, WhatCannotBeStoredIsTriedAgainAndOnceMoreAtTheEnd) {
  std::atomic<int> attempts = 0;
  SampleQueue queue([&](const model::SampleBatch&) {
    return ++attempts == 1 ? Result<void>(fail(ErrorCode::out_of_space, "full")) : Result<void>();
  });
  EXPECT_TRUE(queue.offer(queued_batch("AMS", 1)));
  queue.start();
  while (attempts == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  queue.stop();
  EXPECT_EQ(attempts, 2);
}

}  // namespace
}  // namespace peering::app
