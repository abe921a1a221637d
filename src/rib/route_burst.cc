#include "rib/route_burst.h"

#include <algorithm>

namespace peering::rib {

using Bytes = std::span<const std::uint8_t>;

Bytes only_withdrawn(Bytes withdrawn, Bytes announced, net::Family family, std::vector<std::uint8_t>& room) {
  if (withdrawn.empty() || announced.empty()) return withdrawn;
  std::vector<net::Prefix> both;
  for_each_bits(announced, family, [&](const PrefixBits& prefix) { both.push_back(to_prefix(prefix)); });
  std::ranges::sort(both);
  room.clear();
  for_each_bits(withdrawn, family, [&](const PrefixBits& prefix) {
    if (!std::ranges::binary_search(both, to_prefix(prefix))) put_prefix(prefix, room);
  });
  return room;
}

void append_batch(const RouteBatch& batch, RouteBurst& out) {
  thread_local std::vector<std::uint8_t> packed, announced, withdrawn, room;
  packed.clear();
  if (batch.attributes && !batch.announced.empty()) pack_attributes(*batch.attributes, packed);
  for (const net::Family family : {net::Family::ipv4, net::Family::ipv6}) {
    const auto gather = [family](const std::vector<net::Prefix>& prefixes, std::vector<std::uint8_t>& into) {
      into.clear();
      for (const net::Prefix& prefix : prefixes) {
        if (prefix.family() == family) put_prefix(prefix_bits(prefix), into);
      }
    };
    gather(batch.announced, announced);
    gather(batch.withdrawn, withdrawn);
    if (!batch.attributes) announced.clear();
    if (announced.empty() && withdrawn.empty()) continue;
    const Bytes gone = only_withdrawn(withdrawn, announced, family, room);
    if (announced.empty() && gone.empty()) continue;
    out.append(batch.peer,
               {batch.time, family, announced.empty() ? PackedView() : PackedView(packed), announced, gone});
  }
}

}  // namespace peering::rib
