// Which events are one incident: a pure state machine over the events of all shards, in the order in which
// they are written.
//
// An event has causes: the AS that is suspected of a hijack or leak; the neighbour, session or router whose
// routes are lost, and the origin AS that is not reached any more. An event of the same tenant that has a
// cause in common with an open incident, and begins within its window (`model/incident.h`), is part of it.
// Otherwise it begins an incident, whose id is a hash of tenant, cause and (rounded) beginning. Nothing is
// known of incidents but their open events, so that after a restart the stored open events give the same
// state.
#pragma once

#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/event.h"

namespace peering::detect {

/// The subscription of the event's connection in lower case, empty without one. Incidents are of one tenant.
std::string tenant_of(const model::Event& event);

/// What the event may have in common with others, the strongest first; empty when it stands alone.
std::vector<std::string> causes_of(const model::Event& event);

/// Not thread-safe.
class IncidentGroups {
 public:
  /// Open events that are followed; those beyond it get an id, but no later event joins them.
  static constexpr std::size_t followed_max = 1'000'000;

  /// The events that were open before a restart.
  void restore(std::span<const model::Event> known);
  /// Gives every event its `incident_id`. The order within the span does not matter but for versions of one
  /// event. An event that has one that is not its own id keeps it.
  void assign(std::span<model::Event> events);
  /// Whether the open event of this id is in an incident.
  bool follows(const model::EventId& id) const { return open_.contains(id.value); }

 private:
  struct Followed {
    std::string incident;
    std::vector<std::string> keys;  // tenant and cause
  };
  void place(model::Event& event);
  std::string join(const std::vector<std::string>& keys, TimePoint first_seen) const;
  void follow(const model::Event& event, const std::vector<std::string>& keys);
  void leave(const model::Event& event);

  std::unordered_map<std::string, Followed> open_;  // by event id
  std::unordered_map<std::string, std::map<std::string, std::size_t>>
      incidents_;  // by key: open events of each
};

}  // namespace peering::detect
