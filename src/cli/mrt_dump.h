// `peeringctl mrt dump`: MRT files as text.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace peering::cli {

enum class MrtDumpForm : std::uint8_t {
  readable,  ///< one line a route, the time as RFC 3339
  one_line,  ///< exactly the lines of `bgpdump -m`
  brief,     ///< exactly the lines of `bgpdump -M`
  json,      ///< one JSON object a record
};

struct MrtDumpOptions {
  std::vector<std::string> files;  ///< "-" is standard input
  MrtDumpForm form = MrtDumpForm::readable;
};

/// Writes the files' records to `out`, one file after the other. Damage is reported on `err` with its offset
/// in the plain file and skipped. Gives the exit code: 0, 1 when a file ends in damage or cannot be read, 3
/// when one does not exist.
int run_mrt_dump(const MrtDumpOptions& options, std::ostream& out, std::ostream& err);

}  // namespace peering::cli
