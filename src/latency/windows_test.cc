#include "latency/windows.h"

#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

namespace peering::latency {
namespace {

using Bins = std::map<std::pair<TimePoint, model::SeriesKey>, sketch::LatencySketch>;

const TimePoint noon = parse_rfc3339("2026-11-23T12:00:00Z").value();

Bins by_key(const model::SketchBatch& all) {
  Bins out;
  for (const model::SketchBatch::Row& row : all.rows) {
    auto sketch = sketch::LatencySketch::from_bytes(all.sketch(row)).value();
    EXPECT_TRUE(out.emplace(std::pair(row.start, all.key(row)), std::move(sketch)).second);
  }
  return out;
}

Bins by_key(std::vector<SeriesBin> bins) {
  Bins out;
  for (SeriesBin& each : bins) {
    EXPECT_TRUE(out.emplace(std::pair(each.start, *each.series), std::move(each.sketch)).second);
  }
  return out;
}

model::SeriesKey any_series(std::mt19937& random) {
  const auto number = static_cast<std::uint32_t>(random());
  const net::Address client = random() % 4 == 0 ? net::Address::parse("2001:db8:1::").value()
                                                : net::Address::v4(0x0a000000U + (number % 50 << 8));
  return {"/p" + std::to_string(random() % 5), model::mask_client(client), random() % 2 == 0 ? "AMS" : "FRA",
          static_cast<model::SampleKind>(random() % 6), random() % 2 == 0 ? "" : "edge"};
}

model::SampleBatch any_batch(std::mt19937& random) {
  model::SampleBatch batch;
  for (int i = 0; i < 20; ++i) batch.add_series(any_series(random));
  for (int i = 0; i < 60; ++i) {
    // Mostly now, some long ago: bins come in any order.
    const auto ago = std::chrono::minutes(random() % 4 == 0 ? random() % 10'000 : random() % 12);
    batch.samples.push_back({static_cast<std::uint32_t>(random() % 20),
                             static_cast<std::uint32_t>(1 + random() % 100'000), noon - ago});
  }
  return batch;
}

void add_plainly(Bins& bins, const model::SampleBatch& batch) {
  for (const model::LatencySample& each : batch.samples)
    bins[{bin_start(each.at), batch.key(batch.series[each.series])}].add(each.rtt_us);
}

TEST(Windows, HoldTheSketchOfEverySeriesAndBin) {
  std::mt19937 random(3);
  for (int round = 0; round < 3; ++round) {
    Windows windows;
    Bins expected;
    for (int i = 0; i < 200; ++i) {
      const model::SampleBatch batch = any_batch(random);
      windows.add(batch);
      add_plainly(expected, batch);
    }
    EXPECT_EQ(windows.size(), expected.size());
    EXPECT_EQ(by_key(windows.all()), expected);
    const BinQuery query{"/p3", noon - std::chrono::hours(2), noon - std::chrono::minutes(5)};
    std::erase_if(expected, [&](const auto& each) {
      return each.first.second.prefix_resource != query.prefix_resource || each.first.first < query.from ||
             each.first.first >= query.to;
    });
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(by_key(windows.matching(query)), expected);
  }
}

TEST(Windows, LoseNothingWhenManyAddAtOnce) {
  std::vector<model::SampleBatch> batches;
  std::mt19937 random(5);
  for (int i = 0; i < 100; ++i) batches.push_back(any_batch(random));
  Bins expected;
  Windows windows;
  {
    std::vector<std::jthread> threads;
    for (std::size_t writer = 0; writer < 4; ++writer) {
      threads.emplace_back([&, writer] {
        for (std::size_t i = writer; i < batches.size(); i += 4) windows.add(batches[i]);
      });
    }
    for (const model::SampleBatch& batch : batches) add_plainly(expected, batch);
    for (int i = 0; i < 20; ++i) (void)windows.all();
  }
  EXPECT_EQ(by_key(windows.all()), expected);
}

}  // namespace
}  // namespace peering::latency
