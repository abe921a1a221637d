#include "store/sketch_levels.h"

#include <algorithm>
#include <map>
#include <optional>

#include "sketch/latency_sketch.h"

namespace peering::store {

namespace {

using model::SketchLevel;

constexpr Microseconds one_day = model::width_of(SketchLevel::day);

std::optional<SketchLevel> level_of_day(TimePoint day, Microseconds resolution,
                                        const model::OfLevels<TimePoint>& kept_from, bool due) {
  const auto kept = [&](SketchLevel level) { return day >= model::of(kept_from, level); };
  const bool fine = kept(SketchLevel::five_minutes);
  if (fine && due) return SketchLevel::five_minutes;
  std::optional<SketchLevel> finest_kept, best;
  for (const SketchLevel level : model::sketch_levels) {
    if (!kept(level)) continue;
    if (!finest_kept) finest_kept = level;
    if (resolution % model::width_of(level) == Microseconds(0)) best = level;
  }
  return best ? best : finest_kept;
}

}  // namespace

std::vector<LevelRange> levels_to_read(const SketchQuery& query, const model::OfLevels<TimePoint>& kept_from,
                                       const std::set<TimePoint>& due) {
  std::vector<LevelRange> out;
  TimePoint first = query.from;  // of what no earlier range covers
  for (TimePoint day = model::day_of(query.from); day < query.to; day += one_day) {
    const auto level = level_of_day(day, query.resolution, kept_from, due.contains(day));
    const TimePoint end = std::min(day + one_day, query.to);
    if (level) {
      const TimePoint from = std::max(day, model::bin_start(first, *level));
      const bool follows = !out.empty() && out.back().level == *level && out.back().to == from;
      if (follows) {
        out.back().to = end;
      } else {
        out.push_back({*level, from, end});
      }
    }
    first = end;
  }
  return out;
}

Result<std::vector<SketchRow>> rolled_up(std::span<const SketchRow> rows) {
  std::map<std::tuple<SketchLevel, TimePoint, model::SeriesKey>, sketch::LatencySketch> sums;
  for (const SketchRow& row : rows) {
    const auto sketch = sketch::LatencySketch::from_bytes(row.bytes);
    if (!sketch) return tl::unexpected(sketch.error());
    for (const SketchLevel level : model::sketch_levels) {
      if (level == SketchLevel::five_minutes) continue;
      sums[{level, model::bin_start(row.start, level), row.series}].merge(*sketch);
    }
  }
  std::vector<SketchRow> out;
  out.reserve(sums.size());
  for (const auto& [key, sketch] : sums) {
    const auto& [level, start, series] = key;
    out.push_back({series, start, sketch.to_bytes(), level});
  }
  return out;
}

Result<std::string> merged(std::string_view a, std::string_view b) {
  auto sum = sketch::LatencySketch::from_bytes(a);
  if (!sum) return tl::unexpected(sum.error());
  const auto other = sketch::LatencySketch::from_bytes(b);
  if (!other) return tl::unexpected(other.error());
  sum->merge(*other);
  return sum->to_bytes();
}

model::OfLevels<TimePoint> raised(const model::OfLevels<TimePoint>& kept_from,
                                  const model::OfLevels<TimePoint>& before) {
  model::OfLevels<TimePoint> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = before[i] <= kept_from[i] ? kept_from[i] : std::max(kept_from[i], model::day_of(before[i]));
  }
  return out;
}

}  // namespace peering::store
