// One attempt to hand one delivery to one webhook.
//
// The request is POST with the payload as body and these header fields:
//   Content-Type: application/json
//   Idempotency-Key, Peering-Delivery: the delivery's id, the same on every attempt
//   Peering-Signature: t=<unix seconds>,v1=<HMAC-SHA-256 of "<t>.<body>" with the channel's secret,
//   lower-case
//                      hexadecimal>; left out when the channel has no secret
// A receiver recomputes the signature over the raw body, compares in constant time, refuses an old t, and
// drops an id it has seen: delivery is at least once.
//
// Where webhooks may go: http and https only; certificates are verified; redirects are not followed. Unless
// `allow_loopback` is set, no connection is made to loopback, link-local (cloud metadata), unspecified or
// multicast addresses, whatever the host name resolves to: checked on the resolved address that is connected
// to, so a name that changes between check and use gains nothing. Private networks are allowed, because that
// is where operators' receivers are; who must fence them off does it on the host's firewall.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "http/client.h"
#include "model/alert.h"

namespace peering::alert {

/// A channel of type webhook.
struct Webhook {
  std::string url;
  std::string secret;  ///< empty: not signed
};

/// Reads a channel's document: {"properties": {"type": "webhook", "url": …, "secret": …}}.
Result<Webhook> webhook_from_document(std::string_view document);

/// The value of Peering-Signature.
std::string sign(std::string_view secret, std::string_view body, TimePoint at);
/// What a receiver does: true when the header was made with this secret over this body, at most `age_max`
/// before or after `at`.
bool verify(std::string_view header, std::string_view secret, std::string_view body, TimePoint at,
            Microseconds age_max);

/// False for loopback, link-local, unspecified and multicast addresses, also as IPv4-mapped IPv6.
bool is_public_target(const net::Address& address);

enum class Outcome {
  delivered,  ///< 2xx
  retry,      ///< anything that may be better later
  gone,       ///< 410: the receiver wants no more
};

struct Attempt {
  Outcome outcome = Outcome::retry;
  std::string error;                       ///< why not
  std::optional<Microseconds> not_before;  ///< from now, when the receiver gave a Retry-After
};

/// Blocking.
Attempt send(http::Client& client, const Webhook& webhook, const model::Delivery& delivery, TimePoint at);

}  // namespace peering::alert
