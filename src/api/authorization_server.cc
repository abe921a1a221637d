// Signing in as OAuth 2.0 has it (RFC 6749 section 4.4), for clients of Azure that can do no other: `az`, and
// the credentials of the SDKs.
//
// The client's secret is one of our tokens, and the access token it is given is the same text. Nothing is
// stored, nothing lives longer than the token, and who takes the token back ends what was given for it. It is
// given for this server alone: a client that asks for a token for another service would send ours there.
//
// The path `/adfs` tells Microsoft's libraries that the authority is the organization's own, and that no
// directory of Microsoft's needs to be asked about it.
#include <algorithm>
#include <array>
#include <chrono>

#include "api/arm/names.h"
#include "api/arm/paging.h"
#include "api/client_credentials.h"
#include "api/documents.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

// A client asks again after this at the latest, so that it notices soon when its token was taken back.
constexpr std::chrono::seconds lifetime_max = std::chrono::hours(1);

constexpr OAuthFailure wrong_client{401, "invalid_client",
                                    "There is no token with this client_id and client_secret."};
constexpr OAuthFailure expired{401, "invalid_client", "The token that is the client_secret has expired."};
constexpr OAuthFailure other_scope{
    400, "invalid_scope", "The scope must be /.default of this server or of Azure Resource Manager."};
constexpr OAuthFailure other_resource{400, "invalid_target",
                                      "The resource must be this server or Azure Resource Manager."};
constexpr OAuthFailure no_sign_in_page{
    400, "unsupported_response_type",
    "This server has no page to sign in. Use a token: az login --service-principal --username ID "
    "--password TOKEN."};

// What Azure's clients call Azure Resource Manager where nobody told them another name.
constexpr std::array<std::string_view, 2> names_of_resource_manager = {"https://management.azure.com",
                                                                       "https://management.core.windows.net"};

std::string_view without_slashes(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

bool is_here(const http::Request& request, std::string_view resource) {
  resource = without_slashes(resource);
  return arm::same_name(resource, arm::origin_of(request)) ||
         std::ranges::any_of(names_of_resource_manager,
                             [&](auto name) { return arm::same_name(resource, name); });
}

bool is_scope_here(const http::Request& request, std::string_view scope) {
  constexpr std::string_view all_of_it = "/.default";
  return scope.ends_with(all_of_it) && is_here(request, scope.substr(0, scope.size() - all_of_it.size()));
}

bool is_client(const Token& token, std::string_view client) {
  return arm::same_name(client, token.id) || arm::same_name(client, token.name);
}

std::int64_t seconds_left(const Token& token, TimePoint at) {
  if (!token.expires) return lifetime_max.count();
  return std::min(lifetime_max, std::chrono::floor<std::chrono::seconds>(*token.expires - at)).count();
}

}  // namespace

arm::Answer get_authorization_metadata(Call& call) {
  const std::string& tenant = call.parameter("tenantId");
  if (!tenant.empty() && tenant != tenant_id) return not_found(call.path);
  const std::string origin = arm::origin_of(call.request);
  const std::string issuer = origin + call.path.substr(0, call.path.find("/.well-known/"));
  return arm::json_response(200, json::object{{"issuer", issuer},
                                              {"authorization_endpoint", origin + "/adfs/oauth2/authorize"},
                                              {"token_endpoint", origin + "/adfs/oauth2/token"},
                                              {"jwks_uri", origin + "/adfs/discovery/keys"},
                                              {"token_endpoint_auth_methods_supported",
                                               json::array{"client_secret_post", "client_secret_basic"}},
                                              {"grant_types_supported", json::array{"client_credentials"}},
                                              {"response_types_supported", json::array()},
                                              {"scopes_supported", json::array{origin + "/.default"}},
                                              {"service_documentation", origin + "/"}});
}

arm::Answer get_no_keys(Call&) { return arm::json_response(200, json::object{{"keys", json::array()}}); }

arm::Answer refuse_sign_in_page(Call&) { return to_response(no_sign_in_page); }

arm::Answer post_token_request(Call& call) {
  const auto client = read_client_credentials(call.request);
  if (!client) return to_response(client.error());
  const auto token = find_token(call.services.resources, client->secret, call.at);
  if (!token && token.error().status != 401) return tl::unexpected(token.error());
  if (!token) {
    return to_response(token.error().code == "ExpiredAuthenticationToken" ? expired : wrong_client);
  }
  if (!is_client(*token, client->id)) return to_response(wrong_client);
  if (!client->scope.empty() && !is_scope_here(call.request, client->scope)) return to_response(other_scope);
  if (!client->resource.empty() && !is_here(call.request, client->resource)) {
    return to_response(other_resource);
  }
  http::Response out = arm::json_response(200, json::object{{"access_token", client->secret},
                                                            {"token_type", "Bearer"},
                                                            {"expires_in", seconds_left(*token, call.at)}});
  out.headers.set("Cache-Control", "no-store");
  out.headers.set("Pragma", "no-cache");
  return out;
}

}  // namespace peering::api
