// The demo: a server, a simulation and a receiver of alerts, and what a customer sees of it all.
//
// The server is the real program as a child process with a data folder of its own; the simulation and the
// receiver run here but reach it by sockets and the public API only, as anybody would.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "cli/failure.h"

namespace peering::cli::demo {

struct DemoOptions {
  std::string peeringd;  ///< program
  std::string data_dir;  ///< empty: a new folder, deleted at the end
  bool once = false;  ///< end when everything was seen, on free ports; else the default ports, until Ctrl-C
  bool colored = false;
  std::uint64_t seed = 1;
};

/// With `once` it fails, naming what is missing, after 120 s.
Outcome<void> run_demo(const DemoOptions& options, std::ostream& out);

}  // namespace peering::cli::demo
