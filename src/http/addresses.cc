#include "http/addresses.h"

namespace peering::http {

net::Address address_of(const boost::asio::ip::address& address) {
  if (address.is_v4()) return net::Address::v4(address.to_v4().to_uint());
  return net::Address::v6(address.to_v6().to_bytes()).unmapped();
}

net::Address client_of(const net::Address& address) { return address.is_v4() ? address : address.masked(64); }

}  // namespace peering::http
