// What was usual for a series: one small record for each hour of the last weeks.
//
// Bins are kept one by one only until their hour is over and nothing can be said of it any more; then the
// hour's medians are left. So a series costs about 16 KB, however many bins the store has of it.
//
// - The best state is the tenth percentile (nearest rank) of the bins' medians, each hour that is over
//   counting as its median, as many times as it has bins. Bins inside degradations are left out: a long
//   incident must not become normal.
// - The usual value of an hour is the (lower) median of what the same hour of the week had in the last weeks,
//   when at least two of them have it; else of the same hour of the days that are known; else, on the first
//   day, the lower quartile of all bins that the best state is of: a noisy series is above its best state
//   most of the time. Bins inside degradations are left out here too, unless the degradation was found by
//   less: the first evening of a daily rhythm is worse than what the day was before, and the first weekend is
//   not like the days before it, but both must not keep later ones from being usual.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "latency/degradation.h"

namespace peering::latency {

/// A value type; not thread-safe. Bins come in order of time.
class HourHistory {
 public:
  explicit HourHistory(const JudgeSettings& settings) : settings_(settings) {}

  /// Ends hours of which a bin at `at` can change nothing, and forgets what the window has left behind.
  /// Before `baseline` and `add` of a bin.
  void advance(TimePoint at);
  /// What a bin at `at` is compared with, by `finest` or less; nothing with fewer than three bins that count.
  std::optional<Baseline> baseline(TimePoint at, Basis finest) const;
  /// `found_by`: how the degradation was found that the bin lies in.
  void add(const BinSummary& bin, std::optional<Basis> found_by);
  /// A degradation that was found so began at `from`, at most `of_bins` ago.
  void leave_out_from(TimePoint from, Basis found_by);
  TemporalClass temporal_class() const;

 private:
  struct Bin {
    TimePoint start{};
    float median_us = 0, low_us = 0;
    std::optional<Basis> found_by;
  };
  // Medians of bins, and of how many.
  struct Hour {
    std::int32_t hour = 0;            // since 1970
    std::array<float, 3> usual_us{};  // of those that count, by basis
    float low_us = 0;                 // of the low ends of all
    std::array<std::uint8_t, 3> counting{};
    std::uint8_t bins = 0;
    bool has(Basis basis) const { return counting[static_cast<std::size_t>(basis)] > 0; }
    float usual(Basis basis) const { return usual_us[static_cast<std::size_t>(basis)]; }
  };

  void end_hour(std::int32_t hour);
  std::size_t calm_hours() const;
  const Hour* find(std::int32_t hour) const;
  std::optional<double> best() const;
  std::vector<std::pair<float, std::size_t>> known() const;
  std::optional<double> same_hours(std::int32_t hour, Basis basis) const;

  JudgeSettings settings_;
  std::vector<Hour> hours_;              // those that are over, in order
  std::vector<Bin> bins_;                // of later ones, in order
  std::optional<double> best_of_hours_;  // while it is known from hours alone
};

}  // namespace peering::latency
