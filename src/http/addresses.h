// Asio's addresses as ours.
#pragma once

#include <boost/asio/ip/address.hpp>

#include "net/address.h"

namespace peering::http {

/// The same address; one of IPv4 in IPv6 form (::ffff:0:0/96) as IPv4. Thread-safe.
net::Address address_of(const boost::asio::ip::address& address);

}  // namespace peering::http
