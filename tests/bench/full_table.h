// A full table as routers send it, the same on every call: lengths of the IPv4 Internet, four routes with
// common attributes in an UPDATE. Two routers' tables differ in their next hop.
#pragma once

#include <random>
#include <unordered_set>
#include <vector>

#include "wire/bgp/message.h"
#include "wire/bgp/update.h"

namespace peering::bench {

inline net::Prefix random_prefix(std::mt19937& random) {
  const auto dice = random() % 10;
  const int length = dice < 6   ? 24
                     : dice < 8 ? 22 + static_cast<int>(random() % 2)
                                : 16 + static_cast<int>(random() % 6);
  // 1.0.0.0 to 223.255.255.255 without loopback.
  const auto top = static_cast<std::uint32_t>(1 + random() % 222);
  const std::uint32_t address =
      (top >= 127 ? top + 1 : top) << 24 | (static_cast<std::uint32_t>(random()) & 0xffffff);
  return {net::Address::v4(address), length};
}

/// Calls `visit` with each UPDATE of the table, its header included, until `routes` different prefixes are
/// announced.
template <class Visit>
void for_each_update(std::size_t routes, net::Asn from, const net::Address& next_hop, Visit&& visit) {
  constexpr std::size_t routes_an_update = 4;
  std::mt19937 random(7);
  std::unordered_set<net::Prefix> known;
  while (known.size() < routes) {
    wire::bgp::Update update;
    std::vector<net::Asn> path{from};
    for (std::size_t i = 0; i < 2 + random() % 4; ++i)
      path.push_back(1000 + static_cast<net::Asn>(random() % 60000));
    update.attributes.as_path = wire::bgp::AsPath::sequence(std::move(path));
    update.attributes.next_hop = next_hop;
    for (std::size_t i = random() % 6; i > 0; --i) {
      update.attributes.communities.push_back(static_cast<std::uint32_t>(from << 16 | (random() % 500)));
    }
    while (update.announced.size() < routes_an_update && known.size() < routes) {
      const net::Prefix prefix = random_prefix(random);
      if (known.insert(prefix).second) update.announced.push_back({prefix, 0});
    }
    visit(wire::bgp::encode_update(update, {}).value());
  }
}

}  // namespace peering::bench
