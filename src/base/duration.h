// Durations as configuration files write them.
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"

namespace peering {

/// "250ms", "90s", "5m", "12h" or "30d"; milliseconds are rounded up to seconds. The number is at most 1e9.
Result<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace peering
