// Asio's addresses as ours, and whose they are.
#pragma once

#include <boost/asio/ip/address.hpp>

#include "net/address.h"

namespace peering::http {

/// The same address; one of IPv4 in IPv6 form (::ffff:0:0/96) as IPv4. Thread-safe.
net::Address address_of(const boost::asio::ip::address& address);

/// Whose limits an address counts for: itself, or the /64 it lies in, as an IPv6 customer has one at least
/// and counting single addresses would limit nobody. Thread-safe.
net::Address client_of(const net::Address& address);

}  // namespace peering::http
