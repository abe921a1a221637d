// `monitored-routes`: what monitored ASes cost a shard for every update, beside the routing table; by their
// number. Items are prefixes.
#include <random>

#include <benchmark/benchmark.h>

#include "detect/monitored_routes.h"
#include "rib/table.h"

namespace peering::detect {
namespace {

constexpr std::size_t burst_count = 200, batches_in_a_burst = 64;

// Paths of 3 to 6 ASes and two communities, each for two prefixes.
rib::AttributesPointer random_attributes(std::mt19937& random) {
  auto out = std::make_shared<wire::bgp::PathAttributes>();
  std::vector<net::Asn> path;
  for (std::size_t i = 0; i < 3 + random() % 4; ++i)
    path.push_back(static_cast<net::Asn>(1 + random() % 400000));
  out->as_path = wire::bgp::AsPath::sequence(std::move(path));
  for (int i = 0; i < 2; ++i) out->communities.push_back(static_cast<std::uint32_t>(random() % 1000));
  return out;
}

net::Prefix random_prefix(std::mt19937& random) {
  return {net::Address::v4(static_cast<std::uint32_t>(random())), 16 + static_cast<int>(random() % 9)};
}

const std::vector<rib::RouteBurst>& bursts() {
  static const std::vector<rib::RouteBurst> made = [] {
    std::vector<rib::RouteBurst> out(burst_count);
    std::mt19937 random(7);
    std::vector<rib::PeerPointer> peers;
    for (std::uint32_t id = 0; id < 8; ++id) {
      rib::Peer peer;
      peer.id = rib::PeerId(id);
      peers.push_back(std::make_shared<const rib::Peer>(peer));
    }
    for (rib::RouteBurst& burst : out) {
      for (std::size_t i = 0; i < batches_in_a_burst; ++i) {
        rib::append_batch({peers[random() % 8],
                           {},
                           random_attributes(random),
                           {random_prefix(random), random_prefix(random)},
                           {}},
                          burst);
      }
    }
    return out;
  }();
  return made;
}

// Argument: how many ASes are monitored; the numbers of the paths are among the first of them.
void monitored_routes(benchmark::State& state) {
  MonitoredAses monitored;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    MonitoredAs as;
    as.asn = static_cast<net::Asn>(3000000 + i);
    monitored.add(as);
  }
  MonitoredRoutes routes;
  const net::PrefixSpace nothing;
  std::vector<rib::RouteChange> changes;
  std::size_t at = 0;
  for (auto _ : state) {
    changes.clear();
    routes.changes_of(bursts()[at++ % burst_count], monitored, nothing, changes);
    benchmark::DoNotOptimize(changes.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(2 * batches_in_a_burst));
}
BENCHMARK(monitored_routes)->Name("monitored-routes")->Arg(0)->Arg(1)->Arg(10)->Arg(1000)->Arg(100000);

// The table alone, for comparison.
void table_apply(benchmark::State& state) {
  rib::Table table;
  const std::vector<net::Prefix> none{*net::Prefix::parse("192.0.2.0/24")};
  table.watch(std::make_shared<const net::PrefixSpace>(none));
  std::vector<rib::RouteChange> changes;
  std::size_t at = 0;
  for (auto _ : state) {
    changes.clear();
    table.apply(bursts()[at++ % burst_count], changes);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(2 * batches_in_a_burst));
}
BENCHMARK(table_apply)->Name("monitored-routes/table");

}  // namespace
}  // namespace peering::detect
