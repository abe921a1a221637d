// Tokens: made, listed and taken back over the API. The text of a token is in one answer only.
#include <algorithm>
#include <charconv>

#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "base/digest.h"

namespace peering::api {

namespace {

constexpr std::size_t id_hexadecimal_digits = 16;
constexpr std::size_t tokens_shown_max = 10000;

json::object shown_token(const Token& token) {
  json::object out = to_json(token).as_object();
  out.erase("hash");
  return out;
}

arm::Expected<void> check_dealer(Call& call, std::string_view scope) {
  if (deals_in(call.caller, scope)) return {};
  if (scope.starts_with("/subscriptions/") && may_know(call.caller, scope)) {
    call.refused_at = std::string(scope) + call.key;
  }
  return arm::refuse(
      403, "AuthorizationFailed",
      fmt::format("The client '{0}' with object id '{0}' does not have authorization to perform "
                  "action 'Open.Peering/tokens/write' over scope '{1}'.",
                  call.caller.id, scope));
}

// Only Owners and Operators deal in tokens, each within her own scopes.
arm::Expected<void> check_deals_at_all(Call& call) {
  const std::vector<Grant>& grants = call.caller.grants;
  if (std::ranges::any_of(grants, [](const Grant& g) { return role_allows(g.role, Permission::own); }))
    return {};
  return check_dealer(call, grants.empty() ? "/" : std::string_view(grants.front().scope));
}

arm::Expected<std::string> read_scope(const json::value& body) {
  auto text = arm::required_text(body, "scope", "scope", 2048);
  if (!text) return text;
  auto scope = parse_scope(*text);
  if (scope) return std::move(*scope);
  return arm::bad_argument("scope", *text,
                           "/, telemetry, or the id of a subscription, a resource group or a resource");
}

// RFC 3339, or "30d", "12h", "90m" from now.
arm::Expected<std::optional<TimePoint>> read_expiry(const json::value& body, TimePoint at) {
  const auto text = arm::text_member(body, "expires", "expires", 64);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return std::optional<TimePoint>{};
  const std::string& given = **text;
  std::int64_t count = 0;
  const auto parsed = std::from_chars(given.data(), given.data() + given.size(), count);
  const bool duration = parsed.ec == std::errc() && parsed.ptr + 1 == given.data() + given.size() &&
                        count > 0 && count <= 100'000;
  if (duration && given.back() == 'd') return std::optional<TimePoint>(at + std::chrono::days(count));
  if (duration && given.back() == 'h') return std::optional<TimePoint>(at + std::chrono::hours(count));
  if (duration && given.back() == 'm') return std::optional<TimePoint>(at + std::chrono::minutes(count));
  const auto moment = parse_rfc3339(given);
  if (!moment || *moment <= at) {
    return arm::bad_argument("expires", given,
                             "a duration such as 30d, 12h or 90m, or a time that is to come");
  }
  return std::optional<TimePoint>(*moment);
}

arm::Expected<Role> read_role(Call& call, const json::value& body, const std::string& scope) {
  const auto text = arm::text_member(body, "role", "role", 64);
  if (!text) return tl::unexpected(text.error());
  if (!*text && scope == telemetry_scope) return Role::reader;
  const auto role = parse_role(text->value_or(""));
  if (!role) {
    return arm::bad_argument("role", text->value_or(""), "Reader, Contributor, Owner, Partner or Operator");
  }
  const std::string at = scope == telemetry_scope ? "/" : model::lower(scope);
  if (*role == Role::operator_ && !allows(call.caller, Permission::operate, at)) {
    if (at.starts_with("/subscriptions/")) call.refused_at = at + call.key;
    return arm::refuse(403, "AuthorizationFailed",
                       "Only an Operator can make a token with the role Operator.");
  }
  return *role;
}

arm::Expected<std::optional<Token>> load_token(const Call& call, std::string_view id) {
  const auto record = load(call, token_key(id));
  if (!record) return tl::unexpected(record.error());
  if (!*record) return std::optional<Token>{};
  auto token = token_from_json(json::value((*record)->document));
  if (!token) return arm::failed(token.error());
  return std::optional<Token>(std::move(*token));
}

}  // namespace

arm::Answer list_tokens(Call& call) {
  if (auto ok = check_deals_at_all(call); !ok) return tl::unexpected(ok.error());
  const auto records = load_all(call, token_type, token_key(""), tokens_shown_max);
  if (!records) return tl::unexpected(records.error());
  json::array out;
  for (const Record& record : *records) {
    const auto token = token_from_json(json::value(record.document));
    if (!token) return arm::failed(token.error());
    if (deals_in(call.caller, model::lower(token->scope))) out.push_back(shown_token(*token));
  }
  return list_values(call, out);
}

arm::Answer create_token(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto scope = read_scope(*body);
  if (!scope) return tl::unexpected(scope.error());
  if (auto ok = check_dealer(call, model::lower(*scope)); !ok) return tl::unexpected(ok.error());
  const auto role = read_role(call, *body, *scope);
  if (!role) return tl::unexpected(role.error());
  const auto name = arm::text_member(*body, "name", "name", 128);
  if (!name) return tl::unexpected(name.error());
  const auto expires = read_expiry(*body, call.at);
  if (!expires) return tl::unexpected(expires.error());
  std::string id = random_uuid();
  std::erase(id, '-');
  id.resize(id_hexadecimal_digits);
  const std::string text = make_token_text(id);
  const Token token{id, name->value_or(""), *role, *scope, call.at, *expires, hash_of_token(text)};
  if (auto saved = save(call, {token_key(id), token_type, "", ""}, to_json(token).as_object(), std::nullopt);
      !saved) {
    return tl::unexpected(saved.error());
  }
  json::object out = shown_token(token);
  out["token"] = text;
  return arm::json_response(201, out);
}

arm::Answer delete_token(Call& call) {
  const std::string& id = call.parameter("tokenId");
  const auto token = load_token(call, id);
  if (!token) return tl::unexpected(token.error());
  if (auto ok = check_deals_at_all(call); !ok) return tl::unexpected(ok.error());
  // A token of another scope looks like one that does not exist.
  if (!*token || !deals_in(call.caller, model::lower((*token)->scope))) return deleted(false);
  const auto existed = remove_with_children(call, token_key(id));
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

}  // namespace peering::api
