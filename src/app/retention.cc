#include "app/retention.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/log.h"

namespace peering::app {

namespace {

constexpr std::chrono::minutes roll_up_period{1};
constexpr int periods_between_expiries = 60;
constexpr std::chrono::hours late_samples_awaited{1};  // before a day is rolled up
constexpr std::size_t days_at_once = 64;

}  // namespace

model::OfLevels<TimePoint> latency_kept_from(const Configuration& configuration, TimePoint now) {
  const auto& latency = configuration.latency;
  model::OfLevels<TimePoint> out = {now - latency.keep_5m, now - latency.keep_15m, now - latency.keep_1h,
                                    now - latency.keep_1d};
  for (TimePoint& each : out) each = model::day_of(std::max(each, now - configuration.storage.keep_latency));
  return out;
}

void Retention::start() {
  thread_ = std::jthread([this](const std::stop_token& stopping) {
    std::mutex waiting_mutex;
    std::condition_variable_any wake;
    for (int round = 1; !stopping.stop_requested(); ++round) {
      std::unique_lock lock(waiting_mutex);
      if (wake.wait_for(lock, stopping, roll_up_period, [&] { return stopping.stop_requested(); })) return;
      roll_up(stopping);
      if (round % periods_between_expiries == 0) expire();
    }
  });
}

void Retention::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Retention::roll_up(const std::stop_token& stopping) {
  while (!stopping.stop_requested()) {
    const auto done = telemetry_.roll_up(now() - late_samples_awaited, days_at_once);
    if (!done) log::warning("latency sketches are not rolled up yet: {}", done.error().message);
    if (!done || *done == 0) return;
  }
}

void Retention::expire() {
  const auto dropped = telemetry_.expire(now() - c_.storage.keep_events);
  if (!dropped) log::error("old telemetry cannot be dropped: {}", dropped.error().message);
  const auto sketches = telemetry_.expire_sketches(latency_kept_from(c_, now()));
  if (!sketches) log::error("old latency sketches cannot be dropped: {}", sketches.error().message);
  const auto trimmed = resources_.trim_log(
      {now() - c_.storage.keep_audit, static_cast<std::size_t>(c_.storage.audit_entries_max)});
  if (!trimmed) log::error("old audit entries cannot be dropped: {}", trimmed.error().message);
}

}  // namespace peering::app
