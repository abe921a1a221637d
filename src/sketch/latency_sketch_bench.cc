// sketch-insert: samples a second into one sketch; and what reports do: merge, quantile, bytes.
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "sketch/latency_sketch.h"

namespace peering::sketch {
namespace {

// Round-trip times as a site sees them: 20 ms and a log-normal access network of 10 ms median.
std::vector<std::uint32_t> round_trips(std::size_t count) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> access(std::log(10'000.0), 0.5);
  std::vector<std::uint32_t> out(count);
  for (std::uint32_t& each : out) each = 20'000 + static_cast<std::uint32_t>(access(random));
  return out;
}

LatencySketch filled(std::size_t count) {
  LatencySketch out;
  for (const std::uint32_t each : round_trips(count)) out.add(each);
  return out;
}

void insert(benchmark::State& state) {
  const auto samples = round_trips(1 << 16);
  for (auto _ : state) {
    LatencySketch sketch;
    for (const std::uint32_t each : samples) sketch.add(each);
    benchmark::DoNotOptimize(sketch.count());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(samples.size()));
}
BENCHMARK(insert)->Name("sketch-insert");

void merge(benchmark::State& state) {
  const LatencySketch one = filled(1000);
  LatencySketch sum = one;
  for (auto _ : state) sum.merge(one);
  benchmark::DoNotOptimize(sum.count());
}
BENCHMARK(merge)->Name("sketch-merge");

void quantile(benchmark::State& state) {
  const LatencySketch sketch = filled(100'000);
  for (auto _ : state) benchmark::DoNotOptimize(sketch.quantile(0.95));
}
BENCHMARK(quantile)->Name("sketch-quantile");

void bytes_and_back(benchmark::State& state) {
  const LatencySketch sketch = filled(1000);
  for (auto _ : state) benchmark::DoNotOptimize(LatencySketch::from_bytes(sketch.to_bytes()));
}
BENCHMARK(bytes_and_back)->Name("sketch-bytes");

}  // namespace
}  // namespace peering::sketch
