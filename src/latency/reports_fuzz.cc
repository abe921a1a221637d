// Any body of Network Error Logging: every report that comes out is in time and stands for at least one
// request.
#include <cstdint>

#include "base/check.h"
#include "latency/reachability.h"

using namespace peering;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const TimePoint now = time_from_us(1'795'428'000'000'000);
  const auto out = latency::decode_network_reports({reinterpret_cast<const char*>(data), size}, now);
  if (!out) return 0;
  PEERING_CHECK(out->reports.size() + out->others + out->rejected <= latency::reports_max);
  for (const latency::NetworkReport& each : out->reports) {
    PEERING_CHECK(each.at <= now && each.at >= now - std::chrono::hours(24));
    PEERING_CHECK(each.weight >= 1 && each.weight <= 10'001);
  }
  return 0;
}
