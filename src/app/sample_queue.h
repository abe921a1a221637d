// Samples for whose storing nobody waits: gathered, and stored together some times a second.
//
// What a crash finds waiting is lost. While the store refuses, samples wait; when there is no more room they
// are refused.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "model/sample.h"

namespace peering::app {

/// Inert until `start`. `offer` is thread-safe.
class SampleQueue {
 public:
  using Accept = std::function<Result<void>(const model::SampleBatch&)>;
  explicit SampleQueue(Accept accept, std::size_t samples_max = 200'000);
  ~SampleQueue();
  SampleQueue(const SampleQueue&) = delete;
  SampleQueue& operator=(const SampleQueue&) = delete;

  void start();
  /// Stores what waits and takes nothing more. Idempotent.
  void stop();
  /// False: there is no room, or it was stopped; nothing was taken.
  bool offer(model::SampleBatch batch);

 private:
  model::SampleBatch gather();
  void store(const model::SampleBatch& batch);
  void run();

  const Accept accept_;
  const std::size_t samples_max_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  model::SampleBatch waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Appends the samples of `more`, which have no idempotency key.
void append_batch(model::SampleBatch& to, const model::SampleBatch& more);

}  // namespace peering::app
