#include "alert/webhook.h"

#include <charconv>

#include "base/digest.h"
#include "base/json.h"

namespace peering::alert {

namespace {

std::int64_t unix_seconds(TimePoint at) { return to_us(at) / 1'000'000; }

std::string digest_of(std::string_view secret, std::string_view body, std::string_view seconds) {
  std::string message;
  message.reserve(seconds.size() + 1 + body.size());
  message.append(seconds).append(".").append(body);
  return to_hex(hmac_sha256(secret, message));
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t out = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return std::nullopt;
  return out;
}

// Retry-After in seconds (RFC 9110 section 10.2.3); a date is not understood and ignored.
std::optional<Microseconds> retry_after(const http::Response& response) {
  const auto field = response.headers.get("Retry-After");
  const auto seconds = field ? number(*field) : std::nullopt;
  if (!seconds || *seconds < 0 || *seconds > 86400) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

}  // namespace

Result<Webhook> webhook_from_document(std::string_view document) {
  const auto parsed = parse_json(document);
  if (!parsed) return tl::unexpected(parsed.error());
  const json::value* properties = find(*parsed, "properties");
  const std::string type = properties ? find_string(*properties, "type").value_or("") : "";
  if (type != "webhook") return tl::unexpected(invalid("properties.type", type, "webhook"));
  Webhook out;
  out.url = find_string(*properties, "url").value_or("");
  if (!out.url.starts_with("http://") && !out.url.starts_with("https://")) {
    return tl::unexpected(invalid("properties.url", out.url, "starts with http:// or https://"));
  }
  out.secret = find_string(*properties, "secret").value_or("");
  return out;
}

std::string sign(std::string_view secret, std::string_view body, TimePoint at) {
  const std::string seconds = std::to_string(unix_seconds(at));
  return "t=" + seconds + ",v1=" + digest_of(secret, body, seconds);
}

bool verify(std::string_view header, std::string_view secret, std::string_view body, TimePoint at,
            Microseconds age_max) {
  const std::size_t comma = header.find(',');
  if (!header.starts_with("t=") || comma == std::string_view::npos) return false;
  const std::string_view seconds = header.substr(2, comma - 2), rest = header.substr(comma + 1);
  const auto made = number(seconds);
  if (!made || !rest.starts_with("v1=")) return false;
  const std::int64_t age_s = unix_seconds(at) - *made;
  const auto limit_s = std::chrono::duration_cast<std::chrono::seconds>(age_max).count();
  if (age_s > limit_s || age_s < -limit_s) return false;
  return equal_constant_time(rest.substr(3), digest_of(secret, body, seconds));
}

bool is_public_target(const net::Address& given) {
  const net::Address address = given.unmapped();
  if (address.is_loopback() || address.is_unspecified()) return false;
  const auto bytes = address.bytes();
  if (address.is_v4()) {
    const bool link_local = bytes[0] == 169 && bytes[1] == 254;
    return bytes[0] != 0 && bytes[0] < 224 && bytes[0] != 127 && !link_local;
  }
  const bool link_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
  return bytes[0] != 0xff && !link_local;
}

Attempt send(http::Client& client, const Webhook& webhook, const model::Delivery& delivery, TimePoint at) {
  http::ClientRequest request;
  request.method = http::Method::post;
  request.url = webhook.url;
  request.headers.set("Content-Type", "application/json");
  request.headers.set("Idempotency-Key", delivery.id);
  request.headers.set("Peering-Delivery", delivery.id);
  if (!webhook.secret.empty()) {
    request.headers.set("Peering-Signature", sign(webhook.secret, delivery.payload, at));
  }
  request.body = delivery.payload;
  const auto response = client.send(request);
  if (!response) return {Outcome::retry, response.error().message, std::nullopt};
  if (response->status >= 200 && response->status < 300) return {Outcome::delivered, "", std::nullopt};
  std::string error = fmt::format("the receiver answered {}", response->status);
  if (response->status == 410) return {Outcome::gone, std::move(error), std::nullopt};
  return {Outcome::retry, std::move(error), retry_after(*response)};
}

}  // namespace peering::alert
