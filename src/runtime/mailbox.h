// A bounded queue into a thread: the only way to reach another thread's state.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace peering::runtime {

/// Many senders, one receiver; order per sender is kept. Thread-safe.
template <class T>
class Mailbox {
 public:
  /// For how many a message counts, at least 1: one that carries many is not as cheap as one that carries
  /// one.
  using Weigh = std::size_t (*)(const T&);

  explicit Mailbox(
      std::size_t messages_max, Weigh weigh = [](const T&) { return std::size_t{1}; })
      : messages_max_(messages_max), weigh_(weigh) {}

  /// Waits while full; false (message dropped) only when closed. For senders that may block: MRT files,
  /// tests.
  bool send(T message) {
    std::unique_lock lock(mutex_);
    space_.wait(lock, [&] { return closed_ || weight_ < messages_max_; });
    return push(std::move(message), lock);
  }

  /// Takes the message and gives true, or leaves it with the caller when full or closed.
  bool try_send(T& message) {
    std::unique_lock lock(mutex_);
    if (weight_ >= messages_max_) return false;
    return push(std::move(message), lock);
  }

  /// Takes the message even when the mailbox is full: for control messages (registry snapshots, peer down)
  /// whose number is bounded elsewhere.
  bool send_over_limit(T message) {
    std::unique_lock lock(mutex_);
    return push(std::move(message), lock);
  }

  /// Everything waiting until they count for `count`; waits for the first until `deadline`. Empty at the
  /// deadline and when closed and drained.
  template <class TimePoint>
  std::vector<T> receive_until(TimePoint deadline, std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_until(lock, deadline, [&] { return closed_ || !queue_.empty(); });
    std::vector<T> out;
    for (std::size_t taken = 0; !queue_.empty() && taken < count;) {
      const std::size_t weight = weigh_(queue_.front());
      taken += weight;
      weight_ -= weight;
      out.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    lock.unlock();
    space_.notify_all();
    return out;
  }

  /// Further sends fail; what waits can still be received.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_all();
    space_.notify_all();
  }

  /// For how many those count that wait.
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return weight_;
  }
  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  bool push(T message, std::unique_lock<std::mutex>& lock) {
    if (closed_) return false;
    weight_ += weigh_(message);
    queue_.push_back(std::move(message));
    lock.unlock();
    arrived_.notify_one();
    return true;
  }

  const std::size_t messages_max_;
  const Weigh weigh_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_, space_;
  std::deque<T> queue_;
  std::size_t weight_ = 0;
  bool closed_ = false;
};

}  // namespace peering::runtime
