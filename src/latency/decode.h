// Bodies of POST /telemetry/samples to raw samples: NDJSON, CSV and the binary form, with one answer for each
// sample. A sample that breaks a rule is rejected alone; a body is refused only when it cannot be read at
// all.
#pragma once

#include <string_view>

#include "base/result.h"
#include "latency/raw_samples.h"

namespace peering::latency {

/// The form that a Content-Type names (parameters and case do not matter).
Result<SampleFormat> sample_format(std::string_view content_type);

/// `invalid_argument` when the body cannot be read at all (wrong magic, length that is not header and whole
/// records, missing CSV column); `limit_exceeded` above 64 MiB.
Result<DecodedSamples> decode_samples(SampleFormat format, std::string_view body, const SampleRules& rules);

/// One JSON object a line. Lines of blanks only are no samples.
Result<DecodedSamples> decode_ndjson(std::string_view body, const SampleRules& rules);
/// RFC 4180 with a header line. Every line is one record: no field of ours may contain a line break, so an
/// unfinished quote spoils its own line only.
Result<DecodedSamples> decode_csv(std::string_view body, const SampleRules& rules);
/// application/vnd.peering.samples.v1.
Result<DecodedSamples> decode_binary(std::string_view body, const SampleRules& rules);

}  // namespace peering::latency
