// Samples a second from binary bodies of 100,000 to sketches, by how many series and bins they are of: with a
// log that keeps nothing, so that what is measured is what the processor does for them.
#include <random>

#include <benchmark/benchmark.h>

#include "latency/ingest.h"
#include "latency/recorder.h"
#include "latency/test_values.h"

namespace peering::latency {
namespace {

constexpr std::size_t samples_of_body = 100'000, pops_of_body = 10, networks_most = 25'000;
constexpr std::int64_t base_us = 1'795'428'000'000'000;

class KeepsNothing final : public SampleLog {
 public:
  Result<LoggedBatch> accept(const model::SampleBatch&, std::string_view answer) override {
    return LoggedBatch{false, std::string(answer), ++sequence_};
  }
  Result<std::vector<PendingSamples>> pending(std::uint64_t, std::size_t) override {
    return std::vector<PendingSamples>{};
  }
  Result<void> settle(const model::SketchBatch& added, std::uint64_t) override {
    benchmark::DoNotOptimize(added.sketches.data());
    return {};
  }
  Result<LoggedBins> bins(const BinQuery&) override { return LoggedBins{}; }

 private:
  std::uint64_t sequence_ = 0;
};

template <class T>
void append_little(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string body_of(std::size_t keys, std::mt19937& random) {
  const std::size_t networks = std::min(keys / pops_of_body, networks_most);
  std::string out = "PSM1";
  append_little(out, static_cast<std::uint16_t>(pops_of_body));
  append_little(out, std::uint16_t{5});
  append_little(out, static_cast<std::uint64_t>(base_us));
  for (std::size_t pop = 0; pop < pops_of_body; ++pop) out += "\4POP" + std::to_string(pop);
  out += "bench";
  for (std::size_t i = 0; i < samples_of_body; ++i) {
    const std::size_t key = random() % keys;
    const std::size_t network = key % networks, rest = key / networks;
    append_little(out, static_cast<std::int64_t>(rest / pops_of_body * 300'000'000 + random() % 300'000'000));
    out.append(10, '\0').append("\xff\xff\x0a", 3);
    out += static_cast<char>(network / 250);
    out += static_cast<char>(network % 250);
    out += static_cast<char>(random());
    append_little(out, static_cast<std::uint32_t>(20'000 + random() % 40'000));
    append_little(out, static_cast<std::uint16_t>(rest % pops_of_body));
    out.append(2, '\0');
  }
  return out;
}

void accept(benchmark::State& state) {
  std::mt19937 random(4);
  model::Registry registry;
  for (int i = 0; i < 100; ++i) {
    const auto entry = std::make_shared<model::RegisteredPrefix>();
    entry->resource = resource_of(fmt::format("site-{}", i));
    entry->expectation.prefix = prefix_of(fmt::format("10.{}.0.0/16", i));
    registry.watch[entry->expectation.prefix] = {entry};
  }
  std::vector<std::string> bodies;
  for (int i = 0; i < 20; ++i) bodies.push_back(body_of(static_cast<std::size_t>(state.range(0)), random));
  KeepsNothing log;
  Metrics metrics;
  Recorder recorder(log, metrics);
  if (!recorder.recover()) state.SkipWithError("not recovered");
  std::size_t at = 0;
  for (auto _ : state) {
    const auto read = read_samples(SampleFormat::binary, bodies[at++ % bodies.size()], "",
                                   {.now = time_from_us(base_us + 7'200'000'000)}, registry);
    if (!read || read->accepted != samples_of_body) state.SkipWithError("samples were rejected");
    benchmark::DoNotOptimize(recorder.accept(read->batch, "{}"));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(samples_of_body));
}
BENCHMARK(accept)->Name("sample-accept")->Arg(50'000)->Arg(5'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace peering::latency
