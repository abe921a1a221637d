// `detect`: what a shard does from decoded values to verdicts: table, watch list and detectors, on one core.
// Items are prefixes. One in a hundred is watched, of those one in twenty is announced by a stranger or
// withdrawn.
#include <random>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include "detect/detector.h"
#include "rib/route_burst.h"

namespace peering::detect {
namespace {

constexpr std::size_t bursts = 4'000, updates_in_a_burst = 64, peer_count = 20;
constexpr std::size_t others = 800'000, prefixes_of_a_connection = 100;
constexpr net::Asn origin_from = 200'000, stranger = 64666;

net::Prefix watched_prefix(std::size_t index) {
  return {net::Address::v4((20U << 24) + static_cast<std::uint32_t>(index << 8)), 24};
}
net::Prefix other_prefix(std::size_t index) {
  return {net::Address::v4((100U << 24) + static_cast<std::uint32_t>(index << 8)), 24};
}

std::vector<rib::PeerPointer> make_peers() {
  std::vector<rib::PeerPointer> out;
  for (std::uint32_t id = 0; id < peer_count; ++id) {
    rib::Peer peer;
    peer.id = rib::PeerId(id);
    peer.key.router = "collector";
    peer.key.address = net::Address::v4(0xC0000200 + id);
    peer.asn = 64496 + id;
    out.push_back(std::make_shared<const rib::Peer>(peer));
  }
  return out;
}

// Ids as long as real ones are.
std::string connection_id(std::size_t index) {
  return fmt::format(
      "/subscriptions/7b1f1c3e-5d2a-4c57-9c1e-0f6a4f3b2a10/resourceGroups/networking/providers/"
      "Microsoft.Peering/peeringServices/service-{}",
      index);
}

model::RegistryPointer make_registry(std::size_t watched) {
  auto registry = std::make_shared<model::Registry>();
  SharedText connection;
  for (std::size_t i = 0; i < watched; ++i) {
    auto entry = std::make_shared<model::RegisteredPrefix>();
    if (i % prefixes_of_a_connection == 0) connection = connection_id(i / prefixes_of_a_connection);
    entry->connection = connection;
    entry->resource = fmt::format("{}/prefixes/prefix-{}", connection, i);
    entry->expectation.prefix = watched_prefix(i);
    const auto origin = static_cast<net::Asn>(origin_from + i);
    entry->expectation.origins = {{origin, origin}};
    registry->watch[entry->expectation.prefix].push_back(entry);
    registry->prefixes[entry->resource] = entry;
  }
  return registry;
}

// What a hundred peers of a collector say, decoded.
class Firehose {
 public:
  Firehose(const std::vector<rib::PeerPointer>& peers, std::size_t watched) : watched_(watched) {
    std::int64_t time = 0;
    for (std::size_t i = 0; i < bursts; ++i) {
      rib::RouteBurst burst;
      for (std::size_t j = 0; j < updates_in_a_burst; ++j) {
        append_batch(batch(peers[random_() % peers.size()], time_from_us(++time * 100)), burst);
      }
      bursts_.push_back(std::move(burst));
    }
  }

  const rib::RouteBurst& burst(std::size_t index) const { return bursts_[index % bursts_.size()]; }
  std::size_t prefixes() const { return prefixes_; }
  std::size_t bursts_count() const { return bursts_.size(); }

 private:
  rib::RouteBatch batch(const rib::PeerPointer& peer, TimePoint time) {
    rib::RouteBatch out{peer, time, nullptr, {}, {}};
    const bool is_watched = random_() % 100 == 0;
    const std::size_t count = 1 + random_() % 3;
    const std::size_t index = is_watched ? random_() % watched_ : random_() % others;
    const bool withdrawn = random_() % (is_watched ? 40 : 10) == 0;
    auto& list = withdrawn ? out.withdrawn : out.announced;
    if (is_watched) {
      list.push_back(watched_prefix(index));
    } else {
      for (std::size_t i = 0; i < count; ++i) list.push_back(other_prefix((index + i * 7) % others));
    }
    prefixes_ += list.size();
    if (withdrawn) return out;
    std::vector<net::Asn> path{peer->asn};
    for (std::size_t i = 0; i < 1 + random_() % 4; ++i)
      path.push_back(1000 + static_cast<net::Asn>(random_() % 500));
    const bool strange = is_watched && random_() % 40 == 0;
    path.push_back(strange ? stranger : static_cast<net::Asn>(origin_from + index));
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence(std::move(path));
    attributes->next_hop = peer->key.address;
    out.attributes = std::move(attributes);
    return out;
  }

