// The latest walks to destinations that are walked anyway, so that a path in trouble can be held against the
// path before.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "base/time.h"
#include "latency/path_change.h"
#include "net/prefix.h"

namespace peering::app {

/// A traceroute that came to its end.
struct KnownWalk {
  net::Address destination;
  TimePoint at{};
  latency::Walk walk;
  friend bool operator==(const KnownWalk&, const KnownWalk&) = default;
};

/// Thread-safe. In memory only, bounded: of each destination the latest, and a few from before it that are at
/// least five minutes apart, so that they reach back for 25 minutes however often it is walked. Of more
/// destinations than are kept the newcomers are not.
class KnownWalks {
 public:
  explicit KnownWalks(std::size_t destinations_max = 10'000) : destinations_max_(destinations_max) {}

  /// In order of time for each destination. Those that did not reach it are of no use and not kept.
  void add(KnownWalk walk);
  /// The latest one before `at` to a destination in the prefix.
  std::optional<KnownWalk> before(const net::Prefix& prefix, TimePoint at) const;

 private:
  const std::size_t destinations_max_;
  mutable std::mutex mutex_;  // of what follows
  std::map<net::Address, std::deque<KnownWalk>> walks_;
};

}  // namespace peering::app
