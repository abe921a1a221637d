// From route changes to events: the one place that decides what is worth telling.
//
// One Detector a shard, owned by its thread. It is told of everything that happens, in order: a new registry
// snapshot, a changed route, a session or router that went or came, and time passing; it appends events to
// `out`. Events are values: a later version of an event (more peers, a higher level, resolved) has the same
// id and replaces the former. Nothing else leaves the detector, and it never asks for the time: `now` is
// given, so that a replay of yesterday's updates judges as yesterday did.
//
// Inside, two kinds of state for watched space only: for each registered prefix who has it (`presence.h`:
// announcement, withdrawal, visibility, active path, backup), and for each finding which peers show it
// (`incidents.h`: hijacks and the like open, grow, and close when 80 % of their peers took the route back).
// What one route means is a pure function (`judgement.h`).
//
// Rules (docs/events.md): pre- and post-policy views of one session are one peer; Adj-RIB-Out is not judged;
// Loc-RIB counts only for routers that show nothing else; a session that goes down is one event for each
// connection, never a withdrawal, and what it had is taken as still there until it came back without it.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "detect/settings.h"
#include "model/event.h"
#include "model/registry.h"
#include "rib/route.h"
#include "rib/table.h"

namespace peering::detect {

class Detector {
 public:
  explicit Detector(Settings settings = {});
  ~Detector();
  Detector(Detector&&) noexcept;
  Detector& operator=(Detector&&) noexcept;

  /// What was known before a restart; call once, before the first `registry_changed`. Give every open event,
  /// and of each registered prefix its latest `announcement` event, of those prefixes that belong to this
  /// shard. Open events are then updated and resolved under their own ids, and a route that was known already
  /// makes no new announcement. A prefix that was announced and does not come back within
  /// `Settings::return_grace` of a router's return is withdrawn; an event whose route does not come back is
  /// resolved.
  void restore(std::span<const model::Event> known);

  /// What was found before a restart, oldest first, over or not: the same found long after is less news
  /// (docs/events.md, confidence). Before `restore`.
  void recall(std::span<const model::Event> findings);

  /// A new snapshot. A prefix that was not in the former one gives its current state from `table` at once;
  /// open events of prefixes that are gone are resolved, and so are those about ASes that connections do not
  /// monitor any more. Of ASes that they monitor from now on, or otherwise than before, see `monitored_anew`.
  void registry_changed(const model::RegistryPointer& after, const rib::Table& table, TimePoint now,
                        std::vector<model::Event>& out);

  /// Who is monitored now.
  const MonitoredAses& monitored() const;
  /// ASes whose monitoring changed since this was asked last, each once: held routes that have them in their
  /// path are to be given to `judge_held`.
  std::vector<net::Asn> monitored_anew();
  /// Findings about monitored ASes that are not told, as their connection has too many
  /// (`monitored_findings_max`); so far, each time a route showed one.
  std::uint64_t findings_left_out() const;
  /// Judges a route that the table holds as it would be judged if it came now.
  void judge_held(const rib::Route& route, TimePoint now, std::vector<model::Event>& out);

  /// An announcement of the peer arrived, whatever its routes: the peer is up. For those who tell
  /// `route_changed` of watched space only (what overlaps no registered prefix changes nothing there).
  void peer_heard(const rib::Peer& peer, TimePoint time, TimePoint now, std::vector<model::Event>& out);

  /// What is known of the world outside became something else. `roas` is the difference between the RPKI
  /// tables, null when there was none or is none now. Tells ROA changes at once; what held routes mean now is
  /// told by `judge_waiting`, a part at a time.
  void knowledge_changed(Knowledge after, const rib::VrpDelta* roas, TimePoint now,
                         std::vector<model::Event>& out);
  /// Judges routes of up to `prefixes` registered prefixes again that `knowledge_changed` concerns. True when
  /// some are left.
  bool judge_waiting(const rib::Table& table, std::size_t prefixes, TimePoint now,
                     std::vector<model::Event>& out);

  /// The peer withdrew a prefix that the table had no route of its for
  /// (`Thresholds::assume_seen_by_all_peers`).
  void withdrawn_unseen(const rib::Peer& peer, const net::Prefix& prefix, TimePoint time, TimePoint now,
                        std::vector<model::Event>& out);

  /// One route became another one. `table` is the state after the change (or after several).
  void route_changed(const rib::RouteChange& change, const rib::Table& table, TimePoint now,
                     std::vector<model::Event>& out);

  /// The session to a peer went down or came up at `time` (the router's clock). On the way down call it
  /// before the changes of `Table::flush` are given. One event for each connection that had routes from it.
  void peer_state_changed(const rib::Peer& peer, bool up, TimePoint time, TimePoint now,
                          std::vector<model::Event>& out);
  /// The peer no longer shows us anything, which says nothing of the network: as when its session went down,
  /// but no event.
  void peer_out_of_sight(const rib::Peer& peer, TimePoint time, TimePoint now,
                         std::vector<model::Event>& out);
  /// The same for good, of a peer that is its router's only one: what is open about either is resolved.
  void peer_forgotten(const rib::Peer& peer, TimePoint time, TimePoint now, std::vector<model::Event>& out);
  /// `peer_state_changed` for a whole router (its BMP session closed, or is back).
  void router_state_changed(std::string_view router, bool up, TimePoint time, TimePoint now,
                            std::vector<model::Event>& out);

  /// The router is connected and says nothing, `since` its last word: what it showed may be otherwise by now.
  /// Nothing of that changes; one event for each connection that sees something through it, resolved by
  /// whatever is heard of it next, or when it is lost.
  void feed_silent(std::string_view router, TimePoint since, TimePoint now, std::vector<model::Event>& out);
  void feed_heard(std::string_view router, TimePoint now, std::vector<model::Event>& out);

  /// Lets time pass; call every second or so. What a peer had before it went away and `table` does not have
  /// when the grace after its return is over, was withdrawn.
  void tick(const rib::Table& table, TimePoint now, std::vector<model::Event>& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::detect
