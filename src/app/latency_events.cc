#include "app/latency_events.h"

#include <algorithm>
#include <cmath>

#include "detect/event_shape.h"

namespace peering::app {

namespace {

using latency::Degradation;
using latency::SeriesName;

std::string milliseconds_text(double us) { return fmt::format("{:.1f} ms", us / 1000); }

std::string_view basis_in_words(latency::Basis basis) {
  switch (basis) {
    case latency::Basis::best_state:
      return "the lower quartile of a path that is known for less than a day";
    case latency::Basis::hour_of_day:
      return "usual at this hour of the day";
    case latency::Basis::hour_of_week:
      return "usual at this hour of the week";
  }
  return "";
}

std::string bin_in_words(const latency::BinSummary& bin) {
  return fmt::format("median {} (95 % interval {} to {}) of {} samples in the five minutes from {}",
                     milliseconds_text(bin.median_us), milliseconds_text(bin.low_us),
                     milliseconds_text(bin.high_us), bin.count, format_rfc3339(bin.start));
}

std::string series_in_words(const SeriesName& series) {
  return fmt::format("{} ({})", series.pop, model::to_string(series.kind));
}

model::Event latency_event(model::EventKind kind, const model::RegisteredPrefix& prefix,
                           const SeriesName& series, const Degradation& degradation, TimePoint first_seen,
                           TimePoint now) {
  const std::string about = fmt::format("{} {}", series.pop, model::to_string(series.kind));
  model::Event out = detect::make_event(kind, detect::Role::primary, prefix, prefix.expectation.prefix, about,
                                        first_seen, now, kind == model::EventKind::latency_degraded);
  const latency::BinSummary& bin = degradation.first;
  out.latency = model::LatencyShift{.pop = series.pop,
                                    .kind = series.kind,
                                    .basis = std::string(to_string(degradation.baseline.basis)),
                                    .baseline_us = std::round(degradation.baseline.us),
                                    .best_us = std::round(degradation.baseline.best_us),
                                    .median_us = std::round(bin.median_us),
                                    .low_us = std::round(bin.low_us),
                                    .high_us = std::round(bin.high_us),
                                    .count = bin.count};
  return out;
}

}  // namespace

model::Event degraded_event(const model::RegisteredPrefix& prefix, const SeriesName& series,
                            const Degradation& degradation, TimePoint now) {
  model::Event out = latency_event(model::EventKind::latency_degraded, prefix, series, degradation,
                                   degradation.first_seen, now);
  const latency::BinSummary& bin = degradation.first;
  const latency::Baseline& baseline = degradation.baseline;
  out.summary =
      fmt::format("{} is slower than usual at {}: {} instead of {}", out.prefix.to_string(),
                  series_in_words(series), milliseconds_text(bin.median_us), milliseconds_text(baseline.us));
  out.description =
      fmt::format("{} shows a {}, which is at least {} more than {}, {}", series_in_words(series),
                  bin_in_words(bin), milliseconds_text(bin.low_us - baseline.us),
                  milliseconds_text(baseline.us), basis_in_words(baseline.basis));
  out.evidence = {fmt::format("{}: {}", series_in_words(series), bin_in_words(bin)),
                  fmt::format("baseline {}: {}; best state {}", milliseconds_text(baseline.us),
                              basis_in_words(baseline.basis), milliseconds_text(baseline.best_us))};
  out.last_seen = degradation.opened_at;
  return out;
}

void end_degraded_event(model::Event& event, const Degradation& degradation) {
  event.evidence.push_back(fmt::format("{} bins were shifted; the worst: {}", degradation.shifted,
                                       bin_in_words(degradation.worst)));
  detect::resolve(event, *degradation.recovered_at,
                  degradation.became_usual ? "the level has held for so long that it is usual now"
                                           : "enough good bins in a row");
  event.last_seen = degradation.last_bin;
}

std::optional<model::Event> recovered_event(const model::RegisteredPrefix& prefix, const SeriesName& series,
                                            const Degradation& degradation, TimePoint now) {
  if (!degradation.recovered_at || degradation.became_usual) return std::nullopt;
  model::Event out = latency_event(model::EventKind::latency_recovered, prefix, series, degradation,
                                   *degradation.recovered_at, now);
  out.last_seen = degradation.last_bin;
  out.summary =
      fmt::format("{} is as fast as usual again at {}", out.prefix.to_string(), series_in_words(series));
  out.description =
      fmt::format("{} was slower than usual for {}, from {} on, and is not since {}", series_in_words(series),
                  format_duration(*degradation.recovered_at - degradation.first_seen),
                  format_rfc3339(degradation.first_seen), format_rfc3339(*degradation.recovered_at));
  out.evidence = {fmt::format("{} bins were shifted; the worst: {}", degradation.shifted,
                              bin_in_words(degradation.worst)),
                  fmt::format("baseline {}: {}", milliseconds_text(degradation.baseline.us),
                              basis_in_words(degradation.baseline.basis))};
  return out;
}

void retract(model::Event& event) {
  constexpr std::string_view reason = "samples that came late show that it was not so";
  if (event.state == model::EventState::open) {
    detect::resolve(event, event.last_seen, reason);
  } else {
    event.evidence.push_back(fmt::format("retracted: {}", reason));
  }
  event.latency->retracted = true;
}

bool says_the_same(const model::Event& a, const model::Event& b) {
  return a.state == b.state && a.first_seen == b.first_seen && a.last_seen == b.last_seen &&
         a.resolved_at == b.resolved_at && a.summary == b.summary && a.description == b.description &&
         a.evidence == b.evidence && a.latency == b.latency;
}

std::optional<std::pair<SeriesName, Degradation>> told_degradation(const model::Event& event) {
  if (event.kind != model::EventKind::latency_degraded || !event.latency || event.latency->retracted) {
    return std::nullopt;
  }
  Degradation out;
  out.first_seen = event.first_seen;
  out.recovered_at = event.resolved_at;
  out.last_bin = event.last_seen;
  out.baseline.us = event.latency->baseline_us;
  out.baseline.best_us = event.latency->best_us;
  out.baseline.basis = latency::parse_basis(event.latency->basis).value_or(latency::Basis::hour_of_week);
  out.as_told = true;
  return std::pair(SeriesName{event.latency->pop, event.latency->kind}, out);
}

}  // namespace peering::app
