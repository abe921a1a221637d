#include "latency/bin_summaries.h"

#include "latency/median_interval.h"

namespace peering::latency {

SeriesSummaries summaries_of(std::span<const SeriesBin> bins) {
  std::map<SeriesName, std::map<TimePoint, sketch::LatencySketch>> merged;
  for (const SeriesBin& each : bins) {
    if (each.level != model::SketchLevel::five_minutes) continue;
    merged[{each.series->pop, each.series->kind}][each.start].merge(each.sketch);
  }
  SeriesSummaries out;
  for (const auto& [name, sketches] : merged) {
    std::vector<BinSummary>& summaries = out[name];
    for (const auto& [start, sketch] : sketches) {
      const auto median = median_interval(sketch);
      if (median) summaries.push_back({start, sketch.count(), median->median, median->low, median->high});
    }
  }
  return out;
}

}  // namespace peering::latency
