#include "api/client_credentials.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "api/arm/paging.h"
#include "api/arm/query.h"
#include "base/digest.h"
#include "base/json.h"
#include "http/query.h"
#include "http/same_name.h"

namespace peering::api {

namespace {

constexpr OAuthFailure no_form{
    400, "invalid_request",
    "The body must be application/x-www-form-urlencoded, up to 16384 bytes, each parameter once."};
constexpr OAuthFailure no_grant_type{400, "invalid_request", "The parameter grant_type is missing."};
constexpr OAuthFailure other_grant_type{400, "unsupported_grant_type",
                                        "The one grant_type of this server is client_credentials."};
constexpr OAuthFailure two_ways{400, "invalid_request",
                                "The client gives its credentials in two ways; one of them is enough."};
constexpr OAuthFailure bad_basic{401, "invalid_client",
                                 "The Authorization field must be HTTP Basic with client id and secret."};
constexpr OAuthFailure no_credentials{
    401, "invalid_client", "The client must give client_id and client_secret: id and text of a token."};

bool is_form(const http::Request& request) {
  std::string_view type = request.headers.get("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return http::same_name(type, "application/x-www-form-urlencoded") &&
         !request.headers.get("Content-Encoding") && request.body.size() <= token_request_bytes_max;
}

// Id and secret, form-encoded each, with a colon between them, in Base64.
std::optional<std::pair<std::string, std::string>> read_basic(std::string_view field) {
  constexpr std::string_view scheme = "Basic ";
  if (!http::same_name(field.substr(0, scheme.size()), scheme)) return std::nullopt;
  field.remove_prefix(std::min(field.find_first_not_of(' ', scheme.size()), field.size()));
  const auto text = from_base64(field);
  const std::size_t colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  auto id = http::percent_decode(std::string_view(*text).substr(0, colon), true);
  auto secret = http::percent_decode(std::string_view(*text).substr(colon + 1), true);
  if (!id || !secret) return std::nullopt;
  return std::pair(std::move(*id), std::move(*secret));
}

}  // namespace

http::Response to_response(const OAuthFailure& failure) {
  http::Response out = arm::json_response(
      failure.status, json::object{{"error", failure.code}, {"error_description", failure.description}});
  out.headers.set("Cache-Control", "no-store");
  out.headers.set("Pragma", "no-cache");
  if (failure.status == 401) out.headers.set("WWW-Authenticate", "Basic realm=\"peeringd\"");
  return out;
}

tl::expected<ClientCredentials, OAuthFailure> read_client_credentials(const http::Request& request) {
  if (!is_form(request)) return tl::unexpected(no_form);
  const auto form = arm::Query::parse(request.body);
  if (!form) return tl::unexpected(no_form);
  const auto given = [&](std::string_view name) { return form->get(name).value_or(""); };
  if (given("grant_type").empty()) return tl::unexpected(no_grant_type);
  if (given("grant_type") != "client_credentials") return tl::unexpected(other_grant_type);
  ClientCredentials out{given("client_id"), given("client_secret"), given("scope"), given("resource")};
  if (const auto field = request.headers.get("Authorization")) {
    auto basic = read_basic(*field);
    if (!basic) return tl::unexpected(bad_basic);
    const bool other_client = !out.id.empty() && out.id != basic->first;
    if (other_client || !out.secret.empty()) return tl::unexpected(two_ways);
    std::tie(out.id, out.secret) = std::move(*basic);
  }
  if (out.id.empty() || out.secret.empty()) return tl::unexpected(no_credentials);
  return out;
}

}  // namespace peering::api
