// Samples a second from a body to a batch: decoded, checked, matched and masked, without the store.
#include <benchmark/benchmark.h>

#include "latency/ingest.h"
#include "latency/test_values.h"

namespace peering::latency {
namespace {

constexpr int samples_a_body = 10'000;
const TimePoint now_here = time_from_us(1'795'428'000'000'000);

std::string ndjson_body() {
  std::string out;
  for (int i = 0; i < samples_a_body; ++i) {
    out += fmt::format(R"({{"time":"2026-11-23T09:59:{:02}.123Z","client":"10.{}.{}.{}","pop":"AMS",)"
                       R"("rtt_us":{},"kind":"srtt"}})",
                       i % 60, i % 16, i / 16 % 200, i % 250, 20'000 + i);
    out += '\n';
  }
  return out;
}

std::string csv_body() {
  std::string out = "time,client,pop,rtt_us,kind\n";
  for (int i = 0; i < samples_a_body; ++i) {
    out += fmt::format("2026-11-23T09:59:{:02}.123Z,10.{}.{}.{},AMS,{},srtt\n", i % 60, i % 16, i / 16 % 200,
                       i % 250, 20'000 + i);
  }
  return out;
}

void decode(benchmark::State& state, SampleFormat format, const std::string& body) {
  const auto registry = registry_of({{"p", "10.0.0.0/8"}});
  for (auto _ : state) {
    auto read = read_samples(format, body, "", {.now = now_here}, registry);
    if (read->accepted != samples_a_body) state.SkipWithError("samples were rejected");
    benchmark::DoNotOptimize(read);
  }
  state.SetItemsProcessed(state.iterations() * samples_a_body);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

void decode_ndjson_body(benchmark::State& state) { decode(state, SampleFormat::ndjson, ndjson_body()); }
BENCHMARK(decode_ndjson_body)->Name("sample-decode/ndjson");
void decode_csv_body(benchmark::State& state) { decode(state, SampleFormat::csv, csv_body()); }
BENCHMARK(decode_csv_body)->Name("sample-decode/csv");

}  // namespace
}  // namespace peering::latency
