#include "feeds/listening_socket.h"

#include <string>

namespace peering::feeds {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

tl::unexpected<Error> cannot(std::string_view protocol, const http::Endpoint& endpoint,
                             const error_code& error) {
  return fail(ErrorCode::io, "{} cannot listen on {}: {}", protocol, endpoint.to_string(), error.message());
}

}  // namespace

Result<void> bind_acceptor(tcp::acceptor& acceptor, const http::Endpoint& endpoint,
                           std::string_view protocol) {
  error_code error;
  tcp::resolver resolver(acceptor.get_executor());
  const auto found =
      resolver.resolve(http::loopback_name(endpoint.host), std::to_string(endpoint.port), error);
  if (error) return cannot(protocol, endpoint, error);
  const tcp::endpoint where = found.begin()->endpoint();
  acceptor.open(where.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(where, error);
  if (error) return cannot(protocol, endpoint, error);
  return {};
}

Result<http::Endpoint> start_listening(tcp::acceptor& acceptor, const http::Endpoint& endpoint,
                                       std::string_view protocol) {
  error_code error;
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot(protocol, endpoint, error);
  const tcp::endpoint bound = acceptor.local_endpoint(error);
  if (error) return cannot(protocol, endpoint, error);
  return http::Endpoint{bound.address().to_string(), bound.port()};
}

}  // namespace peering::feeds
