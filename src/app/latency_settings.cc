#include "app/latency_settings.h"

namespace peering::app {

namespace {

std::int64_t number_of(const Target& value) { return *std::get<std::int64_t*>(value); }

std::string samples(const Target& value) {
  return number_of(value) < 2 || number_of(value) > 1'000'000 ? "a number of samples from 2 to 1000000" : "";
}
std::string milliseconds(const Target& value) {
  return number_of(value) < 1 || number_of(value) > 10'000 ? "milliseconds from 1 to 10000" : "";
}
std::string percent(const Target& value) {
  return number_of(value) < 0 || number_of(value) > 1000 ? "a percentage from 0 to 1000" : "";
}
std::string bins(const Target& value) {
  return number_of(value) < 1 || number_of(value) > 12 ? "a number of bins from 1 to 12" : "";
}
std::string weeks(const Target& value) {
  return number_of(value) < 2 || number_of(value) > 8 ? "a number of weeks from 2 to 8" : "";
}

}  // namespace

void add_judgement_settings(std::vector<Setting>& out, Configuration::Latency& latency) {
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule) {
    out.push_back({"latency", key, target, text, rule});
  };
  row("samples_min", &latency.samples_min,
      "A bin of five minutes with fewer samples is insufficient: it is not judged.", samples);
  row("degraded_by_ms", &latency.degraded_by_ms,
      "A bin is shifted when the low end of its median's 95 % interval is so many milliseconds above the "
      "baseline, and by degraded_by_percent.",
      milliseconds);
  row("degraded_by_percent", &latency.degraded_by_percent,
      "The same in per cent of the baseline; the larger of both counts.", percent);
  row("degraded_bins", &latency.degraded_bins, "So many shifted bins are a degradation ...", bins);
  row("degraded_of_bins", &latency.degraded_of_bins, "... when they are among so many in a row.", bins);
  row("recovered_bins", &latency.recovered_bins, "So many good bins in a row end it.", bins);
  row("baseline_weeks", &latency.baseline_weeks,
      "How many weeks back the baseline looks; what has held for so long is usual.", weeks);
}

Result<void> check_judgement(const Configuration& configuration) {
  const Configuration::Latency& latency = configuration.latency;
  if (latency.degraded_bins <= latency.degraded_of_bins) return {};
  return fail(ErrorCode::invalid_argument,
              "latency.degraded_bins: {} bins are never among the {} of latency.degraded_of_bins",
              latency.degraded_bins, latency.degraded_of_bins);
}

latency::JudgeSettings judge_settings(const Configuration& configuration) {
  const Configuration::Latency& from = configuration.latency;
  latency::JudgeSettings out;
  out.samples_min = static_cast<std::uint64_t>(from.samples_min);
  out.rise_us_min = 1000.0 * static_cast<double>(from.degraded_by_ms);
  out.rise_fraction_min = static_cast<double>(from.degraded_by_percent) / 100;
  out.shifted_bins = static_cast<std::size_t>(from.degraded_bins);
  out.of_bins = static_cast<std::size_t>(from.degraded_of_bins);
  out.recovered_bins = static_cast<std::size_t>(from.recovered_bins);
  out.baseline_weeks = static_cast<int>(from.baseline_weeks);
  return out;
}

}  // namespace peering::app
