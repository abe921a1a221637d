#include "app/sample_queue.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace peering::app {

namespace {

constexpr std::chrono::milliseconds queue_gather_time{200};
constexpr std::chrono::seconds queue_store_retry{1};

}  // namespace

void append_batch(model::SampleBatch& to, const model::SampleBatch& more) {
  const auto names = static_cast<std::uint32_t>(to.names.size());
  const auto series = static_cast<std::uint32_t>(to.series.size());
  to.names.insert(to.names.end(), more.names.begin(), more.names.end());
  for (model::BatchSeries each : more.series) {
    each.resource += names;
    each.pop += names;
    each.source += names;
    to.series.push_back(each);
  }
  for (model::LatencySample each : more.samples) {
    each.series += series;
    to.samples.push_back(each);
  }
}

SampleQueue::SampleQueue(Accept accept, std::size_t samples_max)
    : accept_(std::move(accept)), samples_max_(samples_max) {}
SampleQueue::~SampleQueue() { stop(); }

void SampleQueue::start() {
  thread_ = std::thread([this] { run(); });
}

void SampleQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool SampleQueue::offer(model::SampleBatch batch) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.samples.size() + batch.samples.size() > samples_max_) return false;
  const bool first = waiting_.samples.empty();
  append_batch(waiting_, batch);
  if (first) changed_.notify_all();
  return true;
}

// Samples of a moment together, as each batch is synced to disk; none when it is over.
model::SampleBatch SampleQueue::gather() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || !waiting_.samples.empty(); });
  changed_.wait_for(lock, queue_gather_time, [&] { return stopping_; });
  return std::exchange(waiting_, {});
}

void SampleQueue::store(const model::SampleBatch& batch) {
  bool told = false;
  while (true) {
    const auto done = accept_(batch);
    if (done) return;
    if (!std::exchange(told, true)) log::error("samples cannot be stored: {}", done.error().message);
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, queue_store_retry, [&] { return stopping_; })) break;
  }
  if (!accept_(batch))
    log::error("{} samples are lost: they could not be stored before the end", batch.samples.size());
}

void SampleQueue::run() {
  while (true) {
    const model::SampleBatch batch = gather();
    if (batch.samples.empty()) return;
    store(batch);
  }
}

}  // namespace peering::app
