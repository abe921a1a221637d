#include "rib/route_burst.h"

#include <algorithm>
#include <array>

namespace peering::rib {

namespace {

using Bytes = std::span<const std::uint8_t>;
using wire::bgp::MpRoutes;

// What is withdrawn and not announced as well (RFC 4271 section 3.1: then it is announced).
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

// The routes in a multiprotocol attribute that a table holds.
Bytes unicast(const std::optional<MpRoutes>& routes, net::Family family) {
  return routes && routes->address_family == family && !routes->multicast() ? routes->routes : Bytes();
}

// Routes of one family that came in the fields for IPv4 and in multiprotocol attributes.
struct FamilyRoutes {
  net::Family family;
  Bytes announced, withdrawn, mp_announced, mp_withdrawn;
};

void append_family(const wire::bgp::UpdateScan& update, const wire::bgp::SessionFacts& facts,
                   const PeerPointer& peer, TimePoint time, const FamilyRoutes& routes, RouteBurst& out) {
  thread_local std::vector<std::uint8_t> packed, room, mp_room;
  const auto& attributes = update.attributes;
  // Withdrawals of one field may meet announcements of the other.
  const Bytes withdrawn =
      only_withdrawn(only_withdrawn(routes.withdrawn, routes.announced, routes.family, room),
                     routes.mp_announced, routes.family, mp_room);
  std::optional<net::Address> next_hop;
  packed.clear();
  if (!routes.announced.empty()) {
    if (attributes.has(wire::bgp::AttributeCode::next_hop)) {
      next_hop = net::Address::v4(attributes.value(wire::bgp::AttributeCode::next_hop).first<4>());
    }
    pack_attributes(attributes, facts, next_hop, packed);
  }
  if (!routes.announced.empty() || !withdrawn.empty()) {
    out.append(peer, {time, routes.family, packed, routes.announced, withdrawn});
  }
  if (routes.mp_announced.empty() && routes.mp_withdrawn.empty()) return;
  const Bytes mp_withdrawn =
      only_withdrawn(only_withdrawn(routes.mp_withdrawn, routes.announced, routes.family, room),
                     routes.mp_announced, routes.family, mp_room);
  packed.clear();
  if (!routes.mp_announced.empty()) pack_attributes(attributes, facts, attributes.reach->next_hop, packed);
  out.append(peer, {time, routes.family, packed, routes.mp_announced, mp_withdrawn});
}

}  // namespace

void append_update(const wire::bgp::UpdateScan& update, const wire::bgp::SessionFacts& facts,
                   const PeerPointer& peer, TimePoint time, RouteBurst& out) {
  const auto& attributes = update.attributes;
  append_family(
      update, facts, peer, time,
      {net::Family::ipv4, update.announced, update.withdrawn, unicast(attributes.reach, net::Family::ipv4),
       unicast(attributes.unreach, net::Family::ipv4)},
      out);
  if (!attributes.reach && !attributes.unreach) return;
  append_family(update, facts, peer, time,
                {net::Family::ipv6,
                 {},
                 {},
                 unicast(attributes.reach, net::Family::ipv6),
                 unicast(attributes.unreach, net::Family::ipv6)},
                out);
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
