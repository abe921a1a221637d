#include "store/sqlite/commit_queue.h"

#include <algorithm>
#include <utility>

namespace peering::store::sqlite {

namespace {

constexpr std::size_t requests_max = 4096;
constexpr std::chrono::milliseconds gather_max{5};

}  // namespace

CommitQueue::CommitQueue(CommitGroup commit) : commit_(std::move(commit)), thread_([this] { run(); }) {}

CommitQueue::~CommitQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  thread_.join();
}

void CommitQueue::push(CommitRequest request) {
  std::unique_lock lock(mutex_);
  space_.wait(lock, [&] { return waiting_.size() < requests_max; });
  waiting_.push_back(std::move(request));
  lock.unlock();
  arrived_.notify_one();
}

// Everything that waits, once it is worth beginning; empty at the end.
std::vector<CommitRequest> CommitQueue::take() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
  arrived_.wait_until(lock, gather_until_, [&] { return stopping_ || waiting_.size() >= expected_; });
  std::vector<CommitRequest> out = std::exchange(waiting_, {});
  lock.unlock();
  space_.notify_all();
  return out;
}

void CommitQueue::run() {
  while (true) {
    std::vector<CommitRequest> group = take();
    if (group.empty()) return;
    const auto started = Clock::now();
    std::vector<Result<Revision>> outcomes = commit_(group);
    const auto ended = Clock::now();
    for (std::size_t i = 0; i < group.size(); ++i) group[i].done(std::move(outcomes[i]));
    const std::lock_guard lock(mutex_);
    expected_ = std::min(requests_max, group.size() + waiting_.size());
    gather_until_ = ended + std::min<Clock::duration>((ended - started) / 2, gather_max);
  }
}

}  // namespace peering::store::sqlite
