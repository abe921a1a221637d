// When the latency of one series got worse, by how much, and until when: the values that the judge
// (series_judge.h) gives. A series is what one registered prefix shows at one PoP by one kind of sample.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "latency/sample_log.h"
#include "model/sample.h"

namespace peering::latency {

/// What makes a bin worse than usual. The defaults are those of fbperf (degradation of at least 5 ms whose
/// lower bound counts) with counts and hysteresis of our own.
struct JudgeSettings {
  std::uint64_t samples_min = 10;  ///< a bin with fewer says nothing; at least 2
  double rise_us_min = 5000;       ///< above the baseline, and
  double rise_fraction_min = 0.1;  ///< at least this part of the baseline
  std::size_t shifted_bins = 2;    ///< open a degradation, when they are
  std::size_t of_bins = 3;         ///< within so many bins in a row
  std::size_t recovered_bins = 3;  ///< good ones in a row end it
  int baseline_weeks = 4;          ///< how far back the baseline looks

  /// How far back the baseline looks.
  Microseconds window() const { return std::chrono::days(7L * baseline_weeks); }
  /// What a value must exceed the baseline by.
  double rise_of(double baseline_us) const { return std::max(rise_us_min, rise_fraction_min * baseline_us); }
};

/// One bin of a series in figures.
struct BinSummary {
  TimePoint start{};
  std::uint64_t count = 0;
  double median_us = 0;
  double low_us = 0, high_us = 0;  ///< the median's 95 % interval (median_interval.h)
  friend bool operator==(const BinSummary&, const BinSummary&) = default;
};

/// What a bin was compared with.
enum class Basis : std::uint8_t {
  best_state,    ///< the path is known for less than a day: the lower quartile of what is known
  hour_of_day,   ///< the same hour of the days before
  hour_of_week,  ///< the same hour of at least two of the weeks before
};
/// "best-state", "hour-of-day", "hour-of-week".
std::string_view to_string(Basis basis);
std::optional<Basis> parse_basis(std::string_view text);

struct Baseline {
  double us = 0;       ///< the higher one of the usual value at this hour and the best state
  double best_us = 0;  ///< the best state
  Basis basis = Basis::best_state;
  friend bool operator==(const Baseline&, const Baseline&) = default;
};

/// A time in which a series was worse than usual.
struct Degradation {
  TimePoint first_seen{};                 ///< start of the first bin that was shifted
  TimePoint opened_at{};                  ///< start of the bin that made it a degradation
  std::optional<TimePoint> recovered_at;  ///< start of the first good bin of those that ended it
  TimePoint last_bin{};                   ///< start of the bin that opened or ended it
  bool became_usual = false;              ///< it ended as its level has held for the whole window
  Baseline baseline;                      ///< of the first bin
  BinSummary first;
  BinSummary worst;           ///< of all shifted bins, that with the highest median
  std::uint64_t shifted = 0;  ///< bins; until it is over: those that opened it
  bool as_told = false;       ///< taken from what was told, with its times only

  /// Whether the baseline leaves out the bin that starts at `at`.
  bool covers(TimePoint at) const { return at >= first_seen && (!recovered_at || at <= last_bin); }
  /// Whether the bin that starts at `at` is shown as degraded: also a wide one, some of which is.
  bool shows(TimePoint at, Microseconds width = bin_width) const {
    return at + width > first_seen && (!recovered_at || at < *recovered_at);
  }
  friend bool operator==(const Degradation&, const Degradation&) = default;
};

/// What names a series of a registered prefix.
struct SeriesName {
  std::string pop;
  model::SampleKind kind = model::SampleKind::srtt;
  friend auto operator<=>(const SeriesName&, const SeriesName&) = default;
  friend bool operator==(const SeriesName&, const SeriesName&) = default;
};

/// How a series behaves over the window, after the temporal classes of the Facebook edge study (IMC 2019).
enum class TemporalClass : std::uint8_t {
  insufficient,  ///< less than two days, or less than 60 % of their hours, are known
  uneventful,    ///< never worse than the best state
  diurnal,       ///< the same hour of the day is worse on at least half of the days
  episodic,      ///< worse now and then
  continuous,    ///< at least 75 % of the hours are worse
};
/// "insufficient", "uneventful", "diurnal", "episodic", "continuous".
std::string_view to_string(TemporalClass temporal_class);

/// All that is known of one series, degradations in order of time.
struct SeriesVerdict {
  SeriesName name;
  std::vector<Degradation> degradations;
  TemporalClass temporal_class = TemporalClass::insufficient;
};

}  // namespace peering::latency
