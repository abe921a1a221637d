// Any body of a beacon: every sample that comes out keeps the rules, has its sender as client, and a known
// PoP.
#include <cstdint>

#include "base/check.h"
#include "latency/beacon.h"

using namespace peering;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::string> pops{"AMS", "FRA"};
  const latency::BeaconSender sender{net::Address::parse("198.51.100.9").value(), "AMS", pops};
  const latency::SampleRules rules{.now = time_from_us(1'795'428'000'000'000)};
  const auto out = latency::decode_beacon({reinterpret_cast<const char*>(data), size}, sender, rules);
  if (!out) return 0;
  PEERING_CHECK(out->samples.size() + out->rejected <= latency::beacon_samples_max);
  for (const latency::RawSample& each : out->samples) {
    PEERING_CHECK(each.rtt_us >= 1 && each.rtt_us <= latency::rtt_us_max && each.client == sender.client);
    PEERING_CHECK(each.at <= rules.now && each.at >= rules.now - std::chrono::minutes(10));
    PEERING_CHECK(out->names.at(each.pop) == "AMS" || out->names.at(each.pop) == "FRA");
  }
  return 0;
}
