// `peeringctl analyze`: the server's detectors over recorded updates.
//
// Reads RIS Live JSON lines, MRT or recorded BMP, applies each update to a routing table and gives every
// change to `detect::Detector`, as a shard of the server does. One JSON object a line on `out` for everything
// found; what could not be read is counted, reported on `err` and skipped.
#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <vector>

namespace peering::cli {

struct AnalyzeOptions {
  std::string watch_file;           ///< docs/watch.md
  std::string format = "auto";      ///< auto, ris, mrt or bmp
  std::vector<std::string> inputs;  ///< files in order; "-" is `in`
  std::string as_relationships;     ///< CAIDA serial-1 file; empty: none
  std::string vrps;                 ///< RPKI validator JSON export; empty: none
  std::string irr;                  ///< dump of an IRR database; empty: none
};

/// Exit code: 0 it ran, 1 an input could not be opened or the output not written, 2 bad arguments or watch
/// file. Ends `err` with one line `N records, N malformed`.
int run_analyze(const AnalyzeOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace peering::cli
