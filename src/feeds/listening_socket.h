// How the BMP station and the BGP collector come to listen.
#pragma once

#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include "base/result.h"
#include "http/server.h"

namespace peering::feeds {

/// Opens the acceptor and binds it to `endpoint` ("localhost" is 127.0.0.1; port 0: a free one). `protocol`
/// is for the message. `io` when that cannot be done.
Result<void> bind_acceptor(boost::asio::ip::tcp::acceptor& acceptor, const http::Endpoint& endpoint,
                           std::string_view protocol);

/// Lets connections come in from now on; gives the address really bound. `io`.
Result<http::Endpoint> start_listening(boost::asio::ip::tcp::acceptor& acceptor,
                                       const http::Endpoint& endpoint, std::string_view protocol);

}  // namespace peering::feeds
