#include "latency/comparison.h"

#include <algorithm>

namespace peering::latency {

namespace {

constexpr std::uint64_t compared_samples_min = 10;

Standing standing_of(const MedianInterval& behind, double best_us, const TieBand& band) {
  if (behind.median <= std::max(band.us, band.fraction * best_us)) return Standing::tie;
  return behind.low > 0 ? Standing::behind : Standing::unclear;
}

}  // namespace

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::insufficient:
      return "insufficient";
    case Standing::best:
      return "best";
    case Standing::tie:
      return "tie";
    case Standing::unclear:
      return "unclear";
    case Standing::behind:
      return "behind";
  }
  return "";
}

std::vector<Compared> compare(std::span<const sketch::LatencySketch> candidates, const TieBand& band) {
  std::vector<Compared> out;
  const Compared* best = nullptr;
  out.reserve(candidates.size());
  for (const sketch::LatencySketch& sketch : candidates) {
    Compared& added = out.emplace_back();
    added.median = median_interval(sketch);
    if (sketch.count() < compared_samples_min) continue;
    if (!best || added.median->median < best->median->median) best = &added;
  }
  for (std::size_t i = 0; best && i < out.size(); ++i) {
    if (candidates[i].count() < compared_samples_min) continue;
    if (&out[i] == best) {
      out[i].standing = Standing::best;
      continue;
    }
    out[i].behind = median_difference(*out[i].median, *best->median);
    out[i].standing = standing_of(*out[i].behind, best->median->median, band);
  }
  return out;
}

}  // namespace peering::latency
