#include "latency/otlp.h"

#include <cmath>
#include <limits>

#include <google/protobuf/arena.h>
#include <google/protobuf/util/json_util.h>

#include "latency/otlp_metrics.pb.h"

namespace peering::latency {

namespace {

constexpr std::uint64_t nanoseconds_a_microsecond = 1000;
constexpr std::uint64_t time_nano_max = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t no_recorded_value = 1;  // DataPointFlags
// Of one point: who has more measures so often that a sketch of them is what to send.
constexpr std::uint64_t histogram_samples_max = 100'000;
constexpr int buckets_max = 1000;

std::string text_of_value(const otlp::AnyValue& value) {
  switch (value.value_case()) {
    case otlp::AnyValue::kStringValue:
      return value.string_value();
    case otlp::AnyValue::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case otlp::AnyValue::kIntValue:
      return std::to_string(value.int_value());
    case otlp::AnyValue::kDoubleValue:
      return fmt::format("{}", value.double_value());
    default:
      return {};
  }
}

// Labels of a point: its own attributes, then those of its resource.
class PointLabels {
 public:
  template <class Own, class Resource>
  PointLabels(const Own& own, const Resource& resource) {
    names_and_values_.reserve(static_cast<std::size_t>(own.size() + resource.size()));
    for (const otlp::KeyValue& each : own)
      names_and_values_.emplace_back(each.key(), text_of_value(each.value()));
    for (const otlp::KeyValue& each : resource)
      names_and_values_.emplace_back(each.key(), text_of_value(each.value()));
    for (const auto& [name, value] : names_and_values_) labels_.push_back({name, value});
  }
  std::span<const MetricLabel> all() const { return labels_; }

 private:
  std::vector<std::pair<std::string, std::string>> names_and_values_;
  std::vector<MetricLabel> labels_;
};

class OtlpReader {
 public:
  explicit OtlpReader(MetricSamples& out) : out_(out) {}

  void read(const otlp::ResourceMetrics& metrics) {
    for (const otlp::ScopeMetrics& scope : metrics.scope_metrics()) {
      for (const otlp::Metric& metric : scope.metrics()) read(metric, metrics.resource());
    }
  }

 private:
  void read(const otlp::Metric& metric, const otlp::Resource& resource) {
    switch (metric.data_case()) {
      case otlp::Metric::kGauge:
        for (const auto& each : metric.gauge().data_points()) read_number(metric.name(), each, resource);
        return;
      case otlp::Metric::kHistogram: {
        const bool of_differences =
            metric.histogram().aggregation_temporality() == otlp::AGGREGATION_TEMPORALITY_DELTA;
        for (const auto& each : metric.histogram().data_points())
          read_histogram(metric.name(), each, of_differences, resource);
        return;
      }
      case otlp::Metric::kSum:
        return pass_over(metric.sum().data_points_size());
      case otlp::Metric::kExponentialHistogram:
        return pass_over(metric.exponential_histogram().data_points_size());
      case otlp::Metric::kSummary:
        return pass_over(metric.summary().data_points_size());
      default:
        return;
    }
  }

  void pass_over(int points) { out_.counts.unreadable += static_cast<std::uint64_t>(points); }

  template <class Point>
  std::optional<TimePoint> time_of_point(const Point& point) {
    if (point.time_unix_nano() > time_nano_max) {
      out_.reject("time", std::to_string(point.time_unix_nano()), "nanoseconds since 1970");
      return std::nullopt;
    }
    return time_from_us(static_cast<std::int64_t>(point.time_unix_nano() / nanoseconds_a_microsecond));
  }

  void read_number(const std::string& name, const otlp::NumberDataPoint& point,
                   const otlp::Resource& resource) {
    const PointLabels labels(point.attributes(), resource.attributes());
    const MetricRule* rule = out_.rule_for(name, labels.all());
    if (!rule) {
      ++out_.counts.unmapped;
      return;
    }
    if ((point.flags() & no_recorded_value) != 0 ||
        point.value_case() == otlp::NumberDataPoint::VALUE_NOT_SET) {
      ++out_.counts.no_value;
      return;
    }
    const bool whole = point.value_case() == otlp::NumberDataPoint::kAsInt;
    const double value = whole ? static_cast<double>(point.as_int()) : point.as_double();
    if (const auto at = time_of_point(point)) out_.add(*rule, labels.all(), *at, value);
  }

