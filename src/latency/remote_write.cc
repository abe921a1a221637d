#include "latency/remote_write.h"

#include <google/protobuf/arena.h>
#include <snappy.h>

#include "latency/remote_write.pb.h"

namespace peering::latency {

namespace {

constexpr std::int64_t timestamp_ms_max = 253'402'300'800'000;  // the year 10000

Result<std::string> unpack_snappy(std::string_view body) {
  std::size_t bytes = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &bytes))
    return fail(ErrorCode::invalid_argument, "the body is no block of snappy");
  if (bytes > body_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "the body unpacks to {} bytes: at most {} are taken", bytes,
                body_bytes_max);
  }
  // Before there is memory for it: a few bytes may promise a lot.
  if (!snappy::IsValidCompressedBuffer(body.data(), body.size()))
    return fail(ErrorCode::invalid_argument, "the body is a broken block of snappy");
  std::string out;
  if (!snappy::Uncompress(body.data(), body.size(), &out))
    return fail(ErrorCode::invalid_argument, "the body is a broken block of snappy");
  return out;
}

void take_series(const remote_write::TimeSeries& series, MetricSamples& out) {
  std::string_view metric;
  std::vector<MetricLabel> labels;
  labels.reserve(static_cast<std::size_t>(series.labels_size()));
  for (const remote_write::Label& each : series.labels()) {
    if (each.name() == "__name__") metric = each.value();
    labels.push_back({each.name(), each.value()});
  }
  out.counts.unreadable += static_cast<std::uint64_t>(series.histograms_size());
  const MetricRule* rule = out.rule_for(metric, labels);
  if (!rule) {
    out.counts.unmapped += static_cast<std::uint64_t>(series.samples_size());
    return;
  }
  for (const remote_write::Sample& each : series.samples()) {
    if (each.timestamp() < 0 || each.timestamp() > timestamp_ms_max)
      out.reject("time", std::to_string(each.timestamp()), "milliseconds since 1970");
    else
      out.add(*rule, labels, time_from_us(each.timestamp() * 1000), each.value());
  }
}

}  // namespace

Result<DecodedMetrics> decode_remote_write(std::string_view body, std::span<const MetricRule> metric_rules,
                                           const SampleRules& rules) {
  const auto bytes = unpack_snappy(body);
  if (!bytes) return tl::unexpected(bytes.error());
  google::protobuf::Arena arena;
  auto* request = google::protobuf::Arena::CreateMessage<remote_write::WriteRequest>(&arena);
  if (!request->ParseFromString(*bytes))
    return fail(ErrorCode::invalid_argument, "the body is no WriteRequest of Prometheus remote-write 1.0");
  DecodedMetrics out;
  MetricSamples samples(metric_rules, rules, out.decoded);
  for (const remote_write::TimeSeries& each : request->timeseries()) take_series(each, samples);
  out.counts = samples.counts;
  return out;
}

}  // namespace peering::latency