  std::mt19937 random_{11};
  std::size_t watched_, prefixes_ = 0;
  std::vector<rib::RouteBurst> bursts_;
};

// As a shard has it: it lends the registry's tree.
std::shared_ptr<const net::PrefixSpace> space_of(const model::RegistryPointer& registry) {
  std::vector<net::Prefix> prefixes;
  registry->watch.for_each([&](const net::Prefix& prefix, const auto&) { prefixes.push_back(prefix); });
  auto out = std::make_shared<net::PrefixSpace>();
  out->follow(std::shared_ptr<const net::PrefixTree>(registry, &registry->watch), prefixes, {});
  return out;
}

void firehose(benchmark::State& state) {
  const auto watched = static_cast<std::size_t>(state.range(0));
  const auto peers = make_peers();
  const Firehose load(peers, watched);
  const model::RegistryPointer registry = make_registry(watched);
  rib::Table table;
  Detector detector;
  std::vector<model::Event> events;
  table.watch(space_of(registry));
  detector.registry_changed(registry, table, TimePoint{}, events);
  std::vector<rib::RouteChange> changes;
  std::size_t told = 0, rounds = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < load.bursts_count(); ++i) {
      const rib::RouteBurst& burst = load.burst(i);
      const rib::Peer* heard = nullptr;
      burst.for_each([&](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
        if (peer.get() == heard || routes.announced.empty()) return;
        heard = peer.get();
        detector.peer_heard(*peer, routes.time, routes.time, events);
      });
      table.apply(burst, changes);
      for (const rib::RouteChange& change : changes)
        detector.route_changed(change, table, TimePoint{}, events);
      changes.clear();
      told += events.size();
      events.clear();
    }
    ++rounds;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(rounds * load.prefixes()));
  state.counters["events_a_round"] = static_cast<double>(told) / static_cast<double>(rounds);
}
BENCHMARK(firehose)->Name("detect/firehose")->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

// A route that covers all that is watched, as its path changes: items are its updates.
void covering(benchmark::State& state) {
  const auto watched = static_cast<std::size_t>(state.range(0));
  const auto peers = make_peers();
  const model::RegistryPointer registry = make_registry(watched);
  rib::Table table;
  Detector detector;
  std::vector<model::Event> events;
  table.watch(space_of(registry));
  detector.registry_changed(registry, table, TimePoint{}, events);
  std::vector<rib::RouteChange> changes;
  net::Asn turn = 0;
  for (auto _ : state) {
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence({peers[0]->asn, 1000 + turn++ % 500, stranger});
    attributes->next_hop = peers[0]->key.address;
    rib::RouteBurst burst;
    append_batch({peers[0], time_from_us(1), std::move(attributes), {*net::Prefix::parse("20.0.0.0/8")}, {}},
                 burst);
    table.apply(burst, changes);
    for (const rib::RouteChange& change : changes) detector.route_changed(change, table, TimePoint{}, events);
    changes.clear();
    events.clear();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(covering)->Name("detect/covering")->Arg(1'000)->Arg(65'000)->Unit(benchmark::kMicrosecond);

std::size_t allocated() { return ::mallinfo2().uordblks; }

// Bytes for each watched prefix beside its routes: what is registered, and what the detectors keep of it when
// one peer has announced it.
void memory(benchmark::State& state) {
  const auto watched = static_cast<std::size_t>(state.range(0));
  const auto peers = make_peers();
  double bytes = 0;
  for (auto _ : state) {
    rib::Table table;
    rib::RouteBurst burst;
    for (std::size_t i = 0; i < watched; ++i) {
      auto attributes = std::make_shared<wire::bgp::PathAttributes>();
      attributes->as_path =
          wire::bgp::AsPath::sequence({peers[0]->asn, static_cast<net::Asn>(origin_from + i)});
      attributes->next_hop = peers[0]->key.address;
      append_batch({peers[0], time_from_us(1), std::move(attributes), {watched_prefix(i)}, {}}, burst);
    }
    std::vector<rib::RouteChange> changes;
    table.apply(burst, changes);
    changes = {};
    std::vector<model::Event> events;
    const std::size_t before = allocated();
    const model::RegistryPointer registry = make_registry(watched);
    Detector detector;
    table.watch(space_of(registry));
    detector.registry_changed(registry, table, TimePoint{}, events);
    events = {};
    bytes = static_cast<double>(allocated() - before) / static_cast<double>(watched);
  }
  state.counters["bytes_a_prefix"] = bytes;
}
BENCHMARK(memory)
    ->Name("detect/memory")
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace peering::detect
