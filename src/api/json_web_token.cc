#include "api/json_web_token.h"

#include <algorithm>
#include <array>

extern "C" {
#include <cjose/cjose.h>
}
#include <openssl/err.h>

#include "base/strict_json.h"

namespace peering::api {

namespace {

constexpr std::size_t rsa_bits_min = 2048;
constexpr std::size_t key_id_bytes_max = 512;

struct Algorithm {
  std::string_view name, type, curve;
};
constexpr std::array<Algorithm, 9> algorithms = {{
    {"RS256", "RSA", ""},
    {"RS384", "RSA", ""},
    {"RS512", "RSA", ""},
    {"PS256", "RSA", ""},
    {"PS384", "RSA", ""},
    {"PS512", "RSA", ""},
    {"ES256", "EC", "P-256"},
    {"ES384", "EC", "P-384"},
    {"ES512", "EC", "P-521"},
}};

const Algorithm* find_algorithm(std::string_view name) {
  const auto found = std::ranges::find(algorithms, name, &Algorithm::name);
  return found == algorithms.end() ? nullptr : &*found;
}

// The alphabet and the lengths of RFC 4648 section 5 without padding. The library's decoder ends the process
// at some of the rest, so it gets nothing else.
bool is_base64url(std::string_view text) {
  return text.size() % 4 != 1 && std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_';
         });
}

// Three parts with dots between them.
bool is_compact(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return false;
  return is_base64url(text.substr(0, first)) && is_base64url(text.substr(first + 1, second - first - 1)) &&
         is_base64url(text.substr(second + 1));
}

using Signature = std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)>;

// The library leaves what went wrong in OpenSSL's list of this thread, where the next user would find it.
struct ForgottenErrors {
  ~ForgottenErrors() { ERR_clear_error(); }
};

Signature import_signature(std::string_view text) {
  cjose_err error{};
  return {cjose_jws_import(text.data(), text.size(), &error), &cjose_jws_release};
}

std::string header_text(cjose_header_t* header, const char* name) {
  cjose_err error{};
  const char* value = cjose_header_get(header, name, &error);
  return value ? value : "";
}

bool has_header(cjose_header_t* header, const char* name) {
  cjose_err error{};
  char* raw = cjose_header_get_raw(header, name, &error);
  const bool present = raw != nullptr;
  cjose_get_dealloc()(raw);
  return present;
}

// Public members only: a set that shows private ones is read without them.
json::object public_part(const json::value& key) {
  json::object out;
  for (const std::string_view name : {"kty", "kid", "n", "e", "crv", "x", "y"}) {
    if (const json::value* value = find(key, name)) out[name] = *value;
  }
  return out;
}

bool is_for_signatures(const json::value& key) {
  if (const json::value* use = find(key, "use"); use && *use != "sig") return false;
  const json::value* operations = find(key, "key_ops");
  if (!operations) return true;
  return operations->is_array() &&
         std::ranges::any_of(operations->get_array(), [](const json::value& v) { return v == "verify"; });
}

std::optional<VerificationKey> read_key(const json::value& value) {
  VerificationKey out;
  out.type = find_string(value, "kty").value_or("");
  out.curve = find_string(value, "crv").value_or("");
  out.id = find_string(value, "kid").value_or("");
  out.algorithm = find_string(value, "alg").value_or("");
  const bool known = std::ranges::any_of(algorithms, [&](const Algorithm& each) {
    return each.type == out.type && (each.type == "RSA" || each.curve == out.curve);
  });
  if (!known || out.id.size() > key_id_bytes_max || !is_for_signatures(value)) return std::nullopt;
  if (!out.algorithm.empty() && !out.is_for(out.algorithm)) return std::nullopt;
  for (const std::string_view member : {"n", "e", "x", "y"}) {
    const json::value* number = find(value, member);
    if (number && !(number->is_string() && is_base64url(number->get_string()))) return std::nullopt;
  }
  const std::string text = json::serialize(public_part(value));
  cjose_err error{};
  cjose_jwk_t* key = cjose_jwk_import(text.data(), text.size(), &error);
  if (!key) return std::nullopt;
  out.key = std::shared_ptr<const cjose_jwk_t>(key, [](cjose_jwk_t* each) { cjose_jwk_release(each); });
  if (out.type == "RSA" && cjose_jwk_get_keysize(key, &error) < rsa_bits_min) return std::nullopt;
  return out;
}

}  // namespace

bool is_signature_algorithm(std::string_view name) { return find_algorithm(name) != nullptr; }

bool VerificationKey::is_for(std::string_view wanted) const {
  const Algorithm* found = find_algorithm(wanted);
  if (!found || found->type != type || (type == "EC" && found->curve != curve)) return false;
  return algorithm.empty() || algorithm == wanted;
}

Result<KeySet> parse_key_set(std::string_view text) {
  const ForgottenErrors forget;
  if (text.size() > key_set_bytes_max) {
    return fail(ErrorCode::invalid_argument, "a key set of {} bytes; the limit is {}", text.size(),
                key_set_bytes_max);
  }
  const auto document = parse_json(text);
  if (!document) return fail(ErrorCode::invalid_argument, "no key set: {}", document.error().message);
  const json::value* keys = find(*document, "keys");
  if (!keys || !keys->is_array()) {
    return fail(ErrorCode::invalid_argument, "no key set: the list 'keys' is missing");
  }
  KeySet out;
  for (const json::value& each : keys->get_array()) {
    if (out.size() == key_set_keys_max) break;
    if (auto key = read_key(each)) out.push_back(std::move(*key));
  }
  if (out.empty()) {
    return fail(ErrorCode::invalid_argument, "the key set has no RSA or EC key for signatures");
  }
  return out;
}

Result<JsonWebToken> JsonWebToken::read(std::string_view text) {
  const ForgottenErrors forget;
  if (text.size() > json_web_token_bytes_max) {
    return fail(ErrorCode::invalid_argument, "a token of {} bytes; the limit is {}", text.size(),
                json_web_token_bytes_max);
  }
  if (!is_compact(text)) {
    return fail(ErrorCode::invalid_argument, "a token has three parts of base64url with dots between them");
  }
  const Signature signature = import_signature(text);
  cjose_header_t* header = signature ? cjose_jws_get_protected(signature.get()) : nullptr;
  std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  cjose_err error{};
  if (!header || !cjose_jws_get_plaintext(signature.get(), &bytes, &size, &error)) {
    return fail(ErrorCode::invalid_argument, "the token is no JWS in compact form");
  }
  if (has_header(header, "crit")) {
    return fail(ErrorCode::invalid_argument, "the token's header asks for extensions (crit)");
  }
  JsonWebToken out;
  out.text_ = text;
  out.algorithm_ = header_text(header, "alg");
  out.key_id_ = header_text(header, "kid");
  auto payload = parse_json_strictly(std::string_view(reinterpret_cast<const char*>(bytes), size));
  if (!payload || !payload->is_object()) {
    return fail(ErrorCode::invalid_argument, "the token's payload is no JSON object");
  }
  out.claims_ = std::move(payload->get_object());
  return out;
}

bool JsonWebToken::signed_by(const VerificationKey& key) const {
  const ForgottenErrors forget;
  if (!key.is_for(algorithm_)) return false;
  // Read anew for every key: after a failure the library's object is not to be used again.
  const Signature signature = import_signature(text_);
  cjose_err error{};
  return signature && cjose_jws_verify(signature.get(), key.key.get(), &error);
}

}  // namespace peering::api
