// `rpki-validate`: routes validated a second against 600,000 VRPs, and how long a table of them takes to
// build.
#include <random>

#include <benchmark/benchmark.h>

#include "rib/vrp_table.h"

namespace peering::rib {
namespace {

constexpr std::size_t vrp_count = 600'000, route_count = 1 << 20;

// As in the RPKI: three of four are IPv4, most are /24 and /48, many say the prefix itself is the longest.
net::Prefix random_prefix(std::mt19937_64& random) {
  const auto bits = random();
  if (bits % 4 != 0) {
    const int length = bits % 3 == 0 ? 16 + static_cast<int>(bits >> 8 & 7) : 24;
    return {net::Address::v4(static_cast<std::uint32_t>(bits >> 32) % 0xDF000000U), length};
  }
  std::array<std::uint8_t, 16> bytes{0x24, static_cast<std::uint8_t>(bits >> 8 & 0x0F)};
  for (std::size_t i = 2; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(bits >> (8 * i));
  return {net::Address::v6(bytes), bits % 3 == 0 ? 32 : 48};
}

std::vector<Vrp> random_vrps() {
  std::mt19937_64 random(11);
  std::vector<Vrp> out;
  for (std::size_t i = 0; i < vrp_count; ++i) {
    const net::Prefix prefix = random_prefix(random);
    const auto more = random() % 3 == 0 ? random() % 3 : 0;
    out.push_back({prefix, static_cast<std::uint8_t>(prefix.length() + static_cast<int>(more)),
                   static_cast<net::Asn>(1 + random() % 80'000)});
  }
  return out;
}

// Half of the routes are those of a ROA, valid or by another origin; the others may be covered by one.
void validate(benchmark::State& state) {
  const std::vector<Vrp> vrps = random_vrps();
  const VrpTable table(vrps);
  std::mt19937_64 random(12);
  std::vector<std::pair<net::Prefix, net::Asn>> routes;
  for (std::size_t i = 0; i < route_count; ++i) {
    const Vrp& vrp = vrps[random() % vrps.size()];
    routes.emplace_back(i % 2 == 0 ? vrp.prefix : random_prefix(random), vrp.asn + (i % 8 == 0 ? 1 : 0));
  }
  std::size_t at = 0, valid = 0;
  for (auto _ : state) {
    const auto& [prefix, origin] = routes[at++ % route_count];
    valid += table.validity(prefix, origin) == Validity::valid ? 1 : 0;
  }
  benchmark::DoNotOptimize(valid);
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes_a_vrp"] = static_cast<double>(table.bytes()) / static_cast<double>(table.size());
}
BENCHMARK(validate)->Name("rpki-validate/600000 VRPs");

void build(benchmark::State& state) {
  const std::vector<Vrp> vrps = random_vrps();
  for (auto _ : state) {
    const VrpTable table(vrps);
    benchmark::DoNotOptimize(table.size());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(vrp_count));
}
BENCHMARK(build)->Name("rpki-build/600000 VRPs")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace peering::rib
