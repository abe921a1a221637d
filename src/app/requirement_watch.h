// Watches that verified prefixes stay so: a requirement of `Open.Peering/validation` that fails opens a
// `requirement-violation` event, and closes it when everything is met again.
//
// A prefix that never was Verified under this process makes no event, so nothing is told while feeds begin.
// What is only no longer seen is no failure either: a missing route counts when a session that carried it
// goes on, or one that should is up for the grace of a reconnect; missing sessions count when their router
// says that they are down. A failure counts when it is seen twice in a row.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "api/prefix_judge.h"
#include "base/metrics.h"
#include "model/event.h"

namespace peering::app {

/// Thread-safe unless said otherwise. Inert until `start`.
class RequirementWatch {
 public:
  struct Services {
    std::function<api::CatalogPointer()> catalog;
    std::function<model::RegistryPointer()> registry;
    std::function<model::BgpSessionsPointer()> sessions;
    api::PrefixJudge::Routes routes;
    std::function<void(std::vector<model::Event>)> emit;  ///< must not block
    api::Settings settings;
    Microseconds reconnect_grace = std::chrono::seconds(60);
  };
  RequirementWatch(Services services, Metrics& metrics);
  ~RequirementWatch();
  RequirementWatch(const RequirementWatch&) = delete;
  RequirementWatch& operator=(const RequirementWatch&) = delete;

  /// Open events from before a restart, of whatever kind; before `start`.
  void restore(std::span<const model::Event> known);
  /// A round a second.
  void start();
  void stop();
  /// Something happened to the events' prefixes: they are looked at in the next round. Never blocks.
  void touch(std::span<const model::Event> events);
  /// Looks at those that were touched and at the next ones of all, some thousands at most. Called by the
  /// watch's own thread, or by a test instead of `start`.
  void round(TimePoint at);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::app
