// Prometheus remote-write 1.0: bodies of POST /telemetry/prometheus/write to raw samples.
//
// A body is a protobuf message in one block of snappy (not the framed form). What a rule takes is a sample;
// markers of ended series, native histograms, exemplars and metadata are not.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "latency/metric_rules.h"

namespace peering::latency {

struct DecodedMetrics {
  DecodedSamples decoded;
  PointCounts counts;
};

/// `invalid_argument` when it is no snappy or no such message; `limit_exceeded` when it unpacks to more than
/// 64 MiB. Nothing of it counts then. A sample that breaks a rule is rejected alone.
Result<DecodedMetrics> decode_remote_write(std::string_view body, std::span<const MetricRule> metric_rules,
                                           const SampleRules& rules);

}  // namespace peering::latency
