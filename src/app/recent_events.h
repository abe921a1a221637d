// What must be remembered of the past when the server starts, beside what is open: out of the stored events,
// bounded in time and number, so that a start after a storm is no later.
#pragma once

#include <vector>

#include "store/telemetry_store.h"

namespace peering::app {

struct RecentEvents {
  /// Events in their latest version that ended not long ago and so may come back (detect/reopening.h).
  std::vector<model::Event> ended;
  /// Versions by which events came back not long ago, one a return, oldest first (alert/damper.h).
  std::vector<model::Event> returned;
};

/// What ended since `ended_since` by its own time, and came back since `returned_since` by ours, among the
/// versions that were stored last.
Result<RecentEvents> recent_events(store::TelemetryStore& telemetry, TimePoint ended_since,
                                   TimePoint returned_since);

inline constexpr Microseconds findings_remembered = std::chrono::days(30);

/// Findings and losses of visibility that began since `since`, the latest of them, oldest first: what says
/// whether the same was found long before (`detect::Detector::recall`).
Result<std::vector<model::Event>> findings_since(store::TelemetryStore& telemetry, TimePoint since);

}  // namespace peering::app
