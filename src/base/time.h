// Wall time as the product uses it: microseconds since 1970 UTC.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace peering {

using Microseconds = std::chrono::microseconds;
/// A moment in UTC, resolution one microsecond.
using TimePoint = std::chrono::sys_time<Microseconds>;

/// The wall clock now.
TimePoint now();

/// From microseconds since 1970.
constexpr TimePoint time_from_us(std::int64_t us) { return TimePoint(Microseconds(us)); }
/// To microseconds since 1970.
constexpr std::int64_t to_us(TimePoint t) { return t.time_since_epoch().count(); }

/// RFC 3339 in UTC with as many fraction digits as needed (0, 3 or 6): "2026-11-23T10:00:00.123Z".
std::string format_rfc3339(TimePoint t);

/// Reads RFC 3339 date-times ("2026-11-23T10:00:00.123Z", "…+01:00"), years 1970 to 9999.
Result<TimePoint> parse_rfc3339(std::string_view text);

/// "3 min 20 s" style duration for people.
std::string format_duration(Microseconds duration);

}  // namespace peering
