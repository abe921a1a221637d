// Any body of remote-write or OTLP (the first byte says which): every sample that comes out keeps the rules.
#include <cstdint>

#include <snappy.h>

#include "base/check.h"
#include "latency/otlp.h"

using namespace peering;

namespace {

const std::vector<latency::MetricRule>& metric_rules_for_fuzz() {
  static const std::vector<latency::MetricRule> out{
      latency::parse_metric_rule({"rtt", {}, "{instance}", "AMS", "{job}", "icmp", "s"}).value(),
      latency::parse_metric_rule({"h", {"job=x"}, "203.0.113.9", "{pop}", "", "stamp", "ms"}).value()};
  return out;
}

Result<latency::DecodedMetrics> decoded_by_first_byte(std::string_view input,
                                                      const latency::SampleRules& rules) {
  const std::string_view body = input.substr(1);
  switch (input[0]) {
    case 's':  // not packed, so that the fuzzer gets through
    {
      std::string packed;
      snappy::Compress(body.data(), body.size(), &packed);
      return latency::decode_remote_write(packed, metric_rules_for_fuzz(), rules);
    }
    case 'w':
      return latency::decode_remote_write(body, metric_rules_for_fuzz(), rules);
    case 'j':
      return latency::decode_otlp(latency::OtlpFormat::json, body, metric_rules_for_fuzz(), rules);
    default:
      return latency::decode_otlp(latency::OtlpFormat::protobuf, body, metric_rules_for_fuzz(), rules);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const latency::SampleRules rules{.now = time_from_us(1'795'428'000'000'000)};
  const auto out = decoded_by_first_byte({reinterpret_cast<const char*>(data), size}, rules);
  if (!out) return 0;
  for (const latency::RawSample& each : out->decoded.samples) {
    PEERING_CHECK(each.rtt_us >= 1 && each.rtt_us <= latency::rtt_us_max);
    PEERING_CHECK(each.at <= rules.now + rules.ahead_max && each.at >= rules.now - rules.accept_age);
    PEERING_CHECK(!out->decoded.names.at(each.pop).empty() && each.source < out->decoded.names.size());
  }
  PEERING_CHECK(!latency::otlp_answer(latency::OtlpFormat::json, *out).empty());
  return 0;
}
