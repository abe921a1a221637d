#include "latency/prefix_judge.h"

#include <algorithm>

namespace peering::latency {

namespace {

// A checkpoint is so old at least, and moves on when it is so old.
constexpr std::chrono::hours checkpoint_age_min{2}, checkpoint_age_max{4};
// What a stop of the process may have left unjudged, where there is more history than is judged anew.
constexpr std::chrono::days unjudged_max{2};
// Samples are accepted from a little more than a window ago.
constexpr std::chrono::days judged_anew{33};
constexpr std::chrono::days read_at_once{1};

TimePoint whole_hour(TimePoint at) { return std::chrono::floor<std::chrono::hours>(at); }

SeriesVerdict judged_series(const SeriesName& name, SeriesJudge judge, std::vector<Degradation> over,
                            std::span<const BinSummary> bins) {
  for (const BinSummary& bin : bins) judge.judge(bin, over);
  if (judge.open()) over.push_back(*judge.open());
  return {name, std::move(over), judge.temporal_class()};
}

}  // namespace

std::vector<SeriesVerdict> judge_all(std::span<const SeriesBin> bins, const JudgeSettings& settings) {
  std::vector<SeriesVerdict> out;
  for (const auto& [name, summaries] : summaries_of(bins)) {
    out.push_back(judged_series(name, SeriesJudge(settings), {}, summaries));
  }
  return out;
}

SeriesJudge& PrefixJudge::judge_of(const SeriesName& name) {
  return judges_.try_emplace(name, settings_).first->second;
}

Result<std::vector<SeriesVerdict>> PrefixJudge::judge(std::optional<TimePoint> touched, TimePoint until) {
  if (!checkpoint_) {
    if (auto done = load(touched, until); !done) return tl::unexpected(done.error());
  } else if (touched && *touched < *checkpoint_) {
    if (auto done = build(*touched, *checkpoint_); !done) return tl::unexpected(done.error());
  }
  if (until - *checkpoint_ > checkpoint_age_max) {
    const TimePoint next = whole_hour(until - checkpoint_age_min);
    for (TimePoint from = *checkpoint_; from < next; from += read_at_once) {
      const auto bins = read_(from, std::min(next, from + read_at_once));
      if (!bins) {
        // What was judged of it is kept, and must not be judged twice.
        checkpoint_ = from;
        return tl::unexpected(bins.error());
      }
      judge_into_state(summaries_of(*bins));
    }
    checkpoint_ = next;
    forget_before(next - settings_.window() - judged_anew);
  }
  return look(until);
}

Result<std::vector<SeriesVerdict>> PrefixJudge::look(TimePoint until) const {
  if (!checkpoint_) {
    PrefixJudge other = *this;
    if (auto done = other.load(std::nullopt, until); !done) return tl::unexpected(done.error());
    return other.look(until);
  }
  const auto bins = read_(*checkpoint_, std::max(*checkpoint_, until));
  if (!bins) return tl::unexpected(bins.error());
  return verdicts(summaries_of(*bins));
}

Result<void> PrefixJudge::load(std::optional<TimePoint> touched, TimePoint until) {
  const TimePoint checkpoint = whole_hour(until - checkpoint_age_min);
  const TimePoint beginning = whole_hour(until - judged_anew);
  const auto older = read_(beginning - unjudged_max, beginning);
  if (!older) return tl::unexpected(older.error());
  TimePoint from = older->empty() ? beginning : checkpoint - unjudged_max;
  if (touched) from = std::min(from, *touched);
  return build(from, checkpoint);
}

std::optional<double> PrefixJudge::usual_us(const SeriesName& name, TimePoint at) const {
  const auto judge = judges_.find(name);
  return judge == judges_.end() ? std::nullopt : judge->second.usual_us(at);
}

// A time from which on judging needs to know no degradation that began before.
TimePoint PrefixJudge::outside_of_known(TimePoint from) const {
  const Microseconds in_a_row = bin_width * static_cast<std::int64_t>(settings_.of_bins);
  for (TimePoint out = from - in_a_row;;) {
    TimePoint earliest = out;
    const auto look_at = [&](const Degradation& each) {
      if (each.first_seen < out && each.covers(out)) earliest = std::min(earliest, each.first_seen);
    };
    for (const auto& [name, degradations] : known_) std::ranges::for_each(degradations, look_at);
    for (const auto& [name, judge] : judges_) {
      if (judge.open()) look_at(*judge.open());
    }
    if (earliest == out) return bin_start(out);
    out = earliest - in_a_row;
  }
}

// On an error the state is gone, and is built when it is asked for again.
Result<void> PrefixJudge::build(TimePoint touched, TimePoint checkpoint) {
  const TimePoint from = outside_of_known(touched);
  checkpoint_.reset();
  judges_.clear();
  for (auto& [name, degradations] : known_) {
    std::erase_if(degradations, [&](const Degradation& each) { return each.first_seen >= from; });
  }
  if (auto done = read_history(from - settings_.window(), from); !done) return done;
  for (TimePoint at = from; at < checkpoint; at += read_at_once) {
    const auto bins = read_(at, std::min(checkpoint, at + read_at_once));
    if (!bins) return tl::unexpected(bins.error());
    judge_into_state(summaries_of(*bins));
  }
  checkpoint_ = checkpoint;
  return {};
}

Result<void> PrefixJudge::read_history(TimePoint from, TimePoint to) {
  for (TimePoint at = from; at < to; at += read_at_once) {
    const auto bins = read_(at, std::min<TimePoint>(to, at + read_at_once));
    if (!bins) return tl::unexpected(bins.error());
    for (const auto& [name, summaries] : summaries_of(*bins)) {
      SeriesJudge& judge = judge_of(name);
      const std::vector<Degradation>& known = known_[name];
      for (const BinSummary& bin : summaries) {
        const auto inside =
            std::ranges::find_if(known, [&](const Degradation& each) { return each.covers(bin.start); });
        judge.remember(bin, inside == known.end() ? nullptr : &*inside);
      }
    }
  }
  return {};
}

void PrefixJudge::judge_into_state(const SeriesSummaries& summaries) {
  for (const auto& [name, bins] : summaries) {
    SeriesJudge& judge = judge_of(name);
    for (const BinSummary& bin : bins) judge.judge(bin, known_[name]);
  }
}

void PrefixJudge::forget_before(TimePoint at) {
  for (auto& [name, degradations] : known_) {
    std::erase_if(degradations, [&](const Degradation& each) { return each.last_bin < at; });
  }
}

std::vector<SeriesVerdict> PrefixJudge::verdicts(const SeriesSummaries& tail) const {
  std::map<SeriesName, const SeriesJudge*> judges;
  for (const auto& [name, judge] : judges_) judges.emplace(name, &judge);
  const SeriesJudge fresh(settings_);
  for (const auto& [name, bins] : tail) judges.try_emplace(name, &fresh);
  std::vector<SeriesVerdict> out;
  for (const auto& [name, judge] : judges) {
    const auto known = known_.find(name);
    const auto bins = tail.find(name);
    out.push_back(judged_series(name, *judge,
                                known == known_.end() ? std::vector<Degradation>() : known->second,
                                bins == tail.end() ? std::span<const BinSummary>() : bins->second));
  }
  return out;
}

}  // namespace peering::latency
