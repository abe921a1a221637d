// Tokens and key sets of any bytes: no crash, and nothing is believed that no key signed.
#include <cstddef>
#include <cstdint>

#include "api/json_web_token.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using peering::api::JsonWebToken;
  // A key set, a line's end, a token.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  const auto keys = peering::api::parse_key_set(text.substr(0, end));
  const auto token =
      JsonWebToken::read(end == std::string_view::npos ? std::string_view{} : text.substr(end + 1));
  if (keys) {
    PEERING_CHECK(!keys->empty() && keys->size() <= peering::api::key_set_keys_max);
    for (const auto& key : *keys) PEERING_CHECK(key.key != nullptr);
  }
  if (!token || !keys) return 0;
  for (const auto& key : *keys) {
    if (token->signed_by(key)) PEERING_CHECK(key.is_for(token->algorithm()));
  }
  return 0;
}
