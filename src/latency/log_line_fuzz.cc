// Any line of a log, in any of the forms (the first byte says which): what comes out keeps the rules, what
// does not is counted.
#include <cstdint>

#include "base/check.h"
#include "latency/log_line.h"
#include "latency/tcpinfo_line.h"

using namespace peering;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view line(reinterpret_cast<const char*>(data) + 1, size - 1);
  const latency::SampleRules rules{.now = time_from_us(1'795'428'000'000'000)};
  static const model::TimeZone zone = model::TimeZone::find("Europe/Berlin").value();
  latency::DecodedSamples out;
  latency::LogLine what{};
  if (data[0] == 't') {
    what = latency::TcpinfoLineReader(rules, out, zone).read(line, "AMS", "tcpinfo.log");
  } else {
    const auto untimed = data[0] == 'f' ? latency::Untimed::rejected : latency::Untimed::of_now;
    what = latency::LogLineReader(rules, out, untimed).read(line, "AMS", "edge-1");
  }
  PEERING_CHECK(out.samples.size() == (what == latency::LogLine::sample ? 1 : 0));
  PEERING_CHECK(out.rejected == (what == latency::LogLine::rejected ? 1 : 0));
  PEERING_CHECK(out.rejections.size() == out.rejected);
  for (const latency::RawSample& each : out.samples) {
    PEERING_CHECK(each.rtt_us >= 1 && each.rtt_us <= latency::rtt_us_max);
    PEERING_CHECK(each.at <= rules.now + rules.ahead_max && each.at >= rules.now - rules.accept_age);
    PEERING_CHECK(!out.names.at(each.pop).empty() && each.source < out.names.size());
  }
  return 0;
}
