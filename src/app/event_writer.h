// The one writer of events: a thread between the shards, which never wait for the disk, and the store. What
// waits is an EventBacklog, what is written goes through an EventCommitter. While the store refuses, or the
// backlog is at its limit, the process is not ready; what is dropped is counted.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "app/event_committer.h"
#include "app/recent_events.h"
#include "base/metrics.h"
#include "model/event.h"
#include "model/registry.h"

namespace peering::app {

/// Thread-safe. Inert until `start`.
class EventWriter {
 public:
  struct Services {
    store::TelemetryStore& telemetry;
    Metrics& metrics;
    std::function<model::RegistryPointer()> registry;
    /// Called on the writer's thread.
    EventCommitter::Rules rules;
    /// Called after every commit.
    std::function<void(const store::EventCommit&)> committed;
    /// What comes back so soon is the same event; 0: never.
    Microseconds reopen_within = std::chrono::minutes(10);
    alert::FlapSettings flaps;
    alert::GroupSettings groups;
  };

  explicit EventWriter(Services services);
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  /// The events that were open before a restart, and what happened not long ago; call before `start`.
  void restore(std::span<const model::Event> open, const RecentEvents& recent);
  void start();
  /// Never blocks. A later version of a waiting event in the same state replaces it.
  void submit(std::vector<model::Event> events);
  /// Writes what waits (for at most 5 s when the store fails), then joins. Idempotent.
  void stop();
  /// True while the store refuses or the backlog is at its limit.
  bool stalled() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::app
