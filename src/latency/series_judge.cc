#include "latency/series_judge.h"

#include <utility>

namespace peering::latency {

std::optional<Basis> SeriesJudge::found_by() const {
  return open_ ? std::optional(open_->baseline.basis) : std::nullopt;
}

void SeriesJudge::remember(const BinSummary& bin, const Degradation* inside) {
  if (bin.count < settings_.samples_min) return;
  history_.advance(bin.start);
  history_.add(bin, inside ? std::optional(inside->baseline.basis) : std::nullopt);
}

void SeriesJudge::judge(const BinSummary& bin, std::vector<Degradation>& over) {
  if (bin.count < settings_.samples_min) return;
  if (open_ && bin.start - open_->first_seen >= settings_.window()) {
    open_->became_usual = true;
    open_->recovered_at = bin.start;
    open_->last_bin = bin.start - bin_width;
    over.push_back(*std::exchange(open_, std::nullopt));
  }
  history_.advance(bin.start);
  const auto baseline = history_.baseline(bin.start, found_by().value_or(Basis::hour_of_week));
  // In the history first, so that what opens or ends can say what the bin counts for.
  history_.add(bin, found_by());
  if (!baseline) return;
  const double rise = settings_.rise_of(baseline->us);
  if (bin.low_us - baseline->us >= rise) {
    shifted(bin, *baseline);
  } else if (bin.median_us - baseline->us < rise) {
    good(bin, over);
  }
}

std::optional<double> SeriesJudge::usual_us(TimePoint at) const {
  const auto baseline = history_.baseline(at, found_by().value_or(Basis::hour_of_week));
  return baseline ? std::optional(baseline->us) : std::nullopt;
}

void SeriesJudge::shifted(const BinSummary& bin, const Baseline& baseline) {
  good_ = 0;
  if (open_) {
    ++open_->shifted;
    if (bin.median_us > open_->worst.median_us) open_->worst = bin;
    return;
  }
  const TimePoint oldest = bin.start - bin_width * static_cast<std::int64_t>(settings_.of_bins - 1);
  std::erase_if(shifted_, [&](const Shifted& each) { return each.bin.start < oldest; });
  shifted_.push_back({bin, baseline});
  if (shifted_.size() < settings_.shifted_bins) return;
  Degradation made;
  made.first_seen = shifted_.front().bin.start;
  made.opened_at = made.last_bin = bin.start;
  made.baseline = shifted_.front().baseline;
  made.first = made.worst = shifted_.front().bin;
  made.shifted = shifted_.size();
  for (const Shifted& each : shifted_) {
    if (each.bin.median_us > made.worst.median_us) made.worst = each.bin;
  }
  shifted_.clear();
  history_.leave_out_from(made.first_seen, made.baseline.basis);
  open_ = made;
}

void SeriesJudge::good(const BinSummary& bin, std::vector<Degradation>& over) {
  if (!open_) return;
  if (good_++ == 0) good_since_ = bin.start;
  if (good_ < settings_.recovered_bins) return;
  open_->recovered_at = good_since_;
  open_->last_bin = bin.start;
  good_ = 0;
  over.push_back(*std::exchange(open_, std::nullopt));
}

}  // namespace peering::latency
