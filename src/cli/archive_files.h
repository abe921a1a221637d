// Which archived MRT files tell of a stretch of time, by their names: `updates.20261123.1000.gz` as the
// server's `[archive]`, RouteViews and RIS name updates, `rib.…` and `bview.…` their tables.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace peering::cli {

/// When what the file holds begins; nothing for a name that does not say it.
std::optional<TimePoint> archive_time(std::string_view name);

/// What one collector (one folder) has for a stretch of time.
struct ArchiveLane {
  std::string table;                 ///< the last table at or before the begin; empty: there is none
  std::vector<std::string> updates;  ///< in order, from the table (else from the begin) on
};

/// Looks into folders, and those below them, and at files. A file whose name says no time is taken as it is.
/// The error names what cannot be read.
Result<std::vector<ArchiveLane>> archive_lanes(const std::vector<std::string>& folders,
                                               const std::vector<std::string>& files, TimePoint from,
                                               TimePoint to);

}  // namespace peering::cli
