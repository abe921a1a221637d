// Networks that buy transit from nobody, and the leak that needs no other data: a route between two of them
// does not pass a third network that is none, since nobody carries traffic between its providers.
#pragma once

#include <optional>
#include <span>

#include "net/address.h"

namespace peering::detect {

/// True for the networks that are generally taken as transit-free.
bool is_transit_free(net::Asn asn);

/// A path that leads from one transit-free network to another through a third that is none. Where there are
/// several between them, siblings and regional peerings are more likely than a leak, and who leaked is a
/// guess.
struct Sandwich {
  net::Asn leaker = 0;
  net::Asn from = 0;  ///< the transit-free network on the origin's side
  net::Asn to = 0;    ///< the one on the peer's side
};
/// The one nearest to the origin, of a path as received, the origin last, without prepends.
std::optional<Sandwich> transit_free_sandwich(std::span<const net::Asn> path);

}  // namespace peering::detect
