// What becomes of events on their way to the store: which of them are one incident, which flap, which are
// silenced, which alerts and deliveries follow; all of it committed together.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "alert/damper.h"
#include "alert/grouper.h"
#include "alert/silencer.h"
#include "base/result.h"
#include "detect/incident_groups.h"
#include "model/event.h"
#include "model/registry.h"
#include "store/telemetry_store.h"

namespace peering::app {

/// Not thread-safe.
class EventCommitter {
 public:
  /// Alerts and deliveries that follow from the event.
  using Rules =
      std::function<void(const model::Event&, const model::Registry&, TimePoint, store::EventCommit&)>;

  EventCommitter(store::TelemetryStore& telemetry, Rules rules, alert::FlapSettings flaps,
                 alert::GroupSettings groups);

  /// The events that were open before a restart, or over not long ago; before anything else.
  void restore(std::span<const model::Event> known, TimePoint at);
  /// Versions by which events came back before a restart, oldest first; after `restore`.
  void recall(std::span<const model::Event> returned, TimePoint at) { damper_.recall(returned, at); }
  /// True while time alone may make something to be told: then `prepare` is to be called now and then.
  bool watches_time() const { return !silencer_.empty() || !damper_.empty() || !grouper_.empty(); }
  /// Events that flap now.
  std::size_t flapping() const { return damper_.flapping(); }
  /// Adds open events whose silence is over, before what is new of them. Look once a second.
  void add_ended_silences(std::vector<model::Event>& events, const model::Registry& registry, TimePoint at);
  /// Gives events their incidents and marks what is damped, silenced or told together; adds what flaps, mass
  /// events, and what is told (again) because time passed.
  void prepare(std::vector<model::Event>& events, const model::Registry& registry, TimePoint at);
  /// Durable when it returns what was stored. When the store refuses, `events` are to be prepared again.
  Result<store::EventCommit> commit(const std::vector<model::Event>& events, const model::Registry& registry,
                                    TimePoint at);

 private:
  void recall_incidents(std::vector<model::Event>& events);

  store::TelemetryStore& telemetry_;
  Rules rules_;
  detect::IncidentGroups groups_;
  alert::Damper damper_;
  alert::Silencer silencer_;
  alert::Grouper grouper_;
  TimePoint free_from_{};  // times of deliveries; those before are taken
};

}  // namespace peering::app
