// An event: something that happened to a registered prefix, in the shape that is stored, served and alerted
// on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "model/blame.h"
#include "model/sample.h"
#include "net/prefix.h"

namespace peering::model {

/// Kinds of detection (docs/events.md). The names served are lower case with hyphens.
enum class EventKind : std::uint8_t {
  announcement,
  withdrawal,
  visibility_loss,
  backup_route,
  backup_route_withdrawal,
  active_path,
  origin_hijack,
  subprefix_hijack,
  squatting,
  new_prefix,
  covering_route,
  path_forged_first_hop,
  path_unexpected_upstream,
  path_unexpected_downstream,
  path_rule,
  path_change,
  route_leak,
  as_announces_unregistered,
  rpki_invalid,
  rpki_not_found,
  rpki_roa_lost,
  roa_change,
  session_state,
  feed_silent,
  latency_degraded,
  latency_recovered,
  requirement_violation,
  flapping,
  mass_event,
  resolved,  ///< of no event: the word for the end of one, in `excludeKinds` and as `analyze` tells it
};
std::string_view to_string(EventKind kind);
/// A kind of events: not `resolved`.
std::optional<EventKind> parse_event_kind(std::string_view text);

/// Azure's levels, ordered.
enum class Level : std::uint8_t { information, warning, error, critical };
/// "Information", "Warning", "Error", "Critical".
std::string_view to_string(Level level);
/// Compared without case.
std::optional<Level> parse_level(std::string_view text);

/// Whether the condition still holds. Informational events are born `resolved`.
enum class EventState : std::uint8_t { open, resolved };
std::string_view to_string(EventState state);

using EventId = Strong<struct EventTag, std::string>;

/// A peer that showed the evidence.
struct EventPeer {
  std::string router;
  std::string address;
  net::Asn asn = 0;
  friend bool operator==(const EventPeer&, const EventPeer&) = default;
};

/// What a flapping event is about.
struct Flapping {
  EventId event;                           ///< that opens and resolves again and again
  EventKind kind = EventKind::withdrawal;  ///< of that event
  Level level = Level::warning;            ///< the worst it had
  friend bool operator==(const Flapping&, const Flapping&) = default;
};

/// What a mass event tells of: events of one connection, incident and type (docs/alerts.md).
struct Mass {
  EventKind kind = EventKind::withdrawal;  ///< of the first one
  std::string type;                        ///< eventType of all
  std::size_t count = 0;                   ///< how many there were
  std::size_t open = 0;                    ///< how many of them are not over
  std::vector<net::Prefix> prefixes;       ///< observed ones of the first of them
  friend bool operator==(const Mass&, const Mass&) = default;
};

/// What a latency event is about: one kind of samples at one PoP, and the bin of five minutes that showed it
/// first. Times in microseconds.
struct LatencyShift {
  std::string pop;
  SampleKind kind = SampleKind::srtt;
  std::string basis;       ///< what the baseline is: "hour-of-week", "hour-of-day" or "best-state"
  double baseline_us = 0;  ///< what was usual
  double best_us = 0;      ///< the path's best state
  double median_us = 0;
  double low_us = 0, high_us = 0;  ///< the median's 95 % interval
  std::uint64_t count = 0;         ///< samples
  bool retracted = false;          ///< samples that came late show that it was not so
  friend bool operator==(const LatencyShift&, const LatencyShift&) = default;
};

/// One event. A later version of the same event (more peers, resolved) has the same id and replaces it.
struct Event {
  EventId id;  ///< 32 hexadecimal digits, `make_event_id` of what makes it this event
  EventKind kind = EventKind::announcement;
  std::string type;  ///< Azure's eventType, e.g. "PrefixWithdrawalEvent"
  Level level = Level::information;
  EventState state = EventState::resolved;
  std::string connection;       ///< ARM id of the peering service, as created
  std::string prefix_resource;  ///< ARM id of the registered prefix, as created
  net::Prefix prefix;           ///< the registered prefix
  net::Prefix observed;         ///< the prefix seen on the wire
  std::optional<net::Asn> origin;
  std::vector<net::Asn> expected_origins;
  std::vector<net::Asn> as_path;
  std::optional<net::Asn> suspect;
  std::optional<net::Asn> neighbor;   ///< the AS next to the origin, or to the monitored AS, that it is about
  std::optional<net::Asn> monitored;  ///< the AS that it is about, instead of a registered prefix
  /// What the RPKI says of the route: "valid", "invalid", "not-found", or "unknown" without RPKI data. Empty
  /// when the event is not about one route.
  std::string rpki;
  std::vector<EventPeer> peers;
  double confidence = 1.0;  ///< 0 to 1
  TimePoint first_seen{};   ///< by the routers' clocks
  TimePoint last_seen{};
  TimePoint detected_at{};  ///< by our clock, when the event was made
  std::optional<TimePoint> resolved_at;
  std::string summary;      ///< one line
  std::string description;  ///< one sentence with the evidence
  std::vector<std::string> evidence;
  std::string incident_id;  ///< groups events of one incident; the event's own id when alone
  /// Names of silences for which it is, or would have been, not told (docs/alerts.md).
  std::vector<std::string> silenced_by;
  int reopened = 0;                     ///< how often it was over and came back under this id
  bool damped = false;                  ///< this version is not told: the event flaps (docs/alerts.md)
  std::optional<Flapping> flapping;     ///< of a flapping event
  EventId summarized_by;                ///< the mass event that tells of it in its place; empty: none
  std::optional<Mass> mass;             ///< of a mass event
  std::optional<LatencyShift> latency;  ///< of a latency event
  std::optional<Blame> blame;           ///< likewise: whose fault it most likely is

  friend bool operator==(const Event&, const Event&) = default;
};

/// The id of an event: SHA-256 over what identifies it, cut to 128 bits. The same input gives the same id on
/// every node and after every restart.
EventId make_event_id(EventKind kind, std::string_view prefix_resource, const net::Prefix& observed,
                      std::string_view discriminator, TimePoint first_seen);

/// The full record: what is stored and what Open.Peering/events serves.
json::value to_json(const Event& event);
Result<Event> event_from_json(const json::value& value);
/// Azure's five fields (eventTimestamp, eventType, eventSummary, eventLevel, eventDescription).
json::value to_azure_json(const Event& event);

}  // namespace peering::model
