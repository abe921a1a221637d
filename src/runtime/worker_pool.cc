#include "runtime/worker_pool.h"

#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"
#include "runtime/mailbox.h"

namespace peering::runtime {

struct WorkerPool::State {
  explicit State(std::size_t queue_max) : queue(queue_max) {}
  Mailbox<std::function<void()>> queue;
  std::mutex joining;
  std::vector<std::thread> threads;
};

namespace {

void run_jobs(Mailbox<std::function<void()>>& queue) {
  while (true) {
    const auto jobs = queue.receive_until(std::chrono::steady_clock::now() + std::chrono::hours(1), 1);
    if (jobs.empty() && queue.closed()) return;
    for (const auto& job : jobs) {
      try {
        job();
      } catch (const std::exception& failure) {
        log::error("a job ended with an exception: {}", failure.what());
      } catch (...) {
        log::error("a job ended with an exception of an unknown kind");
      }
    }
  }
}

}  // namespace

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_max)
    : state_(std::make_unique<State>(queue_max)) {
  for (std::size_t i = 0; i < threads; ++i) {
    state_->threads.emplace_back([queue = &state_->queue] { run_jobs(*queue); });
  }
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(std::function<void()> job) { return state_->queue.try_send(job); }

void WorkerPool::stop() {
  state_->queue.close();
  const std::lock_guard lock(state_->joining);
  for (std::thread& thread : state_->threads) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace peering::runtime
