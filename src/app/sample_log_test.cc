// The recorder over the real store: killed at random moments, it serves every acknowledged sample, once.
#include "app/sample_log.h"

#include <map>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "latency/recorder.h"
#include "store/conformance/backend.h"
#include "store/conformance/own_child.h"
#include "store/memory/telemetry_store.h"
#include "store/rocksdb/telemetry_store.h"

namespace peering::app {
namespace {

using store::conformance::child_folder;
using store::conformance::OwnChild;
using store::conformance::TemporaryFolder;

constexpr int writers = 3;
constexpr std::uint32_t first_rtt_us = 1000;
const TimePoint ten = parse_rfc3339("2026-11-23T10:00:00Z").value();
const latency::BinQuery everything{"/p", ten, ten + std::chrono::days(1)};

// The number-th batch of a writer: one sample that tells which it is, in one of a few bins.
model::SampleBatch batch_of(int writer, std::uint64_t number) {
  model::SampleBatch batch;
  batch.add_series({"/p", net::Prefix::parse("203.0.113.0/24").value(), std::to_string(writer),
                    model::SampleKind::srtt, ""});
  batch.samples = {{0, first_rtt_us + static_cast<std::uint32_t>(number),
                    ten + std::chrono::minutes(5 * static_cast<int>(number % 7))}};
  return batch;
}

struct Sum {
  std::uint64_t count = 0, sum_us = 0;
};
std::map<std::string, Sum> sums_of(latency::Recorder& recorder) {
  std::map<std::string, Sum> out;
  const auto bins = recorder.bins(everything).value();
  for (const latency::SeriesBin& each : bins) {
    out[each.series->pop].count += each.sketch.count();
    out[each.series->pop].sum_us += each.sketch.sum_us();
  }
  return out;
}

// Accepts and settles as fast as it can until it is killed; each writer tells how many it has acknowledged.
void run_until_killed(const std::string& folder) {
  const auto store = store::open_rocksdb(folder).value();
  StoreSampleLog log(*store);
  Metrics metrics;
  latency::Recorder recorder(log, metrics);
  ASSERT_TRUE(recorder.recover());
  auto before = sums_of(recorder);
  recorder.start(std::chrono::milliseconds(3));
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    const std::uint64_t next = before[std::to_string(writer)].count;
    threads.emplace_back([&recorder, writer, next] {
      for (std::uint64_t number = next;; ++number) {
        ASSERT_TRUE(recorder.accept(batch_of(writer, number), ""));
        store::conformance::tell_parent(fmt::format("{} {}", writer, number + 1));
      }
    });
  }
}

TEST(StoreSampleLog, AfterAKillEveryAcknowledgedSampleIsServedOnce) {
  if (const auto folder = child_folder()) return run_until_killed(*folder);
  const TemporaryFolder folder;
  std::mt19937 random(9);
  std::map<std::string, std::uint64_t> acknowledged;
  for (int round = 0; round < 5; ++round) {
    OwnChild child(folder.path());
    const auto told = child.listen(std::chrono::milliseconds(5 + random() % 80));
    for (const std::string& each : told) {
      const std::size_t blank = each.find(' ');
      acknowledged[each.substr(0, blank)] = std::stoul(each.substr(blank + 1));
    }
    ASSERT_FALSE(acknowledged.empty());
    const auto store = store::open_rocksdb(folder.path()).value();
    StoreSampleLog log(*store);
    Metrics metrics;
    latency::Recorder recorder(log, metrics);
    ASSERT_TRUE(recorder.recover());
    auto served = sums_of(recorder);
    for (int writer = 0; writer < writers; ++writer) {
      const Sum sum = served[std::to_string(writer)];
      std::uint64_t& known = acknowledged[std::to_string(writer)];
      EXPECT_GE(sum.count, known) << "lost";
      EXPECT_LE(sum.count, known + 1) << "doubled";
      EXPECT_EQ(sum.sum_us, sum.count * first_rtt_us + (sum.count == 0 ? 0 : sum.count * (sum.count - 1) / 2))
          << "the first " << sum.count << " batches, each once";
      known = sum.count;
    }
  }
}

TEST(StoreSampleLog, StoredBytesThatAreNoSketchAreAnError) {
  const auto store = store::make_memory_telemetry_store();
  StoreSampleLog log(*store);
  model::SketchBatch added;
  added.add(batch_of(0, 0).key(batch_of(0, 0).series[0]), ten, "damaged");
  ASSERT_TRUE(store->settle(added, 0));
  EXPECT_EQ(log.bins(everything).error().code, ErrorCode::corrupt);
}

TEST(StoreSampleLog, PassesOnDuplicatesAndConflicts) {
  const auto store = store::make_memory_telemetry_store();
  StoreSampleLog log(*store);
  model::SampleBatch batch = batch_of(0, 0);
  batch.idempotency_key = "key";
  batch.body_digest = "one";
  EXPECT_FALSE(log.accept(batch, "answer").value().duplicate);
  EXPECT_TRUE(log.accept(batch, "other").value().duplicate);
  EXPECT_EQ(log.accept(batch, "other").value().answer, "answer");
  batch.body_digest = "two";
  EXPECT_EQ(log.accept(batch, "").error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace peering::app
