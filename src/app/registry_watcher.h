// Turns committed resources into the registry snapshot that detectors, workers and alerts read.
//
// One path for every change, whoever made it: read `changes_since`, fold them into the documents known so
// far, build a new immutable `Registry`, hand it to the shards, and remember which revision is in force when
// all of them have it. A PUT waits for its revision, so the answer comes after detection has begun.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "model/registry.h"
#include "store/resource_store.h"

namespace peering::app {

/// Thread-safe. Inert until `start`.
class RegistryWatcher {
 public:
  /// Called on the watcher's thread with every new snapshot; returns when every shard has it in force.
  using Apply = std::function<void(model::RegistryPointer)>;
  /// Called for every change, of whatever type, in their order; must not block.
  using Observe = std::function<void(const store::Change&)>;

  /// Called on the watcher's thread with changes of the catalogue, before the snapshot of their revision.
  using FollowCatalog = std::function<void(const std::vector<store::Change>&)>;

  RegistryWatcher(store::ResourceStore& resources, Metrics& metrics, Apply apply, Observe observe = nullptr,
                  FollowCatalog follow_catalog = nullptr);
  ~RegistryWatcher();
  RegistryWatcher(const RegistryWatcher&) = delete;
  RegistryWatcher& operator=(const RegistryWatcher&) = delete;

  /// Reads everything there is, applies it, then follows changes. The error of the first reading is returned.
  Result<void> start();
  void stop();
  /// Something was committed.
  void wake();
  /// The snapshot in force; never null.
  model::RegistryPointer current() const;
  /// Waits until `revision` is in force; `timeout` after 5 s.
  Result<void> wait_applied(model::Revision revision);
  /// Calls `done` once it is: on a thread of the watcher's, or at once. `timeout` after 5 s, also while
  /// shards are busy with another snapshot, or at the end. It must not block.
  void when_applied(model::Revision revision, std::function<void(Result<void>)> done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::app
