// "Stop" said once and heard by every waiting thread at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace peering::sim {

/// Thread-safe.
class StopFlag {
 public:
  void raise() {
    {
      const std::lock_guard lock(mutex_);
      raised_ = true;
    }
    changed_.notify_all();
  }
  bool raised() const {
    const std::lock_guard lock(mutex_);
    return raised_;
  }
  /// Waits until then; false when it was raised before.
  template <class TimePoint>
  bool sleep_until(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_until(lock, deadline, [&] { return raised_; });
  }
  bool sleep_for(std::chrono::milliseconds time) {
    return sleep_until(std::chrono::steady_clock::now() + time);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

}  // namespace peering::sim
