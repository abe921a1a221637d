// `peeringctl mrt record`: what routers say over BMP, as MRT files.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>

namespace peering::cli {

struct MrtRecordOptions {
  std::string input;   ///< a recorded BMP session, "-" is standard input; empty: `listen`
  std::string listen;  ///< "127.0.0.1:11019"
  std::string folder;
  std::chrono::seconds every{900};
  bool compress = false;
};

/// From a recording: writes its files and ends; stretches of time are those of the messages. From routers:
/// goes on until SIGINT or SIGTERM. What was written is said on `err`. Gives the exit code: 0, 1 when the
/// recording is damaged or the disk refuses, 3 when it does not exist.
int run_mrt_record(const MrtRecordOptions& options, std::ostream& out, std::ostream& err);

}  // namespace peering::cli
