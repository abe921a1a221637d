// Judges one series bin by bin, in sample time: the only place where it is decided what a degradation is.
//
// A bin is shifted when the low end of its median's 95 % interval exceeds the baseline (hour_history.h) by 5
// ms and by 10 %: then it is worse whatever chance did. It is good when its median does not. Between the two
// it proves nothing. Two shifted bins of three in a row open a degradation, which began with the first of
// them; three good ones end it, which happened with the first of those. A bin with fewer than 10 samples is
// insufficient: it neither opens nor ends anything, and a gap ends nothing either.
//
// What was found on the first day is held against that day until it is over, and so on: otherwise an
// incident in the first days would be its own excuse a day later. What has held for the whole window has
// become usual.
//
// The outcome depends on the bins alone: the same bins give the same degradations, whenever they came.
#pragma once

#include <optional>
#include <vector>

#include "latency/degradation.h"
#include "latency/hour_history.h"

namespace peering::latency {

/// A value type: a copy goes on by itself. Not thread-safe. Bins come in order of time, each once and whole.
class SeriesJudge {
 public:
  explicit SeriesJudge(const JudgeSettings& settings) : settings_(settings), history_(settings) {}

  /// Takes the bin as history of which it is known what it was: `inside` is the degradation that it lies in.
  void remember(const BinSummary& bin, const Degradation* inside);
  /// Judges the bin. Appends to `over` what it ends.
  void judge(const BinSummary& bin, std::vector<Degradation>& over);
  /// What is open after the last bin.
  const std::optional<Degradation>& open() const { return open_; }
  /// What a bin at `at` would be compared with.
  std::optional<double> usual_us(TimePoint at) const;
  TemporalClass temporal_class() const { return history_.temporal_class(); }

 private:
  struct Shifted {
    BinSummary bin;
    Baseline baseline;
  };
  void shifted(const BinSummary& bin, const Baseline& baseline);
  void good(const BinSummary& bin, std::vector<Degradation>& over);
  std::optional<Basis> found_by() const;

  JudgeSettings settings_;
  HourHistory history_;
  std::vector<Shifted> shifted_;  // the last bins in a row, as far as they are shifted
  std::optional<Degradation> open_;
  std::size_t good_ = 0;  // bins since the last shifted one
  TimePoint good_since_{};
};

}  // namespace peering::latency
