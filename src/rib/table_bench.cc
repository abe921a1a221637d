// `update-apply`: BGP UPDATE bytes through decoding, the routing table and the watch list, as a shard does it
// for every update, registered or not.
#include <random>

#include <benchmark/benchmark.h>

#include "model/registry.h"
#include "rib/table.h"
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

std::vector<net::Prefix> prefixes_of(const std::vector<wire::bgp::Nlri>& routes) {
  std::vector<net::Prefix> out;
  out.reserve(routes.size());
  for (const wire::bgp::Nlri& route : routes) out.push_back(route.prefix);
  return out;
}

void update_apply(benchmark::State& state) {
  static const Load load;
  Table table;
  std::vector<RouteChange> changes;
  std::size_t at = 0, watched = 0;
  std::int64_t updates = 0;
  for (auto _ : state) {
    const Message& message = load.messages[at];
    at = at + 1 == load.messages.size() ? 0 : at + 1;
    wire::bgp::Update update = wire::bgp::decode_update(std::span(message.bytes).subspan(header_bytes), {});
    RouteBatch batch{load.peers[message.peer], time_from_us(updates), nullptr, prefixes_of(update.announced),
                     prefixes_of(update.withdrawn)};
    if (!batch.announced.empty()) {
      batch.attributes = std::make_shared<const wire::bgp::PathAttributes>(std::move(update.attributes));
    }
    changes.clear();
    table.apply(batch, changes);
    for (const RouteChange& change : changes) {
      watched += load.registry.watch.longest_match(change.prefix).has_value() ? 1U : 0U;
    }
    ++updates;
  }
  benchmark::DoNotOptimize(watched);
  state.SetItemsProcessed(updates);
  state.counters["routes"] = static_cast<double>(table.size().routes);
}
BENCHMARK(update_apply)->Name("update-apply");

}  // namespace
}  // namespace peering::rib
