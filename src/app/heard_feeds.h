// When each feed was heard last, so cheap that every message can be asked about.
//
// Feeds are many, their messages millions: a table of pointers that only grows is read without a lock, and a
// feed that was heard a moment ago costs no more than that look.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"

namespace peering::app {

/// One router or collector. What is not atomic belongs to who holds the lock of `HeardFeeds`.
struct HeardFeed {
  explicit HeardFeed(std::string given) : router(std::move(given)) {}

  const std::string router;
  /// Microseconds of the epoch; 0: it is away, and not expected to say anything.
  std::atomic<std::int64_t> last_us{0};
  TimePoint since{};  ///< connected since, or away
  std::string away;   ///< why; empty: it is there, or ended as it should
  Microseconds longest_pause{};
  TimePoint last_beat{};
  std::size_t beats = 0;
  bool silent = false, told_silent = false;
};

/// Thread-safe.
class HeardFeeds {
 public:
  static constexpr std::size_t feeds_max = 10'000;

  /// The feed if it is known. Takes no lock.
  HeardFeed* find(const std::string& router) const;
  /// The same; made when it was not known. Null when there are too many. Hold `mutex`.
  HeardFeed* find_or_make(const std::string& router);
  /// In order of coming. Hold `mutex`.
  const std::vector<std::unique_ptr<HeardFeed>>& all() const { return feeds_; }

  std::mutex mutex;

 private:
  static constexpr std::size_t slots = 1U << 15;  // a third is used at most
  static std::size_t slot_of(const std::string& router) { return std::hash<std::string>{}(router) % slots; }

  std::unique_ptr<std::array<std::atomic<HeardFeed*>, slots>> table_ =
      std::make_unique<std::array<std::atomic<HeardFeed*>, slots>>();
  std::vector<std::unique_ptr<HeardFeed>> feeds_;
};

}  // namespace peering::app
