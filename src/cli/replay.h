// `peeringctl replay`: what rules would have fired in a stretch of the past, out of archived MRT files.
//
// The engine of `analyze`, given what came before the stretch as it was: the table that each collector wrote
// last, and the updates since. Files of several collectors are read side by side, in the order of their
// records' times.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "cli/analyze_watch.h"
#include "cli/failure.h"
#include "cli/settings.h"
#include "model/event.h"

namespace peering::cli {

struct ReplayOptions {
  TimePoint from, to;  ///< from inclusive, to exclusive
  WatchSources watch;
  std::vector<std::string> folders, files;
  model::Level alert_level = model::Level::warning;  ///< from this one on the summary counts alerts
};

/// Lines as `analyze` writes them on `out`; what was open when the stretch began is told first, with
/// `"before": true`. The summary and what could not be read on `err`.
Outcome<void> run_replay(const ReplayOptions& options, const Settings& settings, std::ostream& out,
                         std::ostream& err);

}  // namespace peering::cli
