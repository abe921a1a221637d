#include "api/client_address.h"

#include <string_view>

namespace peering::api {

net::Address client_address(const http::Request& request) {
  const auto forwarded = request.headers.get("X-Forwarded-For");
  if (!forwarded || !request.remote.is_loopback()) return request.remote;
  std::string_view last = *forwarded;
  last = last.substr(last.rfind(',') + 1);
  while (!last.empty() && last.front() == ' ') last.remove_prefix(1);
  while (!last.empty() && last.back() == ' ') last.remove_suffix(1);
  return net::Address::parse(last).value_or(request.remote);
}

}  // namespace peering::api
