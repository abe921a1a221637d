// Who may do what: tokens, roles, scopes, and what a caller may learn about what she may not see.
//
// A token is a resource (`documents.h`): its role, the scope it holds on (`/`, a subscription, a group, a
// resource; inherited downwards) and the SHA-256 of its text. The text itself is shown once and kept nowhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/arm/failure.h"
#include "api/arm/resource_id.h"
#include "base/json.h"
#include "base/time.h"
#include "store/resource_store.h"

namespace peering::api {

class IdentityProviders;

enum class Role : std::uint8_t { reader, contributor, owner, partner, operator_ };
/// "Reader", "Contributor", "Owner", "Partner", "Operator".
std::string_view to_string(Role role);
/// Compared without case.
std::optional<Role> parse_role(std::string_view text);

/// What a route asks for.
enum class Permission : std::uint8_t {
  open,           ///< no token
  authenticated,  ///< any valid token
  catalogue,      ///< any token with a scope in or above the subscription
  read,
  write,          ///< Contributor, Owner, Operator
  partner_write,  ///< and Partner
  own,            ///< Owner, Operator
  operate,        ///< Operator
  telemetry,      ///< Operator on everything, or a token of the scope "telemetry"
};

/// The scope of tokens that may only hand in samples.
inline constexpr std::string_view telemetry_scope = "telemetry";

/// "/", "telemetry", or the id of a subscription, group or resource, without a trailing '/'; nothing for
/// anything else.
std::optional<std::string> parse_scope(std::string_view text);

/// A role that holds at a scope and in everything below it.
struct Grant {
  Role role = Role::reader;
  std::string scope;  ///< lower case; "/" for everything
  friend bool operator==(const Grant&, const Grant&) = default;
};

/// A known caller.
struct Caller {
  std::string id;  ///< a token's, or the principal of an issuer's subject
  std::vector<Grant> grants;
  std::string name;                ///< of a token; may be empty
  std::string issuer, subject;     ///< empty: a token of ours
  std::optional<TimePoint> until;  ///< of a token of ours: when it expires
};
/// Whether a grant of hers that covers `key` (lower case) allows it.
bool allows(const Caller& caller, Permission permission, std::string_view key);

/// Whether she makes, sees and takes back tokens of that scope (lower case).
bool deals_in(const Caller& caller, std::string_view scope);

/// A token as it is stored.
struct Token {
  std::string id;
  std::string name;
  Role role = Role::reader;
  std::string scope;  ///< as given
  TimePoint created{};
  std::optional<TimePoint> expires;
  std::string hash;  ///< SHA-256 of the text, hexadecimal
};
json::value to_json(const Token& token);
Result<Token> token_from_json(const json::value& value);
std::string token_key(std::string_view id);

/// A new random text `pt-<id>.<secret>` (256 bits of secret).
std::string make_token_text(std::string_view id);
/// The id in a token's text; nothing when it has not the form of one.
std::optional<std::string> token_id_of(std::string_view text);
std::string hash_of_token(std::string_view text);

/// The stored token whose text this is; 401 when there is none, or when it is over at `at`.
arm::Expected<Token> find_token(store::ResourceStore& resources, std::string_view text, TimePoint at);

/// 401 with its challenge (RFC 6750 section 3); `reason` is the `error` there, or empty.
arm::Failure unauthenticated(std::string_view code, std::string message, std::string_view reason);

/// The text after `Authorization: Bearer`; nothing: there is none.
std::optional<std::string_view> bearer_text(const http::Request& request);

/// The caller of a request, from `Authorization: Bearer …`, or 401. `identities` (null: none) knows the
/// tokens that are not ours; then also 503 while it cannot tell.
arm::Expected<Caller> authenticate(store::ResourceStore& resources, IdentityProviders* identities,
                                   const http::Request& request, TimePoint at);

bool role_allows(Role role, Permission permission);

/// True when a scope of the caller's is above, at or below `key`: she may know that it exists.
bool may_know(const Caller& caller, std::string_view key);

/// What is asked, in words of the message.
struct Attempt {
  Permission permission = Permission::read;
  std::string key;           ///< lower-case path
  std::string scope;         ///< the path as it was asked for, for messages
  std::string subscription;  ///< lower case; empty above the subscriptions
  std::string action;        ///< "Microsoft.Peering/peeringServices/write"
};

/// Nothing, 403 `AuthorizationFailed`, or a 404 that looks like that of a resource that does not exist.
arm::Expected<void> authorize(const Caller& caller, const Attempt& attempt);

}  // namespace peering::api
