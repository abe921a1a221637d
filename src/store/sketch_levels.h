// What the stores share of levels of sketches: which to read, and how five-minute bins become coarser ones.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/telemetry_store.h"

namespace peering::store {

/// Bins of one level with from <= start < to.
struct LevelRange {
  model::SketchLevel level{};
  TimePoint from, to;
  friend bool operator==(const LevelRange&, const LevelRange&) = default;
};

/// What answers a query, in order of time, each sample once: day by day the coarsest level whose bins make up
/// the resolution asked for; five-minute bins of days that are not rolled up yet (`due`); and where finer
/// bins are gone the finest that are left, which may begin before `query.from`. `kept_from`: first day of
/// each level that is not dropped.
std::vector<LevelRange> levels_to_read(const SketchQuery& query, const model::OfLevels<TimePoint>& kept_from,
                                       const std::set<TimePoint>& due);

/// Sums of five-minute rows at every coarser level, each sum once, in no order. The same rows in any order
/// give the same bytes. `corrupt` for bytes that are no sketch.
Result<std::vector<SketchRow>> rolled_up(std::span<const SketchRow> rows);

/// The samples of both; `corrupt` for bytes that are no sketch.
Result<std::string> merged(std::string_view a, std::string_view b);

/// First days to be kept of each level, rounded to whole days; none goes back.
model::OfLevels<TimePoint> raised(const model::OfLevels<TimePoint>& kept_from,
                                  const model::OfLevels<TimePoint>& before);

}  // namespace peering::store
