// A sink for tests: keeps what it is given, routes record by record, and can play a full mailbox.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "feeds/shard_message.h"

namespace peering::feeds {

/// A message, or one record of a run of routes.
using Said = std::variant<rib::RouteBatch, RouterUp, RouterDown, PeerUp, PeerDown, EndOfRib, RoutesRepeat>;

inline void unpack(const ShardMessage& message, std::vector<Said>& out) {
  const auto* run = std::get_if<RouteRun>(&message);
  if (!run) {
    return std::visit(
        [&](const auto& said) {
          if constexpr (std::is_constructible_v<Said, decltype(said)>) out.emplace_back(said);
        },
        message);
  }
  run->burst.for_each([&](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
    rib::RouteBatch batch{peer, routes.time, nullptr, {}, {}};
    const auto list = [&](std::span<const std::uint8_t> field, std::vector<net::Prefix>& into) {
      rib::for_each_bits(field, routes.family,
                         [&](const rib::PrefixBits& bits) { into.push_back(rib::to_prefix(bits)); });
    };
    list(routes.announced, batch.announced);
    list(routes.withdrawn, batch.withdrawn);
    if (!batch.announced.empty()) {
      batch.attributes =
          std::make_shared<const wire::bgp::PathAttributes>(rib::unpack_attributes(routes.attributes));
    }
    out.emplace_back(std::move(batch));
  });
}

inline std::vector<Said> unpacked(const std::vector<ShardMessage>& messages) {
  std::vector<Said> out;
  for (const ShardMessage& message : messages) unpack(message, out);
  return out;
}

/// Thread-safe.
class RecordedSink : public ShardSink {
 public:
  explicit RecordedSink(std::size_t shards) : taken_(shards) {}

  std::size_t shards() const override { return taken_.size(); }
  bool try_post(std::size_t shard, ShardMessage& message) override {
    {
      const std::lock_guard lock(mutex_);
      if (refuse_) return false;
      ++posts_;
      unpack(message, taken_[shard]);
    }
    arrived_.notify_all();
    return true;
  }

  /// While true every message is refused, as by a full mailbox.
  void refuse(bool on) {
    const std::lock_guard lock(mutex_);
    refuse_ = on;
  }
  /// Messages that were posted, whatever each holds.
  std::size_t posts() const {
    const std::lock_guard lock(mutex_);
    return posts_;
  }
  std::vector<Said> taken(std::size_t shard) const {
    const std::lock_guard lock(mutex_);
    return taken_[shard];
  }
  /// All messages of one type that the shard was given.
  template <class T>
  std::vector<T> all(std::size_t shard = 0) const {
    const std::lock_guard lock(mutex_);
    std::vector<T> out;
    for (const Said& message : taken_[shard]) {
      if (const T* match = std::get_if<T>(&message)) out.push_back(*match);
    }
    return out;
  }
  /// Waits up to 30 s until `condition(messages of shard 0)` holds.
  template <class Condition>
  bool wait_for(Condition condition) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, std::chrono::seconds(30), [&] { return condition(taken_[0]); });
  }
  template <class T>
  bool wait_for_count(std::size_t count) {
    std::size_t have = 0, seen = 0;
    return wait_for([&](const std::vector<Said>& messages) {
      for (; seen < messages.size(); ++seen) have += std::holds_alternative<T>(messages[seen]) ? 1U : 0U;
      return have >= count;
    });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::vector<Said>> taken_;
  std::size_t posts_ = 0;
  bool refuse_ = false;
};

}  // namespace peering::feeds
