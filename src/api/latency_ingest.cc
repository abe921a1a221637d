// POST /telemetry/samples: round-trip samples in.
#include <algorithm>

#include "api/content_encoding.h"
#include "api/handlers.h"
#include "latency/ingest.h"

namespace peering::api {

namespace {

constexpr std::size_t key_bytes_max = 256;

arm::Expected<std::string> read_key(const http::Request& request) {
  const std::string_view key = request.headers.get("Idempotency-Key").value_or("");
  if (key.size() > key_bytes_max || std::ranges::any_of(key, [](char c) { return c < 0x20 || c == 0x7f; })) {
    return arm::bad_argument("Idempotency-Key", key, "at most 256 visible characters");
  }
  return std::string(key);
}

arm::Expected<latency::IngestedBody> read_body(const Call& call, const std::string& key) {
  const http::Request& request = call.request;
  const auto format = latency::sample_format(request.headers.get("Content-Type").value_or(""));
  if (!format) return arm::failed(format.error());
  const std::string_view encoding = request.headers.get("Content-Encoding").value_or("");
  Result<std::string> unpacked;
  std::string_view text = request.body;  // not copied: it may be large
  if (!is_identity(encoding)) {
    unpacked = decode_content(encoding, request.body, latency::body_bytes_max);
    if (!unpacked) return arm::failed(unpacked.error());
    text = *unpacked;
  }
  latency::SampleRules rules;
  rules.now = call.at;
  rules.accept_age = call.services.settings.accept_age;
  auto body = latency::read_samples(*format, text, key, rules, *call.services.registry());
  if (!body) return arm::failed(body.error());
  return std::move(*body);
}

void count(Metrics& metrics, const latency::IngestedBody& body) {
  metrics.counter("peering_samples_accepted_total", "Samples that were answered as accepted.")
      .add(static_cast<double>(body.accepted));
  metrics.counter("peering_samples_rejected_total", "Samples that broke a rule.")
      .add(static_cast<double>(body.rejected));
  metrics.counter("peering_samples_unmatched_total", "Accepted samples of clients in no registered prefix.")
      .add(static_cast<double>(body.unmatched));
}

}  // namespace

arm::Answer post_samples(Call& call) {
  const auto key = read_key(call.request);
  if (!key) return tl::unexpected(key.error());
  const auto body = read_body(call, *key);
  if (!body) return tl::unexpected(body.error());
  std::string answer = json::serialize(latency::to_json(*body));
  latency::LoggedBatch logged;
  // Nothing to keep, and no key to remember: nothing is written.
  if (!body->batch.samples.empty() || !key->empty()) {
    auto kept = call.services.accept_samples(body->batch, answer);
    if (!kept) return arm::failed(kept.error());
    logged = std::move(*kept);
  }
  if (logged.duplicate) {
    answer = std::move(logged.answer);
  } else {
    count(call.services.metrics, *body);
  }
  http::Response out;
  out.status = 202;
  out.headers.set("Content-Type", "application/json; charset=utf-8");
  out.body = std::move(answer);
  return out;
}

}  // namespace peering::api
