// `rib_size PEERS ROUTES`: bytes of the routing table after the table of `full_table.h` came from so many
// peers, as one line of JSON.
#include <cstdio>
#include <cstdlib>

#include "full_table.h"
#include "rib/table.h"
#include "rib/update_routes.h"
#include "wire/bgp/update_scan.h"

namespace {

using namespace peering;

constexpr net::Asn our_asn = 64501;
constexpr std::size_t header_bytes = 19, updates_in_a_burst = 1000;

void load(rib::Table& table, std::uint32_t id, std::size_t routes) {
  rib::Peer peer;
  peer.id = rib::PeerId(id);
  const auto pointer = std::make_shared<const rib::Peer>(peer);
  rib::RouteBurst burst;
  std::vector<rib::RouteChange> changes;
  std::size_t waiting = 0;
  const auto flush = [&] {
    table.apply(burst, changes);
    changes.clear();
    burst.clear();
    waiting = 0;
  };
  const net::Address next_hop = net::Address::v4(0x7F000002 + id);
  bench::for_each_update(routes, our_asn, next_hop, [&](const std::vector<std::uint8_t>& message) {
    const auto update = wire::bgp::scan_update(std::span(message).subspan(header_bytes), {});
    rib::append_update(update, {}, {pointer, time_from_us(id), nullptr, {}}, burst);
    if (++waiting == updates_in_a_burst) flush();
  });
  flush();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: rib_size PEERS ROUTES\n");
    return 2;
  }
  const auto peers = static_cast<std::uint32_t>(std::atoi(arguments[1]));
  rib::Table table;
  table.watch(std::make_shared<const net::PrefixSpace>());
  for (std::uint32_t id = 0; id < peers; ++id) load(table, id, std::strtoull(arguments[2], nullptr, 10));
  const auto routes = static_cast<double>(table.size().routes);
  std::printf(
      "{\"routes\": %zu, \"bytes_a_route\": %.2f, \"without_attributes\": %.2f, \"attributes\": %zu}\n",
      table.size().routes, static_cast<double>(table.bytes()) / routes,
      static_cast<double>(table.bytes() - table.attribute_bytes()) / routes, table.size().attributes);
}
