// The latest changes of a store, in memory for whoever follows it closely.
//
// The one who turns resources into the registry asks after every commit what it changed. A store that is the
// only writer of its data has just had that in its hands, and need not read it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "store/resource_store.h"

namespace peering::store {

/// Thread-safe. Bounded: the oldest go first, and whoever is further behind reads the store itself.
class RecentChanges {
 public:
  explicit RecentChanges(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// What one commit changed, in the order of its writes; all of one revision, which comes after those that
  /// were told before. Call when it is durable.
  void add(std::vector<Change> of_one_commit);
  /// A commit changed what is not told here.
  void pass_over(Revision revision);

  /// What `ResourceStore::changes_since` gives; nothing when these changes do not reach back so far, or are
  /// more than `limit`.
  std::optional<Changes> since(Revision after, std::size_t limit) const;

 private:
  void forget_all(Revision upto);

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::deque<Change> changes_;
  std::size_t bytes_ = 0;
  bool begun_ = false;
  Revision before_, latest_;  // every change after the one, up to the other, is here
};

}  // namespace peering::store
