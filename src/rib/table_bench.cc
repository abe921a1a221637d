// `update-apply`: BGP UPDATE bytes through decoding, the routing table and the watch list, as feed and shard
// do it for every update, registered or not; on one core. Items are prefixes.
#include <ctime>
#include <random>

#include <benchmark/benchmark.h>

#include "model/registry.h"
#include "rib/table.h"
#include "rib/update_routes.h"
#include "wire/bgp/update.h"

namespace peering::rib {
namespace {

constexpr std::size_t prefix_count = 200'000;
constexpr std::size_t watched_count = 10'000;
constexpr std::size_t message_count = 100'000;
constexpr std::uint32_t peer_count = 8;
constexpr std::size_t header_bytes = 19;

net::Prefix random_prefix(std::mt19937& random) {
  return {net::Address::v4(static_cast<std::uint32_t>(random())), 16 + static_cast<int>(random() % 9)};
}

struct Message {
  std::uint32_t peer = 0;
  std::vector<std::uint8_t> bytes;
};

// What a collector sees: mostly new paths for one or two prefixes, some withdrawals, many repeats of paths.
struct Load {
  std::vector<Message> messages;
  std::vector<PeerPointer> peers;
  model::Registry registry;

  Load() {
    std::mt19937 random(7);
    std::vector<net::Prefix> prefixes;
    for (std::size_t i = 0; i < prefix_count; ++i) prefixes.push_back(random_prefix(random));
    for (std::size_t i = 0; i < watched_count; ++i) {
      auto entry = std::make_shared<model::RegisteredPrefix>();
      entry->expectation.prefix = prefixes[random() % prefix_count];
      registry.watch[entry->expectation.prefix].push_back(entry);
    }
    for (std::uint32_t id = 0; id < peer_count; ++id) {
      Peer peer;
      peer.id = PeerId(id);
      peer.key.address = net::Address::v4(0xC0000200 + id);
      peer.asn = 64496 + id;
      peers.push_back(std::make_shared<const Peer>(peer));
    }
    for (std::size_t i = 0; i < message_count; ++i) messages.push_back(message(random, prefixes));
  }

  static Message message(std::mt19937& random, const std::vector<net::Prefix>& prefixes) {
    wire::bgp::Update update;
    const auto peer = static_cast<std::uint32_t>(random() % peer_count);
    const std::size_t count = 1 + random() % 3;
    const bool withdraws = random() % 8 == 0;
    for (std::size_t i = 0; i < count; ++i) {
      (withdraws ? update.withdrawn : update.announced).push_back({prefixes[random() % prefix_count], 0});
    }
    std::vector<net::Asn> path{64496 + peer};
    for (std::size_t i = 0; i < 2 + random() % 4; ++i)
      path.push_back(1000 + static_cast<net::Asn>(random() % 500));
    update.attributes.as_path = wire::bgp::AsPath::sequence(std::move(path));
    update.attributes.next_hop = net::Address::v4(0xC0000200 + peer);
    for (std::size_t i = 0; i < random() % 4; ++i) {
      update.attributes.communities.push_back(64496U << 16 | static_cast<std::uint32_t>(random() % 100));
    }
    return {peer, wire::bgp::encode_update(update, {}).value()};
  }
};

// A feed's part: many UPDATEs in one burst, as they lie in what one read from a socket gave.
constexpr std::size_t updates_in_a_burst = 64;

class Feed {
 public:
  explicit Feed(const Load& load) : load_(load) {}

  std::size_t updates = 0, routes = 0;

  const RouteBurst& next() {
    burst_.clear();
    for (std::size_t i = 0; i < updates_in_a_burst; ++i) {
      const Message& message = load_.messages[at_];
      at_ = at_ + 1 == load_.messages.size() ? 0 : at_ + 1;
      const auto body = std::span(message.bytes).subspan(header_bytes);
      const wire::bgp::UpdateScan scan = wire::bgp::scan_update(body, {});
      if (!scan.attributes.issues.empty()) continue;
      append_update(scan, {}, {load_.peers[message.peer], time_from_us(static_cast<std::int64_t>(updates))},
                    burst_);
      ++updates;
      routes += scan.announced_count + scan.withdrawn_count;
    }
    return burst_;
  }

 private:
  const Load& load_;
  std::size_t at_ = 0;
  RouteBurst burst_;
};

// What every shard reads and none writes: made before threads begin.
const Load& the_load() {
  static const Load load;
  return load;
}

void update_apply(benchmark::State& state) {
  const Load& load = the_load();
  std::vector<net::Prefix> watched_prefixes;
  load.registry.watch.for_each(
      [&](const net::Prefix& prefix, const auto&) { watched_prefixes.push_back(prefix); });
  Table table;
  table.watch(std::make_shared<const net::PrefixSpace>(watched_prefixes));
  Feed feed(load);
  std::vector<RouteChange> changes;
  std::size_t told = 0, watched = 0;
  for (auto _ : state) {
    changes.clear();
    table.apply(feed.next(), changes);
    told += changes.size();
    for (const RouteChange& change : changes) {
      watched += load.registry.watch.longest_match(change.prefix).has_value() ? 1U : 0U;
    }
  }
  benchmark::DoNotOptimize(watched);
  state.SetItemsProcessed(static_cast<std::int64_t>(feed.routes));
  state.counters["updates_per_second"] =
      benchmark::Counter(static_cast<double>(feed.updates), benchmark::Counter::kIsRate);
  state.counters["told"] = static_cast<double>(told) / static_cast<double>(table.changes());
  state.counters["routes"] = static_cast<double>(table.size().routes);
}
BENCHMARK(update_apply)->Name("update-apply");

double thread_seconds() {
  timespec at{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

// The same on several threads at once, each with a table of its own, as shards have, of the same peers.
// `per_cpu_second`: prefixes for each second of CPU time, on average of the threads; were they in each
// other's way it would be less with more of them.
void update_shards(benchmark::State& state) {
  const double begin = thread_seconds();
  update_apply(state);
  const double seconds = thread_seconds() - begin;
  state.counters["per_cpu_second"] = benchmark::Counter(
      static_cast<double>(state.items_processed()) / seconds, benchmark::Counter::kAvgThreads);
}
BENCHMARK(update_shards)->Name("update-shards")->Threads(1)->Threads(2)->UseRealTime()->MinTime(2);

}  // namespace
}  // namespace peering::rib
