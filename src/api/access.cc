#include "api/access.h"

#include <algorithm>
#include <array>

#include "api/arm/names.h"
#include "api/identity_providers.h"
#include "base/digest.h"
#include "base/json.h"
#include "model/registry.h"

namespace peering::api {

namespace {

constexpr std::string_view token_mark = "pt-";
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t token_text_bytes_max = 256;
constexpr std::array<std::string_view, 5> role_names = {"Reader", "Contributor", "Owner", "Partner",
                                                        "Operator"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

arm::Failure unauthenticated(std::string_view code, std::string message, std::string_view reason) {
  arm::Failure out{401, std::string(code), std::move(message), {}};
  std::string challenge = "Bearer realm=\"peeringd\"";
  if (!reason.empty()) challenge += fmt::format(", error=\"{}\"", reason);
  out.headers.emplace_back("WWW-Authenticate", std::move(challenge));
  return out;
}

std::optional<std::string> parse_scope(std::string_view text) {
  if (text == "/" || arm::same_name(text, telemetry_scope)) return model::lower(text);
  const auto segments = arm::split_path(text);
  const auto id = segments ? arm::parse_resource_id(*segments) : std::nullopt;
  const bool whole = id && arm::is_guid(id->subscription) &&
                     (segments->size() == 2 || segments->size() == 4 || !id->providers.empty());
  if (!whole) return std::nullopt;
  return arm::join_path(*segments);
}

std::string_view to_string(Role role) { return role_names[static_cast<std::size_t>(role)]; }

std::optional<Role> parse_role(std::string_view text) {
  for (std::size_t i = 0; i < role_names.size(); ++i) {
    if (arm::same_name(text, role_names[i])) return static_cast<Role>(i);
  }
  return std::nullopt;
}

json::value to_json(const Token& token) {
  json::object out{{"id", token.id},
                   {"name", token.name},
                   {"role", to_string(token.role)},
                   {"scope", token.scope},
                   {"created", format_rfc3339(token.created)},
                   {"hash", token.hash}};
  if (token.expires) out["expires"] = format_rfc3339(*token.expires);
  return out;
}

Result<Token> token_from_json(const json::value& value) {
  Token out;
  const auto role = parse_role(find_string(value, "role").value_or(""));
  const auto created = parse_rfc3339(find_string(value, "created").value_or(""));
  out.id = find_string(value, "id").value_or("");
  out.scope = find_string(value, "scope").value_or("");
  out.hash = find_string(value, "hash").value_or("");
  out.name = find_string(value, "name").value_or("");
  if (!role || !created || out.id.empty() || out.scope.empty() || out.hash.empty()) {
    return fail(ErrorCode::corrupt, "a stored token lacks id, role, scope, created or hash");
  }
  out.role = *role;
  out.created = *created;
  if (const auto text = find_string(value, "expires")) {
    const auto expires = parse_rfc3339(*text);
    if (!expires) return fail(ErrorCode::corrupt, "a stored token's expiry: {}", expires.error().message);
    out.expires = *expires;
  }
  return out;
}

std::string token_key(std::string_view id) { return "/providers/open.peering/tokens/" + model::lower(id); }

std::string make_token_text(std::string_view id) {
  return std::string(token_mark) + std::string(id) + "." + to_base64url(random_bytes(secret_bytes));
}

std::optional<std::string> token_id_of(std::string_view text) {
  if (text.size() > token_text_bytes_max || !text.starts_with(token_mark)) return std::nullopt;
  text.remove_prefix(token_mark.size());
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || !arm::is_resource_name(text.substr(0, dot))) return std::nullopt;
  return std::string(text.substr(0, dot));
}

std::string hash_of_token(std::string_view text) { return to_hex(sha256(text)); }

namespace {

tl::unexpected<arm::Failure> refused(std::string_view code, std::string message, std::string_view reason) {
  return tl::unexpected(unauthenticated(code, std::move(message), reason));
}

}  // namespace

arm::Expected<Token> find_token(store::ResourceStore& resources, std::string_view text, TimePoint at) {
  const auto unusable = [] {
    return refused("InvalidAuthenticationToken", "The access token is invalid.", "invalid_token");
  };
  const auto id = token_id_of(text);
  if (!id) return unusable();
  const auto stored = resources.get(token_key(*id));
  if (!stored) return arm::failed(stored.error());
  if (!*stored) return unusable();
  const auto document = parse_json((*stored)->document);
  if (!document) return arm::failed(document.error());
  auto token = token_from_json(*document);
  if (!token) return arm::failed(token.error());
  if (!equal_constant_time(token->hash, hash_of_token(text))) return unusable();
  if (token->expires && *token->expires <= at) {
    return refused("ExpiredAuthenticationToken",
                   fmt::format("The access token expired on '{}'.", format_rfc3339(*token->expires)),
                   "invalid_token");
  }
  return std::move(*token);
}

namespace {

arm::Expected<Caller> authenticate_local(store::ResourceStore& resources, std::string_view text,
                                         TimePoint at) {
  const auto token = find_token(resources, text, at);
  if (!token) return tl::unexpected(token.error());
  return Caller{token->id, {{token->role, model::lower(token->scope)}}, token->name, "", "", token->expires};
}

}  // namespace

std::optional<std::string_view> bearer_text(const http::Request& request) {
  const std::string_view header = trimmed(request.headers.get("Authorization").value_or(""));
  const std::size_t blank = header.find(' ');
  if (blank == std::string_view::npos || !arm::same_name(header.substr(0, blank), "Bearer"))
    return std::nullopt;
  return trimmed(header.substr(blank));
}

arm::Expected<Caller> authenticate(store::ResourceStore& resources, IdentityProviders* identities,
                                   const http::Request& request, TimePoint at) {
  if (trimmed(request.headers.get("Authorization").value_or("")).empty()) {
    return refused("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.",
                   "");
  }
  const auto text = bearer_text(request);
  if (!text) {
    return refused("AuthenticationFailed",
                   "Authentication failed. The 'Authorization' header is no bearer token.", "");
  }
  if (!identities || text->starts_with(token_mark)) return authenticate_local(resources, *text, at);
  return identities->authenticate(*text, at);
}

bool role_allows(Role role, Permission permission) {
  switch (permission) {
    case Permission::open:
    case Permission::authenticated:
    case Permission::catalogue:
    case Permission::read:
      return true;
    case Permission::write:
      return role == Role::contributor || role == Role::owner || role == Role::operator_;
    case Permission::partner_write:
      return role != Role::reader;
    case Permission::own:
      return role == Role::owner || role == Role::operator_;
    case Permission::operate:
    case Permission::telemetry:
      return role == Role::operator_;
  }
  return false;
}

bool allows(const Caller& caller, Permission permission, std::string_view key) {
  return std::ranges::any_of(caller.grants, [&](const Grant& grant) {
    return arm::covers(grant.scope, key) && role_allows(grant.role, permission);
  });
}

bool deals_in(const Caller& caller, std::string_view scope) {
  // Samples come for everyone's prefixes.
  return scope == telemetry_scope ? allows(caller, Permission::operate, "/")
                                  : allows(caller, Permission::own, scope);
}

bool may_know(const Caller& caller, std::string_view key) {
  return std::ranges::any_of(caller.grants, [&](const Grant& grant) {
    return arm::covers(grant.scope, key) || arm::covers(key, grant.scope);
  });
}

arm::Expected<void> authorize(const Caller& caller, const Attempt& attempt) {
  if (attempt.permission == Permission::open || attempt.permission == Permission::authenticated) return {};
  const auto forbidden = [&] {
    return arm::refuse(
        403, "AuthorizationFailed",
        fmt::format("The client '{0}' with object id '{0}' does not have authorization to perform action "
                    "'{1}' over scope '{2}'.",
                    caller.id, attempt.action, attempt.scope));
  };
  const auto any = [&](auto holds) { return std::ranges::any_of(caller.grants, holds); };
  if (attempt.permission == Permission::telemetry) {
    const bool may = any([](const Grant& grant) {
      return grant.scope == telemetry_scope || (grant.role == Role::operator_ && grant.scope == "/");
    });
    if (may) return {};
    return forbidden();
  }
  if (allows(caller, attempt.permission, attempt.key)) return {};
  if (any([&](const Grant& grant) { return arm::covers(grant.scope, attempt.key); })) return forbidden();
  const std::string subscription_key = "/subscriptions/" + attempt.subscription;
  if (attempt.permission == Permission::catalogue && may_know(caller, subscription_key)) return {};
  // What lies above her scope she may know of; so may she of what is the subscription's own.
  const bool in_group = attempt.key.starts_with(subscription_key + "/resourcegroups/");
  const bool above = any([&](const Grant& grant) { return arm::covers(attempt.key, grant.scope); });
  if (above || attempt.subscription.empty() || !in_group) return forbidden();
  return arm::refuse(404, "ResourceNotFound", fmt::format("The Resource '{}' was not found.", attempt.key));
}

}  // namespace peering::api