  void read_histogram(const std::string& name, const otlp::HistogramDataPoint& point, bool of_differences,
                      const otlp::Resource& resource) {
    const PointLabels labels(point.attributes(), resource.attributes());
    const MetricRule* rule = out_.rule_for(name, labels.all());
    if (!rule) {
      ++out_.counts.unmapped;
      return;
    }
    if (!of_differences)
      return out_.reject("aggregationTemporality", name,
                         "delta: what counts since the beginning counts again");
    const int buckets = point.bucket_counts_size();
    if (buckets > buckets_max || buckets != point.explicit_bounds_size() + (buckets == 0 ? 0 : 1))
      return out_.reject("bucketCounts", std::to_string(buckets),
                         "at most 1000, one more than explicitBounds");
    std::uint64_t total = 0;
    for (const std::uint64_t each : point.bucket_counts()) {
      total += std::min(each, histogram_samples_max + 1);
      if (total > histogram_samples_max)
        return out_.reject("bucketCounts", name, "at most 100000 measurements in a point");
    }
    const auto at = time_of_point(point);
    for (int i = 0; at && i < buckets; ++i) {
      if (point.bucket_counts(i) > 0)
        out_.add(*rule, labels.all(), *at, middle_of_bucket(point, i), point.bucket_counts(i));
    }
  }

  // A bucket without an end ends at the largest (smallest) value that there was, if that is told.
  static double middle_of_bucket(const otlp::HistogramDataPoint& point, int bucket) {
    const bool first = bucket == 0, last = bucket == point.explicit_bounds_size();
    if (first && last) return point.has_min() && point.has_max() ? (point.min() + point.max()) / 2 : 0;
    double low = first ? 0 : point.explicit_bounds(bucket - 1);
    double high = last ? low : point.explicit_bounds(bucket);
    if (point.has_min()) low = std::max(low, point.min());
    if (point.has_max()) high = last ? point.max() : std::min(high, point.max());
    return (low + std::max(low, high)) / 2;
  }

  MetricSamples& out_;
};

}  // namespace

Result<DecodedMetrics> decode_otlp(OtlpFormat format, std::string_view body,
                                   std::span<const MetricRule> metric_rules, const SampleRules& rules) {
  if (body.size() > body_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "a body of {} bytes: at most {} are taken", body.size(),
                body_bytes_max);
  }
  google::protobuf::Arena arena;
  auto* request = google::protobuf::Arena::CreateMessage<otlp::ExportMetricsServiceRequest>(&arena);
  if (format == OtlpFormat::json) {
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    const auto read = google::protobuf::util::JsonStringToMessage(
        google::protobuf::StringPiece(body.data(), body.size()), request, options);
    if (!read.ok()) {
      return fail(ErrorCode::invalid_argument, "the body is no ExportMetricsServiceRequest in JSON: {}",
                  std::string(read.message()));
    }
  } else if (!request->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return fail(ErrorCode::invalid_argument, "the body is no ExportMetricsServiceRequest");
  }
  DecodedMetrics out;
  MetricSamples samples(metric_rules, rules, out.decoded);
  OtlpReader reader(samples);
  for (const otlp::ResourceMetrics& each : request->resource_metrics()) reader.read(each);
  out.counts = samples.counts;
  return out;
}

std::string otlp_answer(OtlpFormat format, const DecodedMetrics& taken) {
  otlp::ExportMetricsServiceResponse answer;
  const std::uint64_t rejected = taken.decoded.rejected + taken.counts.unreadable;
  if (rejected > 0) {
    auto* partial = answer.mutable_partial_success();
    partial->set_rejected_data_points(static_cast<std::int64_t>(rejected));
    const auto& why = taken.decoded.rejections;
    partial->set_error_message(why.empty()
                                   ? "only gauges and histograms are read"
                                   : fmt::format("{} '{}': {}", why[0].field, why[0].value, why[0].rule));
  }
  std::string out;
  if (format == OtlpFormat::protobuf)
    answer.SerializeToString(&out);
  else if (!google::protobuf::util::MessageToJsonString(answer, &out).ok())
    out = "{}";
  return out;
}

}  // namespace peering::latency
