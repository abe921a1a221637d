// The one writer of events: takes them from the shards, says which of them are one incident, which
// flap and which are silenced, adds the alerts and deliveries that follow, and commits all of it together.
//
// What comes back soon after its end gets the id of what it was (`detect/reopening.h`) when it is submitted.
//
// Shards never wait for the disk: of the versions of one event that wait, those that follow each other in one
// state coalesce, and of many turns between the states the middle ones are left out. So a slow or full disk
// makes a backlog of distinct events, not of time, and every one is written as soon as the store takes it
// again. The backlog has a limit; past it informational events are dropped first, and that is counted and
// makes the process not ready.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "alert/damper.h"
#include "base/metrics.h"
#include "model/event.h"
#include "model/registry.h"
#include "store/telemetry_store.h"

namespace peering::app {

/// Thread-safe. Inert until `start`.
class EventWriter {
 public:
  struct Services {
    store::TelemetryStore& telemetry;
    Metrics& metrics;
    std::function<model::RegistryPointer()> registry;
    /// Alerts and deliveries that follow from the event; called on the writer's thread.
    std::function<void(const model::Event&, const model::Registry&, TimePoint, store::EventCommit&)> rules;
    /// Called after every commit.
    std::function<void(const store::EventCommit&)> committed;
    /// What comes back so soon is the same event; 0: never.
    Microseconds reopen_within = std::chrono::minutes(10);
    alert::FlapSettings flaps;
  };

  explicit EventWriter(Services services);
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  /// The events that were open before a restart, or over not long ago; call before `start`.
  void restore(std::span<const model::Event> known);
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
