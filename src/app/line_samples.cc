#include "app/line_samples.h"

#include <utility>

#include "base/log.h"
#include "latency/match.h"

namespace peering::app {

namespace {

Counter& lines_with_result(Metrics& metrics, std::string_view metric, std::string_view help,
                           const char* result) {
  return metrics.counter(metric, help, {{"result", result}});
}

}  // namespace

LineBatch batch_of_lines(latency::DecodedSamples decoded, std::uint64_t no_round_trip,
                         const model::Registry& registry) {
  latency::MatchedSamples matched = latency::match_samples(decoded, registry);
  LineBatch out;
  out.batch = std::move(matched.batch);
  out.samples = decoded.samples.size() - matched.unmatched;
  out.unmatched = matched.unmatched;
  out.no_round_trip = no_round_trip;
  out.rejected = decoded.rejected;
  if (!decoded.rejections.empty()) out.first_rejection = std::move(decoded.rejections.front());
  return out;
}

LineCounters::LineCounters(std::string_view metric, std::string_view help, std::string way, Metrics& metrics)
    : way_(std::move(way)),
      samples_(lines_with_result(metrics, metric, help, "sample")),
      unmatched_(lines_with_result(metrics, metric, help, "unmatched")),
      no_round_trip_(lines_with_result(metrics, metric, help, "no_round_trip")),
      rejected_(lines_with_result(metrics, metric, help, "rejected")) {}

void LineCounters::count(const LineBatch& lines) {
  samples_.add(static_cast<double>(lines.samples));
  unmatched_.add(static_cast<double>(lines.unmatched));
  no_round_trip_.add(static_cast<double>(lines.no_round_trip));
  rejected_.add(static_cast<double>(lines.rejected));
  const bool trouble = lines.first_rejection.has_value();
  if (trouble && !told_) {
    const latency::Rejection& first = *lines.first_rejection;
    log::warning("{}: lines are rejected; the first: {} '{}': {}", way_, first.field, first.value,
                 first.rule);
  }
  told_ = trouble;
}

}  // namespace peering::app
