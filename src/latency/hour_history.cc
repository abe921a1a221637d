#include "latency/hour_history.h"

#include <algorithm>
#include <cmath>

namespace peering::latency {

namespace {

constexpr Microseconds one_hour = std::chrono::hours(1);
constexpr int hours_a_day = 24, hours_a_week = 7 * 24;
constexpr double best_quantile = 0.1, usual_quantile = 0.25;
constexpr std::size_t bins_known_min = 3;
// From so many hours on single bins of the latest one make no difference to the best state.
constexpr std::size_t hours_alone = 24;
constexpr std::size_t weeks_needed = 2, days_needed = 1;
// Temporal classes.
constexpr int class_hours_min = 48;
constexpr double class_presence_min = 0.6, continuous_min = 0.75, diurnal_min = 0.5;

std::int32_t hour_of(TimePoint at) {
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::hours>(at).time_since_epoch().count());
}
TimePoint start_of(std::int32_t hour) { return TimePoint(hour * one_hour); }

// Whether a bin in a degradation that was found so counts for a basis: not for the one that found it, nor for
// those that know less.
bool counts_for(Basis basis, std::optional<Basis> found_by) { return !found_by || *found_by < basis; }

float median_of(std::vector<float>& values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

// The value of the nearest rank among values that count several times.
std::optional<double> weighted_quantile(std::vector<std::pair<float, std::size_t>> values, double quantile) {
  std::size_t total = 0;
  for (const auto& [value, times] : values) total += times;
  if (total < bins_known_min) return std::nullopt;
  std::ranges::sort(values);
  const double rank = std::max(1.0, std::ceil(quantile * static_cast<double>(total)));
  std::size_t seen = 0;
  for (const auto& [value, times] : values) {
    seen += times;
    if (static_cast<double>(seen) >= rank) return value;
  }
  return std::nullopt;
}

}  // namespace

void HourHistory::advance(TimePoint at) {
  // A degradation that a bin opens may have begun as many bins before.
  const Microseconds undecided = bin_width * static_cast<std::int64_t>(settings_.of_bins - 1);
  bool changed = false;
  while (!bins_.empty() && start_of(hour_of(bins_.front().start) + 1) + undecided <= at) {
    end_hour(hour_of(bins_.front().start));
    changed = true;
  }
  const std::int32_t oldest = hour_of(at - settings_.window());
  const auto kept = std::ranges::find_if(hours_, [&](const Hour& each) { return each.hour >= oldest; });
  if (kept == hours_.begin() && !changed) return;
  hours_.erase(hours_.begin(), kept);
  best_of_hours_.reset();
  if (calm_hours() >= hours_alone) best_of_hours_ = best();
}

std::size_t HourHistory::calm_hours() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(hours_, [](const Hour& each) { return each.has(Basis::best_state); }));
}

void HourHistory::end_hour(std::int32_t hour) {
  Hour out;
  out.hour = hour;
  const auto next = std::ranges::find_if(bins_, [&](const Bin& each) { return hour_of(each.start) != hour; });
  std::vector<float> values;
  for (const Basis basis : {Basis::best_state, Basis::hour_of_day, Basis::hour_of_week}) {
    values.clear();
    for (auto bin = bins_.begin(); bin != next; ++bin) {
      if (counts_for(basis, bin->found_by)) values.push_back(bin->median_us);
    }
    out.usual_us[static_cast<std::size_t>(basis)] = median_of(values);
    out.counting[static_cast<std::size_t>(basis)] = static_cast<std::uint8_t>(values.size());
  }
  values.clear();
  for (auto bin = bins_.begin(); bin != next; ++bin) values.push_back(bin->low_us);
  out.bins = static_cast<std::uint8_t>(values.size());
  out.low_us = median_of(values);
  hours_.push_back(out);
  bins_.erase(bins_.begin(), next);
}

const HourHistory::Hour* HourHistory::find(std::int32_t hour) const {
  const auto found = std::ranges::lower_bound(hours_, hour, {}, &Hour::hour);
  return found != hours_.end() && found->hour == hour ? &*found : nullptr;
}

