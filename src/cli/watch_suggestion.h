// `peeringctl monitoring suggest --from`: a watch file (docs/watch.md) out of recorded routes.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "cli/failure.h"
#include "net/prefix.h"

namespace peering::cli {

struct WatchSuggestionOptions {
  std::vector<std::string> files;     ///< MRT tables and updates, in order; "-" is stdin, without `asns`
  std::vector<net::Prefix> prefixes;  ///< to be watched
  std::vector<net::Asn> asns;         ///< and whatever these originate in the files
  std::string vrps;                   ///< RPKI validator JSON export; empty: none
};

/// Writes the watch file on `out`, reasons and warnings on `err`.
Outcome<void> suggest_watch_file(const WatchSuggestionOptions& options, std::ostream& out, std::ostream& err);

}  // namespace peering::cli
