// Threads for work that blocks: stores and API handlers.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace peering::runtime {

/// A fixed number of threads and one bounded queue. Thread-safe.
class WorkerPool {
 public:
  /// `threads` at least 1; at most `queue_max` jobs wait.
  WorkerPool(std::size_t threads, std::size_t queue_max);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when the queue is full or the pool is stopping; the job is then not taken.
  bool submit(std::function<void()> job);
  /// Runs what is queued, then joins. Idempotent, from any thread but the pool's own: not from a job.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::runtime