std::optional<double> HourHistory::best() const {
  return best_of_hours_ ? best_of_hours_ : weighted_quantile(known(), best_quantile);
}

// Medians of hours and of bins, and how many bins each stands for.
std::vector<std::pair<float, std::size_t>> HourHistory::known() const {
  std::vector<std::pair<float, std::size_t>> values;
  for (const Hour& each : hours_) {
    if (each.has(Basis::best_state)) values.emplace_back(each.usual(Basis::best_state), each.counting[0]);
  }
  if (calm_hours() < hours_alone) {
    for (const Bin& each : bins_) {
      if (!each.found_by) values.emplace_back(each.median_us, 1);
    }
  }
  return values;
}

std::optional<double> HourHistory::same_hours(std::int32_t hour, Basis basis) const {
  const bool weekly = basis == Basis::hour_of_week;
  const int step = weekly ? hours_a_week : hours_a_day;
  const std::int32_t oldest = hour - hours_a_week * settings_.baseline_weeks;
  std::vector<float> values;
  for (std::int32_t each = hour - step; each >= oldest; each -= step) {
    const Hour* const found = find(each);
    if (found && found->has(basis)) values.push_back(found->usual(basis));
  }
  if (values.size() < (weekly ? weeks_needed : days_needed)) return std::nullopt;
  std::ranges::sort(values);
  return values[(values.size() - 1) / 2];
}

std::optional<Baseline> HourHistory::baseline(TimePoint at, Basis finest) const {
  const auto best_us = best();
  if (!best_us) return std::nullopt;
  for (const Basis basis : {Basis::hour_of_week, Basis::hour_of_day}) {
    if (basis > finest) continue;
    if (const auto usual = same_hours(hour_of(at), basis)) {
      return Baseline{std::max(*best_us, *usual), *best_us, basis};
    }
  }
  const auto usual = weighted_quantile(known(), usual_quantile);
  return Baseline{usual.value_or(*best_us), *best_us, Basis::best_state};
}

void HourHistory::add(const BinSummary& bin, std::optional<Basis> found_by) {
  bins_.push_back({bin.start, static_cast<float>(bin.median_us), static_cast<float>(bin.low_us), found_by});
}

void HourHistory::leave_out_from(TimePoint from, Basis found_by) {
  for (Bin& each : bins_) {
    if (each.start >= from) each.found_by = found_by;
  }
}

TemporalClass HourHistory::temporal_class() const {
  const auto best_us = best();
  if (hours_.empty() || !best_us) return TemporalClass::insufficient;
  const std::int32_t known = hours_.back().hour - hours_.front().hour + 1;
  if (known < class_hours_min || static_cast<double>(hours_.size()) < class_presence_min * known) {
    return TemporalClass::insufficient;
  }
  std::array<int, hours_a_day> present{}, shifted{};
  std::size_t shifted_hours = 0;
  bool any = false;
  for (const Hour& each : hours_) {
    const bool is_shifted = each.low_us - *best_us >= settings_.rise_of(*best_us);
    const auto of_day = static_cast<std::size_t>((each.hour % hours_a_day + hours_a_day) % hours_a_day);
    ++present[of_day];
    shifted[of_day] += is_shifted ? 1 : 0;
    shifted_hours += is_shifted ? 1 : 0;
    any = any || is_shifted || each.counting[0] < each.bins;
  }
  if (!any) return TemporalClass::uneventful;
  if (static_cast<double>(shifted_hours) >= continuous_min * static_cast<double>(hours_.size())) {
    return TemporalClass::continuous;
  }
  for (std::size_t of_day = 0; of_day < present.size(); ++of_day) {
    const bool often = present[of_day] >= 2 && shifted[of_day] >= diurnal_min * present[of_day];
    if (often && shifted[of_day] >= 2) return TemporalClass::diurnal;
  }
  return TemporalClass::episodic;
}

}  // namespace peering::latency
