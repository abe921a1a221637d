// Where in a prefix somebody may answer who is no client that we know: the addresses that a search tries.
//
// The list is short and always the same for a prefix. It is made of the prefix alone: addresses of clients
// are masked as they come in and kept nowhere, so none is ever probed because it was seen.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "net/prefix.h"

namespace peering::app {

/// Most addresses of a prefix that are tried beside the named ones, and most named ones.
inline constexpr std::size_t addresses_searched_max = 16, addresses_named_max = 16;

/// In the order in which they are tried, each once: those of `named` that lie in the prefix, then where
/// gateways and servers mostly are, spread over the prefix. IPv6: also the Subnet-Router anycast address
/// (RFC 4291 section 2.6.1). Network and broadcast addresses of an IPv4 prefix are not among them.
std::vector<net::Address> addresses_to_try(const net::Prefix& prefix, std::span<const net::Address> named);

}  // namespace peering::app
