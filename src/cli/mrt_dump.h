// `peeringctl mrt dump`: an MRT update file as text.
#pragma once

#include <iosfwd>
#include <string>

namespace peering::cli {

/// Writes the file's routes, withdrawals and states to `out`, one line each in the format of `bgpdump -m`;
/// damaged records are counted and reported on `err`, not fatal. With `one_line` false a line with the time
/// as RFC 3339 instead of seconds. Gives the exit code: 0, 1 when the file ends in damage, 3 when it does not
/// exist.
int run_mrt_dump(const std::string& file, bool one_line, std::ostream& out, std::ostream& err);

}  // namespace peering::cli
