// POST /telemetry/samples: round-trip samples in (INTERFACES section 7).
#include <algorithm>

#include "api/content_encoding.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

constexpr std::size_t decoded_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t key_bytes_max = 256;

arm::Expected<std::string> read_key(const http::Request& request) {
  const std::string_view key = request.headers.get("Idempotency-Key").value_or("");
  if (key.size() > key_bytes_max || std::ranges::any_of(key, [](char c) { return c < 0x20 || c == 0x7f; })) {
    return arm::bad_argument("Idempotency-Key", key, "at most 256 visible characters");
  }
  return std::string(key);
}

}  // namespace

arm::Answer post_samples(Call& call) {
  const auto key = read_key(call.request);
  if (!key) return tl::unexpected(key.error());
  const auto body = decode_content(call.request.headers.get("Content-Encoding").value_or(""),
                                   call.request.body, decoded_bytes_max);
  if (!body) return arm::failed(body.error());
  const std::string type(call.request.headers.get("Content-Type").value_or(""));
  auto answer = call.services.accept_samples({type, *body, *key});
  if (!answer) return arm::failed(answer.error());
  http::Response out;
  out.status = 202;
  out.headers.set("Content-Type", "application/json; charset=utf-8");
  out.body = std::move(*answer);
  return out;
}

}  // namespace peering::api
