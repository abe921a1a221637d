// What a client sends to a token endpoint, and how it is refused (RFC 6749 sections 2.3.1, 4.4.2 and 5.2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "http/message.h"

namespace peering::api {

/// Largest body of a token request that is looked at, in bytes.
inline constexpr std::size_t token_request_bytes_max = 16 * 1024;

/// A refusal; `description` has no quotation marks and no backslashes, and nothing of what was sent.
struct OAuthFailure {
  int status = 400;
  std::string_view code;  ///< "invalid_client"
  std::string_view description;
};
/// `{"error": …, "error_description": …}`; 401 brings a challenge for HTTP Basic.
http::Response to_response(const OAuthFailure& failure);

/// A request by the grant `client_credentials`. `scope` and `resource` (RFC 8707) may be empty.
struct ClientCredentials {
  std::string id, secret, scope, resource;
};
/// Takes the client's credentials from HTTP Basic or from the form, not from both.
tl::expected<ClientCredentials, OAuthFailure> read_client_credentials(const http::Request& request);

}  // namespace peering::api
