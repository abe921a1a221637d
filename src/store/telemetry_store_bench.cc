// sample-ingest: samples a second until they are durable, in RocksDB on the disk of the temporary folder,
// from one thread and from four (which share syncs). HTTP and decoding are measured elsewhere.
#include <filesystem>

#include <benchmark/benchmark.h>

#include "base/digest.h"
#include "store/rocksdb/telemetry_store.h"

namespace peering::store {
namespace {

std::string folder;
std::unique_ptr<TelemetryStore> store;

void open_store(const benchmark::State&) {
  folder = (std::filesystem::temp_directory_path() / ("peering-bench-" + random_uuid())).string();
  store = open_rocksdb(folder).value();
}

void close_store(const benchmark::State&) {
  store.reset();
  std::filesystem::remove_all(folder);
}

model::SampleBatch batch_of(std::int64_t samples) {
  model::SampleBatch batch;
  for (int i = 0; i < 256; ++i) {
    batch.add_series(
        {"/subscriptions/9d3f/resourcegroups/site/providers/microsoft.peering/"
         "peeringservices/connection/prefixes/prefix",
         net::Prefix(net::Address::v4(0x0a000000U + static_cast<std::uint32_t>(i) * 256), 24), "AMS",
         model::SampleKind::srtt, "edge-1"});
  }
  for (std::int64_t i = 0; i < samples; ++i) {
    batch.samples.push_back({static_cast<std::uint32_t>(i % 256),
                             static_cast<std::uint32_t>(20'000 + i % 9000),
                             time_from_us(1'795'428'000'000'000 + i * 1000)});
  }
  return batch;
}

void accept(benchmark::State& state) {
  const model::SampleBatch batch = batch_of(state.range(0));
  for (auto _ : state) {
    const auto accepted = store->accept(batch, "");
    if (!accepted) state.SkipWithError(accepted.error().message.c_str());
    // Settling drops what is pending; otherwise the bench would fill the disk.
    if (accepted && accepted->sequence % 512 == 0) (void)store->settle({}, accepted->sequence - 64);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(accept)
    ->Name("sample-ingest")
    ->Arg(1'000)
    ->Arg(10'000)
    ->Threads(1)
    ->Threads(4)
    ->UseRealTime()
    ->Setup(open_store)
    ->Teardown(close_store);

}  // namespace
}  // namespace peering::store
