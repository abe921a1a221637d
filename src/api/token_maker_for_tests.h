// For tests: an issuer's key and the tokens it signs, made with OpenSSL alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/json.h"

namespace peering::api {

class SigningKey {
 public:
  static SigningKey rsa(std::string id, unsigned bits = 2048) {
    return {std::move(id), EVP_RSA_gen(static_cast<std::size_t>(bits))};
  }
  static SigningKey ec(std::string id, const char* curve = "P-256") {
    return {std::move(id), EVP_EC_gen(curve)};
  }

  /// The public key as a JWK.
  json::object jwk() const {
    json::object out{{"kid", id_}, {"use", "sig"}};
    if (EVP_PKEY_is_a(key_.get(), "RSA")) {
      out["kty"] = "RSA";
      out["n"] = number(OSSL_PKEY_PARAM_RSA_N, 0);
      out["e"] = number(OSSL_PKEY_PARAM_RSA_E, 0);
    } else {
      const int bytes = (EVP_PKEY_get_bits(key_.get()) + 7) / 8;
      out["kty"] = "EC";
      out["crv"] = bytes == 32 ? "P-256" : bytes == 48 ? "P-384" : "P-521";
      out["x"] = number(OSSL_PKEY_PARAM_EC_PUB_X, bytes);
      out["y"] = number(OSSL_PKEY_PARAM_EC_PUB_Y, bytes);
    }
    return out;
  }

  /// `<header>.<claims>.<signature>`, signed as the header's `alg` says.
  std::string token(const json::object& claims, json::object header) const {
    if (!id_.empty()) header.emplace("kid", id_);
    const std::string algorithm(header.at("alg").as_string());
    const std::string text =
        to_base64url(json::serialize(header)) + "." + to_base64url(json::serialize(claims));
    return text + "." + to_base64url(signature(text, algorithm));
  }
  std::string token(const json::object& claims, std::string_view algorithm) const {
    return token(claims, json::object{{"alg", algorithm}, {"typ", "JWT"}});
  }

 private:
  SigningKey(std::string id, EVP_PKEY* key) : id_(std::move(id)), key_(key, &EVP_PKEY_free) {
    PEERING_CHECK(key != nullptr);
  }

  std::string number(const char* name, int bytes) const {
    BIGNUM* value = nullptr;
    PEERING_CHECK(EVP_PKEY_get_bn_param(key_.get(), name, &value) == 1);
    std::string out(static_cast<std::size_t>(bytes ? bytes : BN_num_bytes(value)), '\0');
    PEERING_CHECK(
        BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) >= 0);
    BN_free(value);
    return to_base64url(out);
  }

  std::string signature(const std::string& text, const std::string& algorithm) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    const EVP_MD* digest = algorithm.ends_with("512")   ? EVP_sha512()
                           : algorithm.ends_with("384") ? EVP_sha384()
                                                        : EVP_sha256();
    EVP_PKEY_CTX* options = nullptr;
    PEERING_CHECK(EVP_DigestSignInit(context.get(), &options, digest, nullptr, key_.get()) == 1);
    if (algorithm.starts_with("PS")) {
      PEERING_CHECK(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
      PEERING_CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    PEERING_CHECK(EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1);
    std::string out(size, '\0');
    PEERING_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes,
                                 text.size()) == 1);
    out.resize(size);
    return algorithm.starts_with("ES") ? two_numbers(out) : out;
  }

  // RFC 7518 section 3.4: R and S, each of the curve's length.
  std::string two_numbers(const std::string& der) const {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    PEERING_CHECK(pair != nullptr);
    const int bytes = (EVP_PKEY_get_bits(key_.get()) + 7) / 8;
    std::string out(static_cast<std::size_t>(2 * bytes), '\0');
    auto* first = reinterpret_cast<unsigned char*>(out.data());
    PEERING_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(pair), first, bytes) == bytes);
    PEERING_CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(pair), first + bytes, bytes) == bytes);
    ECDSA_SIG_free(pair);
    return out;
  }

  std::string id_;
  std::shared_ptr<EVP_PKEY> key_;
};

inline std::string key_set_of(const std::vector<json::object>& keys) {
  json::array list;
  for (const json::object& key : keys) list.push_back(key);
  return json::serialize(json::object{{"keys", std::move(list)}});
}

}  // namespace peering::api
