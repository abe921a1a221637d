// Any body in any of the three forms (the first byte says which): every sample that comes out keeps the
// rules, every one that does not is counted, and no client address is left.
#include <cstdint>

#include "base/check.h"
#include "latency/ingest.h"
#include "latency/test_values.h"

namespace {

using namespace peering;

constexpr std::int64_t now_us = 1'795'428'000'000'000;

latency::SampleFormat format_of(std::uint8_t byte) {
  switch (byte) {
    case 'c':
      return latency::SampleFormat::csv;
    case 'b':
      return latency::SampleFormat::binary;
    default:
      return latency::SampleFormat::ndjson;
  }
}

void check_samples(const latency::DecodedSamples& decoded, const latency::SampleRules& rules) {
  for (const latency::RawSample& each : decoded.samples) {
    PEERING_CHECK(each.rtt_us >= 1 && each.rtt_us <= latency::rtt_us_max);
    PEERING_CHECK(each.at <= rules.now + rules.ahead_max && each.at >= rules.now - rules.accept_age);
    PEERING_CHECK(each.pop < decoded.names.size() && each.source < decoded.names.size());
    PEERING_CHECK(!decoded.names[each.pop].empty());
  }
  PEERING_CHECK(decoded.rejections.size() == std::min<std::uint64_t>(decoded.rejected, 20));
  for (const latency::Rejection& each : decoded.rejections) {
    PEERING_CHECK(each.value.size() <= 80 && each.index < decoded.samples.size() + decoded.rejected);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const latency::SampleRules rules{.now = time_from_us(now_us)};
  const auto decoded = latency::decode_samples(format_of(data[0]), body, rules);
  if (!decoded) return 0;
  check_samples(*decoded, rules);
  static const model::Registry registry = latency::registry_of(
      {{"wide", "0.0.0.0/0"}, {"p", "203.0.113.0/24"}, {"long", "203.0.113.64/26"}, {"six", "2000::/3"}});
  const auto read = latency::read_samples(format_of(data[0]), body, "key", rules, registry);
  PEERING_CHECK(read && read->accepted + read->rejected == decoded->samples.size() + decoded->rejected);
  for (const model::LatencySample& each : read->batch.samples) {
    const net::Prefix& client = read->batch.series.at(each.series).client;
    PEERING_CHECK(client.length() == (client.address().is_v4() ? 24 : 48));
  }
  PEERING_CHECK(parse_json(json::serialize(latency::to_json(*read))).has_value());
  return 0;
}
