// JSON Web Tokens as they arrive: JWS compact serialization (RFC 7515), JWK sets (RFC 7517) and the claims of
// a JWT (RFC 7519). The one place that sees cjose, the JOSE library.
//
// A token is read, then checked against one key. Nothing of it may be believed before `signed_by` said true;
// what `algorithm` says is compared with a list of the caller's, never followed (RFC 8725 section 3.1).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

struct _cjose_jwk_int;

namespace peering::api {

/// Longest token and key set that are looked at.
inline constexpr std::size_t json_web_token_bytes_max = 16 * 1024;
inline constexpr std::size_t key_set_bytes_max = 512 * 1024;
inline constexpr std::size_t key_set_keys_max = 64;

/// RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512: signatures whose keys are public. `none`
/// and those with shared secrets are never accepted.
bool is_signature_algorithm(std::string_view name);

/// A public key for signatures. Copies share the key; thread-safe.
struct VerificationKey {
  std::string id;         ///< `kid`; may be empty
  std::string algorithm;  ///< `alg`; empty: any that the key's type and curve allow
  std::string type;       ///< "RSA", "EC"
  std::string curve;      ///< "P-256", "P-384", "P-521" of EC
  std::shared_ptr<const _cjose_jwk_int> key;

  /// Whether type, curve and `alg` of the key go with the algorithm (RFC 7518 section 3.1).
  bool is_for(std::string_view wanted) const;
};
using KeySet = std::vector<VerificationKey>;

/// A JWK set (RFC 7517 section 5). Keys that are for something else, of other types, broken, or RSA under
/// 2048 bits are left out. `invalid_argument` when it is no set or has no key that is left.
Result<KeySet> parse_key_set(std::string_view text);

/// A token that has the form of one.
class JsonWebToken {
 public:
  /// Refuses (`invalid_argument`) what is too long or no JWS of three parts, headers with `crit` (no
  /// extension is understood), and payloads that are no JSON object.
  static Result<JsonWebToken> read(std::string_view text);

  const std::string& algorithm() const { return algorithm_; }
  const std::string& key_id() const { return key_id_; }
  /// Of the payload; to be believed only once `signed_by` said true.
  const json::object& claims() const { return claims_; }
  /// Whether the key is for the token's algorithm and the signature is the key's.
  bool signed_by(const VerificationKey& key) const;

 private:
  std::string text_, algorithm_, key_id_;
  json::object claims_;
};

}  // namespace peering::api
