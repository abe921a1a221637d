// Round-trip times that monitoring systems hand on: Prometheus remote-write 1.0 and OTLP over HTTP.
#include "api/content_encoding.h"
#include "api/handlers.h"
#include "base/digest.h"
#include "latency/match.h"
#include "latency/otlp.h"

namespace peering::api {

namespace {

arm::Failure no_metric_rules() {
  return {404, "NotFound", "There is nothing at this path: there is no [[latency.metrics]].", {}};
}

std::string_view media_type(const http::Request& request) {
  const std::string_view given = request.headers.get("Content-Type").value_or("");
  std::string_view type = given.substr(0, given.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

latency::SampleRules rules_of_metrics(const Call& call) {
  latency::SampleRules out;
  out.now = call.at;
  out.accept_age = call.services.settings.accept_age;
  return out;
}

// Makes what was read durable; the same body again counts once, as senders send again what was not answered.
Result<void> keep(const Call& call, std::string_view protocol, const latency::DecodedMetrics& taken) {
  latency::MatchedSamples matched = latency::match_samples(taken.decoded, *call.services.registry());
  bool counts = true;
  if (!matched.batch.samples.empty()) {
    matched.batch.body_digest = to_hex(sha256(call.request.body));
    // Clients cannot name such a key: it has a control character.
    matched.batch.idempotency_key = fmt::format("\x1f{} {}", protocol, matched.batch.body_digest);
    const auto kept = call.services.accept_samples(matched.batch, "");
    if (!kept) return tl::unexpected(kept.error());
    counts = !kept->duplicate;
  }
  const auto count = [&](const char* result, std::uint64_t number) {
    call.services.metrics
        .counter(
            "peering_metric_points_total",
            "Points of remote-write and OTLP, by what became of them; unmapped: no rule takes them; "
            "unmatched: a client in no registered prefix; no_value: a series that ended, or 0; unreadable: "
            "native histograms, sums and summaries.",
            {{"protocol", std::string(protocol)}, {"result", result}})
        .add(counts ? static_cast<double>(number) : 0);
  };
  count("sample", taken.decoded.samples.size() - matched.unmatched);
  count("unmatched", matched.unmatched);
  count("rejected", taken.decoded.rejected);
  count("unmapped", taken.counts.unmapped);
  count("no_value", taken.counts.no_value);
  count("unreadable", taken.counts.unreadable);
  return {};
}

}  // namespace

// 2xx and 4xx: Prometheus goes on; 5xx: it sends the same again.
arm::Answer post_remote_write(Call& call) {
  if (call.services.settings.metric_rules.empty()) return tl::unexpected(no_metric_rules());
  const std::string_view type = call.request.headers.get("Content-Type").value_or("");
  const std::string_view encoding = call.request.headers.get("Content-Encoding").value_or("");
  if (media_type(call.request) != "application/x-protobuf" || type.find(".v2.") != std::string_view::npos ||
      encoding != "snappy") {
    return arm::refuse(
        415, "UnsupportedMediaType",
        "Remote-write 1.0 is read: Content-Type application/x-protobuf, Content-Encoding snappy.");
  }
  const auto taken = latency::decode_remote_write(call.request.body, call.services.settings.metric_rules,
                                                  rules_of_metrics(call));
  if (!taken) return arm::failed(taken.error());
  if (auto done = keep(call, "remote_write", *taken); !done) return arm::failed(done.error());
  http::Response out;
  out.status = 204;
  return out;
}

arm::Answer post_otlp_metrics(Call& call) {
  if (call.services.settings.metric_rules.empty()) return tl::unexpected(no_metric_rules());
  const std::string_view type = media_type(call.request);
  const bool is_json = type == "application/json";
  if (!is_json && type != "application/x-protobuf") {
    return arm::refuse(415, "UnsupportedMediaType", "OTLP is application/x-protobuf or application/json.");
  }
  const auto format = is_json ? latency::OtlpFormat::json : latency::OtlpFormat::protobuf;
  const auto body = decode_content(call.request.headers.get("Content-Encoding").value_or(""),
                                   call.request.body, latency::body_bytes_max);
  if (!body) return arm::failed(body.error());
  const auto taken =
      latency::decode_otlp(format, *body, call.services.settings.metric_rules, rules_of_metrics(call));
  if (!taken) return arm::failed(taken.error());
  if (auto done = keep(call, "otlp", *taken); !done) {
    // Of 5xx, exporters send again after 502, 503 and 504 only.
    return tl::unexpected(
        arm::Failure{503, "ServiceUnavailable", done.error().message, {{"Retry-After", "1"}}});
  }
  http::Response out;
  out.headers.set("Content-Type", std::string(type));
  out.body = latency::otlp_answer(format, *taken);
  return out;
}

}  // namespace peering::api
