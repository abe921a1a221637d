#include "latency/decode.h"

#include <algorithm>
#include <string>

namespace peering::latency {

namespace {

std::string media_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  while (type.starts_with(' ')) type.remove_prefix(1);
  std::string out(type);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return out;
}

}  // namespace

Result<SampleFormat> sample_format(std::string_view content_type) {
  const std::string type = media_type(content_type);
  if (type == "application/x-ndjson") return SampleFormat::ndjson;
  if (type == "text/csv") return SampleFormat::csv;
  if (type == "application/vnd.peering.samples.v1") return SampleFormat::binary;
  return tl::unexpected(invalid("Content-Type", content_type,
                                "application/x-ndjson, text/csv or application/vnd.peering.samples.v1"));
}

Result<DecodedSamples> decode_samples(SampleFormat format, std::string_view body, const SampleRules& rules) {
  if (body.size() > body_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "body: {} bytes; at most {} are accepted", body.size(),
                body_bytes_max);
  }
  switch (format) {
    case SampleFormat::ndjson:
      return decode_ndjson(body, rules);
    case SampleFormat::csv:
      return decode_csv(body, rules);
    case SampleFormat::binary:
      return decode_binary(body, rules);
  }
  return fail(ErrorCode::internal, "unknown sample format");
}

}  // namespace peering::latency
