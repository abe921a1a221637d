#include "app/auth_configuration.h"

#include <set>

namespace peering::app {

Result<std::vector<api::IssuerSettings>> issuer_settings(const Configuration& configuration) {
  std::vector<api::IssuerSettings> out;
  std::set<std::string> seen;
  for (const AuthIssuer& entry : configuration.auth.issuers) {
    if (!seen.insert(entry.issuer).second) {
      return fail(ErrorCode::invalid_argument, "auth.issuers: {} is there twice", entry.issuer);
    }
    if (!entry.jwks_file.empty() && !entry.jwks_uri.empty()) {
      return fail(ErrorCode::invalid_argument, "auth.issuers: {} has both jwks_file and jwks_uri",
                  entry.issuer);
    }
    if (entry.jwks_file.empty() && entry.jwks_uri.empty()) {
      if (const auto ok = api::check_keys_address(entry.issuer); !ok) {
        return fail(ErrorCode::invalid_argument, "auth.issuers: {} without jwks_file or jwks_uri: {}",
                    entry.issuer, ok.error().message);
      }
    }
    api::IssuerSettings settings;
    settings.issuer = entry.issuer;
    settings.audience = entry.audience;
    settings.jwks_file = entry.jwks_file;
    settings.jwks_uri = entry.jwks_uri;
    settings.authority_file = entry.ca_file;
    settings.algorithms = entry.algorithms;
    settings.clock_skew = entry.clock_skew;
    settings.subject_claim = entry.subject_claim;
    settings.roles_claim = entry.roles_claim;
    for (const std::string& text : entry.grants) {
      auto grant = api::parse_claim_grant(text);
      if (!grant) return tl::unexpected(grant.error());
      settings.grants.push_back(std::move(*grant));
    }
    out.push_back(std::move(settings));
  }
  return out;
}

}  // namespace peering::app
