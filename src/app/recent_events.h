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
  /// Findings and losses of visibility that began lately, over or not, oldest first: they say whether the
  /// same was found long before (`detect::Detector::recall`).
  std::vector<model::Event> findings;
};

/// How long findings are remembered.
inline constexpr Microseconds findings_remembered = std::chrono::days(30);

/// Of the versions and events that were stored last: what ended no longer than `reopen_within` before `at` by
/// its own time, and came back no longer than `flap_window` before by ours.
Result<RecentEvents> recent_events(store::TelemetryStore& telemetry, TimePoint at, Microseconds reopen_within,
                                   Microseconds flap_window);

}  // namespace peering::app
