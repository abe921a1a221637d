// Lets many in, or waits until nobody is inside.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace peering::latency {

/// Like a shared mutex whose exclusive side cannot starve: who wants to close stops newcomers first.
/// Thread-safe.
class Gate {
 public:
  /// Inside from construction to destruction; waits while the gate is closed.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate) {
      std::unique_lock lock(gate_.mutex_);
      gate_.changed_.wait(lock, [&] { return !gate_.closed_; });
      ++gate_.inside_;
    }
    ~Pass() {
      {
        const std::lock_guard lock(gate_.mutex_);
        --gate_.inside_;
      }
      gate_.changed_.notify_all();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Gate& gate_;
  };

  /// Nobody is inside from construction to destruction. One at a time.
  class Closure {
   public:
    explicit Closure(Gate& gate) : gate_(gate) {
      std::unique_lock lock(gate_.mutex_);
      gate_.closed_ = true;
      gate_.changed_.wait(lock, [&] { return gate_.inside_ == 0; });
    }
    ~Closure() {
      {
        const std::lock_guard lock(gate_.mutex_);
        gate_.closed_ = false;
      }
      gate_.changed_.notify_all();
    }
    Closure(const Closure&) = delete;
    Closure& operator=(const Closure&) = delete;

   private:
    Gate& gate_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t inside_ = 0;
  bool closed_ = false;
};

}  // namespace peering::latency
