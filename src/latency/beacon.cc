#include "latency/beacon.h"

#include <algorithm>
#include <optional>

#include "base/json.h"
#include "latency/sample_checker.h"

namespace peering::latency {

namespace {

constexpr double age_ms_max = 600'000;

std::optional<double> beacon_number(const json::value& sample, std::string_view name) {
  const json::value* member = find(sample, name);
  if (!member || !member->is_number()) return std::nullopt;
  return member->to_number<double>();
}

// A member as a rejection shows it.
std::string beacon_text(const json::value& sample, std::string_view name) {
  const json::value* member = find(sample, name);
  return member ? json::serialize(*member) : std::string();
}

class BeaconReader {
 public:
  BeaconReader(const BeaconSender& sender, const SampleRules& rules, DecodedSamples& out)
      : sender_(sender), rules_(rules), checker_(rules, out) {}

  void read(const json::value& sample) {
    const auto age_ms = beacon_number(sample, "age_ms");
    if (!age_ms || !(*age_ms >= 0 && *age_ms <= age_ms_max)) {
      return checker_.reject("age_ms", beacon_text(sample, "age_ms"), "a number from 0 to 600000");
    }
    const auto microseconds = beacon_number(sample, "rtt_us");
    if (!microseconds) {
      return checker_.reject("rtt_us", beacon_text(sample, "rtt_us"), "a number of microseconds");
    }
    const auto rtt_us = checker_.rtt_us(*microseconds, beacon_text(sample, "rtt_us"));
    if (!rtt_us) return;
    const auto pop = pop_of(sample);
    if (!pop) return;
    const auto source = checker_.source(beacon_source);
    const auto age = std::chrono::microseconds(static_cast<std::int64_t>(*age_ms * 1000));
    checker_.accept(
        {sender_.client.unmapped(), rules_.now - age, *rtt_us, *pop, *source, model::SampleKind::handshake});
  }

 private:
  std::optional<std::uint32_t> pop_of(const json::value& sample) {
    if (!find(sample, "pop")) return checker_.pop(sender_.pop);
    const auto named = find_string(sample, "pop");
    const bool known =
        named && (*named == sender_.pop || std::ranges::find(sender_.pops, *named) != sender_.pops.end());
    if (known) return checker_.pop(*named);
    checker_.reject("pop", beacon_text(sample, "pop"), "a PoP of network.pops");
    return std::nullopt;
  }

  const BeaconSender& sender_;
  const SampleRules& rules_;
  SampleChecker checker_;
};

}  // namespace

Result<DecodedSamples> decode_beacon(std::string_view body, const BeaconSender& sender,
                                     const SampleRules& rules) {
  if (body.size() > beacon_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "a beacon of {} bytes: at most {} are taken", body.size(),
                beacon_bytes_max);
  }
  const auto root = parse_json(body);
  if (!root) return tl::unexpected(root.error());
  const json::value* samples = find(*root, "samples");
  if (!samples || !samples->is_array()) {
    return fail(ErrorCode::invalid_argument, "samples: a beacon is an object with a list of them");
  }
  if (samples->get_array().size() > beacon_samples_max) {
    return fail(ErrorCode::limit_exceeded, "samples: {} in a beacon: at most {} are taken",
                samples->get_array().size(), beacon_samples_max);
  }
  DecodedSamples out;
  BeaconReader reader(sender, rules, out);
  for (const json::value& each : samples->get_array()) reader.read(each);
  return out;
}

}  // namespace peering::latency
