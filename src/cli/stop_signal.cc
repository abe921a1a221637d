#include "cli/stop_signal.h"

namespace peering::cli {

StopSignal::StopSignal() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

StopSignal::~StopSignal() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool StopSignal::wait_for(std::chrono::milliseconds time) {
  if (came_) return true;
  const timespec limit{time.count() / 1000, time.count() % 1000 * 1000000};
  came_ = sigtimedwait(&signals_, nullptr, &limit) > 0;
  return came_;
}

}  // namespace peering::cli
