// OTLP over HTTP: bodies of POST /v1/metrics to raw samples, as protobuf and as JSON.
//
// Attributes of the resource and of the point are the labels of a rule; those of the point count where both
// have a name. Gauges are samples. A histogram's buckets are so many samples at the middle of each: it knows
// no better; only histograms of differences, as those since the beginning would count again and again.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "latency/metric_rules.h"
#include "latency/remote_write.h"

namespace peering::latency {

enum class OtlpFormat : std::uint8_t { protobuf, json };

/// `invalid_argument` when it is no such message; `limit_exceeded` above 64 MiB. Nothing of it counts then. A
/// point that breaks a rule is rejected alone.
Result<DecodedMetrics> decode_otlp(OtlpFormat format, std::string_view body,
                                   std::span<const MetricRule> metric_rules, const SampleRules& rules);

/// The answer in the same form: how many points were rejected, and why the first of them.
std::string otlp_answer(OtlpFormat format, const DecodedMetrics& taken);

}  // namespace peering::latency
