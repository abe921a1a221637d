// What the offline detectors are to expect and to know: a watch file, with topology and RPKI data beside it.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "detect/watch_file.h"

namespace peering::cli {

struct WatchSources {
  std::string name;              ///< of the watch file, for messages
  std::string text;              ///< what it says; empty: read the file of that name
  std::string as_relationships;  ///< CAIDA serial-1 file; empty: none
  std::string vrps;              ///< RPKI validator JSON export; empty: none
  std::string siblings;          ///< lines of AS numbers that belong together; empty: none
  std::string aspa;              ///< as `vrps`, for its `aspas`; empty: none
  std::string irr;               ///< dump of an IRR database; empty: none
  /// Where the watch file does not say it; absent: as by default.
  std::optional<Microseconds> reopen_within;
};

/// What was changed on reading, and unknown keys, are told on `err`.
Result<detect::WatchFile> read_watch(const WatchSources& sources, std::ostream& err);

}  // namespace peering::cli
