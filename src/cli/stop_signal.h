// Ctrl-C and SIGTERM as something to wait for, instead of the end of the process.
#pragma once

#include <chrono>
#include <csignal>

namespace peering::cli {

/// Make one before the first thread starts: threads started later inherit that the signals are held back. At
/// its end the signals work as before. One at a time.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// True when SIGINT or SIGTERM came, now or before; waits at most so long.
  bool wait_for(std::chrono::milliseconds time);

 private:
  sigset_t signals_{}, before_{};
  bool came_ = false;
};

}  // namespace peering::cli
