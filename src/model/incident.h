// An incident: the events that have one cause, and what is told of them together.
//
// An incident has no record of its own. Each event names the incident that it belongs to, and the name says
// when that began, so that its events are found again among those of one scope.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "model/blame.h"
#include "model/event.h"

namespace peering::model {

/// Beginnings of incidents are rounded down to this, so that two nodes that hear of the same events in
/// another order give the incident one name.
inline constexpr Microseconds incident_step = std::chrono::minutes(10);
/// Events that begin up to so long after the (rounded) beginning of an open incident are part of it.
inline constexpr Microseconds incident_window = std::chrono::hours(1);

/// The first and the last moment (exclusive) at which events of one incident may begin.
struct IncidentSpan {
  TimePoint from{}, to{};
  bool contains(TimePoint at) const { return from <= at && at < to; }
};

/// 32 hexadecimal digits: eight for the rounded beginning, the others a hash of tenant, cause and beginning.
std::string make_incident_id(std::string_view tenant, std::string_view cause, TimePoint first_seen);
/// When events of the incident may begin: one step before its beginning, for those that arrive late, up to
/// `incident_window` after it. Nothing for what is no such id.
std::optional<IncidentSpan> incident_span(std::string_view incident_id);

/// The sum of an incident's events. Lists are bounded; the counts are of everything that was added.
class Incident {
 public:
  static constexpr std::size_t listed_max = 100;  ///< prefixes, connections, ids of events
  static constexpr std::size_t evidence_max = 20;

  explicit Incident(const Event& event) : id_(event.incident_id) {}

  /// Add newest first: of lists that are full the oldest stay.
  void add(const Event& event);
  /// There are more events than were added.
  void cut_short() { complete_ = false; }

  const std::string& id() const { return id_; }
  EventState state() const { return open_ > 0 ? EventState::open : EventState::resolved; }
  Level level() const { return level_; }
  TimePoint first_seen() const { return first_seen_; }
  TimePoint last_seen() const { return last_seen_; }
  const std::set<EventKind>& kinds() const { return kinds_; }
  const std::set<std::string>& types() const { return types_; }
  const std::set<net::Asn>& suspects() const { return suspects_; }

  /// What `Open.Peering/incidents` serves. The duration of an open incident is up to `now`.
  json::value to_json(TimePoint now) const;

 private:
  std::string summary() const;

  std::string id_;
  std::size_t events_ = 0, open_ = 0;
  bool complete_ = true;
  Level level_ = Level::information;
  TimePoint first_seen_{}, last_seen_{}, resolved_at_{};
  std::set<EventKind> kinds_;
  std::set<std::string> types_, prefixes_, connections_;
  std::set<net::Asn> suspects_;
  std::deque<std::string> event_ids_, evidence_;
  std::string oldest_summary_;
  std::optional<Blame> blame_;  // the clearest one
};

}  // namespace peering::model
