// Judges all series of one registered prefix from its stored bins, as often as there are new ones, at the
// cost of the new ones.
//
// A state is kept of each series as of a checkpoint a few hours ago. Each time the bins since then are read
// and judged again on a copy, so that what comes a little late needs no care. What comes from before the
// checkpoint makes the state be built anew from there on: the bins of the window before it are read as
// history, of which the degradations known so far say what they were, and what follows is judged again. So
// the outcome is that of judging all bins in order, whenever they came.
//
// The first time the same is done with the degradations that were told before the process started. When the
// store has nothing from before the window, everything is judged anew, else what a stop can have left
// unjudged, that is the last two days.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "latency/bin_summaries.h"
#include "latency/degradation.h"
#include "latency/series_judge.h"

namespace peering::latency {

/// Judges all bins of a prefix in order, from the first one on: what `PrefixJudge` comes to, for few bins.
std::vector<SeriesVerdict> judge_all(std::span<const SeriesBin> bins, const JudgeSettings& settings);

/// A value type but for what `ReadBins` refers to; not thread-safe.
class PrefixJudge {
 public:
  /// Bins of the prefix with from <= start < to.
  using ReadBins = std::function<Result<std::vector<SeriesBin>>(TimePoint from, TimePoint to)>;
  using Known = std::map<SeriesName, std::vector<Degradation>>;

  PrefixJudge(JudgeSettings settings, ReadBins read) : settings_(settings), read_(std::move(read)) {}

  /// Degradations that were told before, in order of time; before anything else.
  void restore(Known told) { known_ = std::move(told); }
  /// Judges the bins that start before `until`: bins that are whole. `touched`: the earliest of them that may
  /// have changed since the last time. Errors of the store; then the same is to be asked again.
  Result<std::vector<SeriesVerdict>> judge(std::optional<TimePoint> touched, TimePoint until);
  /// Verdicts as `judge` would give them, without keeping anything; for reports. Needs no `touched`.
  Result<std::vector<SeriesVerdict>> look(TimePoint until) const;
  /// What is usual for a series at `at`, a moment not long ago; nothing when that is not known.
  std::optional<double> usual_us(const SeriesName& name, TimePoint at) const;
  /// True when a state is kept, so that `look` costs little.
  bool loaded() const { return checkpoint_.has_value(); }
  /// True when a bin at `at` makes the state be built anew.
  bool is_late(TimePoint at) const { return checkpoint_ && at < *checkpoint_; }

 private:
  Result<void> load(std::optional<TimePoint> touched, TimePoint until);
  Result<void> build(TimePoint from, TimePoint checkpoint);
  Result<void> read_history(TimePoint from, TimePoint to);
  TimePoint outside_of_known(TimePoint from) const;
  void judge_into_state(const SeriesSummaries& summaries);
  void forget_before(TimePoint at);
  SeriesJudge& judge_of(const SeriesName& name);
  std::vector<SeriesVerdict> verdicts(const SeriesSummaries& tail) const;

  JudgeSettings settings_;
  ReadBins read_;
  std::optional<TimePoint> checkpoint_;
  std::map<SeriesName, SeriesJudge> judges_;  // as of the checkpoint
  Known known_;                               // degradations that were over then
};

}  // namespace peering::latency
