// Whose request it is: the address of the connection, or what a proxy on this machine says.
#pragma once

#include "http/message.h"
#include "net/address.h"

namespace peering::api {

/// A proxy on this machine says whose requests it passes on: the last address that it added to
/// `X-Forwarded-For`. Nobody else is believed.
net::Address client_address(const http::Request& request);

}  // namespace peering::api
