#include "latency/ingest.h"

#include "base/digest.h"
#include "latency/match.h"

namespace peering::latency {

Result<IngestedBody> read_samples(SampleFormat format, std::string_view body,
                                  std::string_view idempotency_key, const SampleRules& rules,
                                  const model::Registry& registry) {
  auto decoded = decode_samples(format, body, rules);
  if (!decoded) return tl::unexpected(decoded.error());
  MatchedSamples matched = match_samples(*decoded, registry);
  IngestedBody out;
  out.batch = std::move(matched.batch);
  out.batch.idempotency_key = idempotency_key;
  if (!idempotency_key.empty()) out.batch.body_digest = to_hex(sha256(body));
  out.accepted = decoded->samples.size();
  out.rejected = decoded->rejected;
  out.unmatched = matched.unmatched;
  out.errors = std::move(decoded->rejections);
  return out;
}

json::value to_json(const IngestedBody& body) {
  json::array errors;
  for (const Rejection& each : body.errors) {
    errors.push_back(json::object{
        {"index", each.index}, {"field", each.field}, {"value", each.value}, {"rule", each.rule}});
  }
  return json::object{{"accepted", body.accepted},
                      {"rejected", body.rejected},
                      {"unmatched", body.unmatched},
                      {"errors", std::move(errors)}};
}

}  // namespace peering::latency
