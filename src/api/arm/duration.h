// Durations and times in queries, as ARM's clients write them: "PT1H", "P1D", "PT1H30M" (ISO 8601).
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace peering::api::arm {

inline constexpr Microseconds duration_max = std::chrono::days(400);

/// Weeks, or days, hours, minutes and whole seconds; longer than nothing and at most `duration_max`. Months
/// and years have no one length and are none of it. Letters compare without case.
std::optional<Microseconds> parse_duration(std::string_view text);

/// An RFC 3339 date-time; one without an offset, as `az` sends it, is UTC.
Result<TimePoint> parse_time(std::string_view text);

}  // namespace peering::api::arm
