// The levels at which latency sketches are kept: fine ones for weeks, coarse ones for years.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"

namespace peering::model {

/// Coarser ones are sums of finer ones: every sample is in each level once.
enum class SketchLevel : std::uint8_t { five_minutes, quarter_hour, hour, day };
inline constexpr std::array<SketchLevel, 4> sketch_levels = {
    SketchLevel::five_minutes, SketchLevel::quarter_hour, SketchLevel::hour, SketchLevel::day};

/// A value of each level, in their order.
template <class T>
using OfLevels = std::array<T, sketch_levels.size()>;
template <class T>
constexpr const T& of(const OfLevels<T>& values, SketchLevel level) {
  return values[static_cast<std::size_t>(level)];
}

/// Width of the bins of a level. Each divides the next.
constexpr Microseconds width_of(SketchLevel level) {
  constexpr OfLevels<Microseconds> widths = {std::chrono::minutes(5), std::chrono::minutes(15),
                                             std::chrono::hours(1), std::chrono::hours(24)};
  return of(widths, level);
}

/// Rounded down to whole multiples of `width` (above zero) since 1970.
constexpr TimePoint round_down(TimePoint at, Microseconds width) {
  auto rest = at.time_since_epoch() % width;
  if (rest < Microseconds(0)) rest += width;
  return at - rest;
}
/// Start of the level's bin that holds `at`.
constexpr TimePoint bin_start(TimePoint at, SketchLevel level) { return round_down(at, width_of(level)); }
/// Start of the day (UTC) that holds `at`.
constexpr TimePoint day_of(TimePoint at) { return bin_start(at, SketchLevel::day); }

}  // namespace peering::model
