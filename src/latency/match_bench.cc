// `sample-match`: samples a second from decoded values to series of registered prefixes, by the number of
// prefixes registered and of client networks in a body of 10,000 samples.
#include <random>

#include <benchmark/benchmark.h>

#include "latency/match.h"
#include "model/sample.h"

namespace peering::latency {
namespace {

constexpr std::size_t samples_a_body = 10'000;

model::Registry registry_with(std::size_t prefixes, std::mt19937& random) {
  model::Registry out;
  while (out.watch.size() < prefixes) {
    const net::Prefix prefix(
        net::Address::v4(0x0A000000U | static_cast<std::uint32_t>(random() & 0x07ffffff)),
        20 + static_cast<int>(random() % 5));
    auto entry = std::make_shared<model::RegisteredPrefix>();
    entry->resource = "/subscriptions/s/prefixes/" + prefix.to_string();
    entry->expectation.prefix = prefix;
    out.watch[prefix] = {std::move(entry)};
  }
  return out;
}

void match(benchmark::State& state) {
  std::mt19937 random(1);
  const auto registry = registry_with(static_cast<std::size_t>(state.range(0)), random);
  std::vector<net::Prefix> known;
  registry.watch.for_each([&](const net::Prefix& prefix, const auto&) { known.push_back(prefix); });
  std::vector<net::Address> networks;
  for (std::int64_t i = 0; i < state.range(1); ++i)
    networks.push_back(known[random() % known.size()].address());
  DecodedSamples decoded;
  decoded.names = {"AMS", "probe"};
  for (std::size_t i = 0; i < samples_a_body; ++i) {
    decoded.samples.push_back({networks[random() % networks.size()], time_from_us(1'795'428'000'000'000),
                               20'000, 0, 1, model::SampleKind::srtt});
  }
  for (auto _ : state) benchmark::DoNotOptimize(match_samples(decoded, registry));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(samples_a_body));
}
BENCHMARK(match)->Name("sample-match")->ArgsProduct({{16, 1'000, 100'000}, {100, 10'000}});

}  // namespace
}  // namespace peering::latency
