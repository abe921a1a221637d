// prefix-map: longest-match lookups a second among 100,000 prefixes of both families.
#include <array>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "net/prefix_map.h"

namespace peering::net {
namespace {

constexpr int prefixes = 100'000;
constexpr std::size_t asked_addresses = 1 << 16;

// Lengths as in a routing table: mostly /24 (IPv6: /48), some shorter.
Prefix random_prefix(std::mt19937& random, bool v6) {
  const int shorter = random() % 3 == 0 ? static_cast<int>(random() % 9) : 0;
  if (!v6) return Prefix(Address::v4(static_cast<std::uint32_t>(random())), 24 - shorter);
  std::array<std::uint8_t, 16> bytes{};
  bytes[0] = 0x20;
  for (std::size_t i = 1; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(random());
  return Prefix(Address::v6(bytes), 48 - 2 * shorter);
}

void lookup(benchmark::State& state, bool v6) {
  std::mt19937 random(1);
  PrefixMap<int> map;
  std::vector<Prefix> known;
  for (int i = 0; i < prefixes; ++i) {
    known.push_back(random_prefix(random, v6));
    map[known.back()] = i;
  }
  // Nine of ten addresses lie in a known prefix, as clients do.
  std::vector<Address> asked;
  for (std::size_t i = 0; i < asked_addresses; ++i) {
    const bool hit = random() % 10 != 0;
    asked.push_back(hit ? known[random() % known.size()].address() : random_prefix(random, v6).address());
  }
  std::size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(map.longest_match(asked[at++ % asked_addresses]));
  state.SetItemsProcessed(state.iterations());
}

void lookup_v4(benchmark::State& state) { lookup(state, false); }
BENCHMARK(lookup_v4)->Name("prefix-map/ipv4");
void lookup_v6(benchmark::State& state) { lookup(state, true); }
BENCHMARK(lookup_v6)->Name("prefix-map/ipv6");

}  // namespace
}  // namespace peering::net
