// Callers that others vouch for: tokens of OpenID Connect issuers.
//
// What is accepted is decided by the configuration alone: which issuers, for which audience, with which
// algorithms. Keys come from a file or over HTTPS, are kept until others replace them, and are asked for
// again now and then and when a token names a key that is not known, but not more often than
// `KeyTimes::pause`. Each issuer has a thread of its own for that: a request waits for it shortly and never
// alone decides when.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/access.h"
#include "api/arm/failure.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"

namespace peering::api {

/// A role that everyone has whose token says `value` in the claim for roles.
struct ClaimGrant {
  std::string value;
  Grant grant;
  friend bool operator==(const ClaimGrant&, const ClaimGrant&) = default;
};
/// "VALUE ROLE SCOPE" with blanks between them; the value may have blanks itself.
Result<ClaimGrant> parse_claim_grant(std::string_view text);

/// `[[auth.issuers]]`.
struct IssuerSettings {
  std::string issuer;               ///< as tokens say it, to the letter
  std::string audience;             ///< that tokens must be for
  std::string jwks_file, jwks_uri;  ///< both empty: found by the issuer's OpenID configuration
  std::string authority_file;       ///< PEM; empty: the system's authorities
  std::vector<std::string> algorithms;
  std::chrono::seconds clock_skew{60};
  std::string subject_claim = "sub";
  std::string roles_claim = "roles";  ///< with dots into objects: "realm_access.roles"
  std::vector<ClaimGrant> grants;
};

/// How often keys are asked for.
struct KeyTimes {
  std::chrono::milliseconds refresh{std::chrono::hours(1)};
  std::chrono::milliseconds pause{10'000};         ///< least time between two attempts
  std::chrono::milliseconds wait{2'000};           ///< longest that a request waits for keys
  std::chrono::milliseconds fetch_timeout{5'000};  ///< for each step of a fetch
};

/// `principalId` of a subject: a UUID made of the issuer and the subject (RFC 9562 section 5.8).
std::string principal_of(std::string_view issuer, std::string_view subject);

/// What an address of keys may be: https, or http on this machine. `invalid_argument` else.
Result<void> check_keys_address(std::string_view url);

/// Thread-safe. `metrics` must outlive it.
class IdentityProviders {
 public:
  IdentityProviders(std::vector<IssuerSettings> issuers, Metrics& metrics, KeyTimes times = {});
  ~IdentityProviders();
  IdentityProviders(const IdentityProviders&) = delete;
  IdentityProviders& operator=(const IdentityProviders&) = delete;

  /// The caller that the token names, with the grants of its claims; 401, or 503 with `Retry-After` while an
  /// issuer's keys cannot be had. Blocks at most `KeyTimes::wait`.
  arm::Expected<Caller> authenticate(std::string_view text, TimePoint at);

 private:
  struct Issuer;
  std::vector<std::unique_ptr<Issuer>> issuers_;
};

}  // namespace peering::api
