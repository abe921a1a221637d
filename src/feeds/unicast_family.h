// Which families have their routes in our tables.
#pragma once

#include <optional>

#include "net/address.h"
#include "wire/bgp/message.h"

namespace peering::feeds {

/// Whose unicast routes they are; nothing for any other family.
inline std::optional<net::Family> unicast_family(wire::bgp::FamilyId id) {
  if (id == wire::bgp::ipv4_unicast) return net::Family::ipv4;
  if (id == wire::bgp::ipv6_unicast) return net::Family::ipv6;
  return std::nullopt;
}

}  // namespace peering::feeds
