// Who has each registered prefix, and what to tell when that changes.
//
// For every registered prefix the routes of exactly that prefix are kept by peer, and read by session: pre-
// and post-policy views of one session are one way for traffic (once a session showed the prefix after
// policy, that view is the way: what policy rejects carries no traffic), Loc-RIB counts only at routers that
// show nothing else. A route of an expected origin is legitimate; a foreign one is not a way for traffic, but
// while it stands in a legitimate one's place the prefix is hijacked (incidents.h), not withdrawn.
//
//   first legitimate route             announcement (backup-route for a backup one)
//   a session withdraws, primary left  withdrawal as Information, active-path
//   ... only the backup left           withdrawal as Warning, active-path (PrefixBackupPath)
//   ... nothing left                   withdrawal as Critical; resolved when announced again
//   the last backup goes               backup-route-withdrawal as Warning
//   For a prefix longer than /24 (/48) the covering route is a backup as well (covering_ways.cc).
//   a session goes down                nothing here but active-path: its routes are out of sight, not
//   withdrawn
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "detect/role.h"
#include "detect/sessions.h"
#include "detect/sighting.h"
#include "rib/table.h"

namespace peering::detect {

struct Finding;

/// A session that has a route: what its views say together.
struct Way {
  SessionKey session;
  bool legitimate = false;
  bool lost = false;
  Role role = Role::primary;
  const Sighting* sighting = nullptr;  ///< the post-policy one where there is one; until sightings change
};

/// A peer that took the prefix back.
struct Withdrawn {
  TimePoint at;
  model::EventPeer peer;
};

/// One view's route for a prefix that covers the registered one.
struct Cover {
  rib::PeerPointer peer;
  std::optional<TimePoint> lost_at;  ///< as of a sighting
};
using Covering = std::map<std::pair<net::Prefix, rib::PeerId>, Cover>;

/// What is known beside of a prefix that something happened to. Of most prefixes there is none.
struct Extras {
  std::unique_ptr<model::Event> withdrawal, backup_withdrawal, visibility;  ///< while open
  std::unique_ptr<Covering> covering;          ///< where a covering route is a backup: those there are
  std::optional<std::string> awaited_router;   ///< it was announced there before a restart, and not since
  std::map<net::Address, Withdrawn> withdrew;  ///< peers that took it back
  std::size_t withdrew_max = 0;                ///< since the visibility event opened
  std::set<net::Asn> required_seen;            ///< of `require_upstreams`, ever seen next to the origin
  std::map<net::Asn, model::Event> required_missing;  ///< and then by nobody: open events

  bool idle() const;
};

/// Everything known about one registered prefix.
struct PrefixPresence {
  net::Prefix
      observed;  ///< of the entry, or a more-specific of a length that it watches as if it were listed
  bool announced = false;  ///< somebody had it and no Critical withdrawal followed
  bool restored = false;
  std::optional<Role> told_role;  ///< of the active path
  model::RegisteredPrefixPointer entry;
  std::shared_ptr<const model::Connection> connection;  ///< null for a watch file
  CompactVector<Sighting> sightings;                    ///< one a peer, by its id
  /// Peers that had it and not now, as many as say of which routers Loc-RIB tells nothing new, and of which
  /// sessions the pre-policy view is no way of its own.
  CompactVector<rib::PeerPointer> former;
  CompactVector<net::Address> had_before;  ///< peers that had it and not now, or again, in order

  /// To be read: what there is beside.
  const Extras& beside() const;
  /// To be changed.
  Extras& extras();
  /// Gives back the memory of what is over.
  void drop_idle_extras();

  Sighting* sighting_of(rib::PeerId peer);
  const Sighting* sighting_of(rib::PeerId peer) const {
    return const_cast<PrefixPresence*>(this)->sighting_of(peer);
  }
  /// Some view of the router that is not its Loc-RIB showed the prefix.
  bool shown_by_peers_of(std::string_view router) const;
  /// The session showed it after policy.
  bool shown_after_policy(const rib::PeerKey& session) const;
  bool had(const net::Address& address) const;
  void note_had(const net::Address& address);
  /// The peer's legitimate route is one no longer. One that never was without fault counts as none: that it
  /// goes is what should happen.
  void note_had(const Sighting& sighting);

 private:
  std::unique_ptr<Extras> extras_;
};

/// An entry that watches more-specifics of some lengths as if they were listed.
struct Follower {
  model::RegisteredPrefixPointer entry;
  std::shared_ptr<const model::Connection> connection;
};
/// More-specifics that are followed at once for `lengths`, as many as a limit on memory needs.
inline constexpr std::size_t followed_max = 100'000;

/// The ways of a prefix, read from its sightings.
struct Ways {
  std::vector<Way> all;
  std::size_t primary = 0, backup = 0, foreign = 0;  ///< lost ones included
  std::size_t covering = 0;     ///< covering routes that stand behind them, lost ones included
  const Way* active = nullptr;  ///< the best legitimate one in sight

  const Way* of(const SessionKey& session) const;
  std::size_t legitimate() const { return primary + backup; }
};

class Presence {
 public:
  explicit Presence(const Settings& settings) : settings_(settings) {}

  /// Open withdrawal and visibility events, and latest announcements, from before a restart.
  void restore(const model::Event& event);
  /// A registered prefix that is new, or whose expectation changed; gives its current state.
  void watch(const model::RegisteredPrefixPointer& entry, std::shared_ptr<const model::Connection> connection,
             const rib::Table& table, TimePoint now, std::vector<model::Event>& out);
  void unwatch(const model::RegisteredPrefix& entry, TimePoint now, std::vector<model::Event>& out);
  /// Restored events of prefixes that the registry does not have.
  void forget_unknown(const model::Registry& registry, TimePoint now, std::vector<model::Event>& out);

  /// A route for exactly a registered prefix changed. Cheap when the prefix is not registered. `flawed`:
  /// something was found in the route that is gone, so that it is no news that it is.
  void changed(const rib::RouteChange& change, const Sessions& sessions, bool flawed, TimePoint now,
               std::vector<model::Event>& out);
  /// What was found in the peer's route for the prefix that is held. Cheap when the prefix is not registered.
  /// True when it is registered and the route is as expected.
  bool judged(const net::Prefix& prefix, rib::PeerId peer, const std::vector<Finding>& findings);
  /// The same of a route that covers registered prefixes, for those whose backup it is. Cheap when it is
  /// nobody's, however many it covers.
  void covering_changed(const rib::RouteChange& change, const Sessions& sessions, TimePoint now,
                        std::vector<model::Event>& out);
  /// A peer took back what we never saw it announce. Counts for visibility where the settings say so.
  void withdrawn_unseen(const rib::Peer& peer, const net::Prefix& prefix, TimePoint time, TimePoint now,
                        std::vector<model::Event>& out);
  /// Puts routes of the session (or of the whole router, `address` absent) out of sight. Gives back the
  /// prefixes that had some.
  std::vector<model::RegisteredPrefixPointer> lose(std::string_view router,
                                                   const std::optional<SessionKey>& session, TimePoint time,
                                                   TimePoint now, std::vector<model::Event>& out);
  /// Registered prefixes that have a route from the router in sight, each once, in order of their ids.
  std::vector<model::RegisteredPrefixPointer> seen_through(std::string_view router) const;
  /// Routes out of sight whose session is back without them were withdrawn.
  void settle(const rib::Table& table, const Sessions& sessions, TimePoint now,
              std::vector<model::Event>& out);

  /// Who watches `observed`, which is not their prefix itself, as if it were listed: it is followed for them
  /// and for nobody else any more. Only its visibility is told. `routes`: those it has now.
  void follow(const net::Prefix& observed, std::span<const Follower> followers,
              std::span<const rib::Route> routes, TimePoint now, std::vector<model::Event>& out);
  /// What is followed inside `space`.
  std::vector<net::Prefix> followed_in(const net::Prefix& space) const;

 private:
  using List = CompactVector<std::unique_ptr<PrefixPresence>>;
  /// Whose routes there are.
  struct Held {
    SessionKey session;
    std::vector<PrefixPresence*> prefixes;  // each knows its place (`Sighting::place`)
  };
  struct Cause {
    const rib::Peer& peer;
    TimePoint time;  ///< by the router's clock
    TimePoint now;
    bool silent = false;  ///< a late return of what was known before a restart
    bool flawed = false;  ///< something was found in the route that went away
  };

  PrefixPresence* find(const net::Prefix& observed, const std::string& resource);
  void watch_at(const net::Prefix& observed, const Follower& watching, std::span<const rib::Route> routes,
                std::span<const rib::Route> covering, TimePoint now, std::vector<model::Event>& out);
  void unwatch_at(const net::Prefix& observed, const std::string& resource, TimePoint now,
                  std::vector<model::Event>& out);
  void resolve_restored(const std::string& resource, std::string_view reason, TimePoint now,
                        std::vector<model::Event>& out);
  void drop_idle_followed(const net::Prefix& observed);
  bool sighted(PrefixPresence& prefix, const rib::PeerPointer& peer,
               const rib::AttributesPointer& attributes);
  bool accepted(const PrefixPresence& prefix, const std::vector<net::Asn>& origins) const;
  void judge(const PrefixPresence& prefix, Sighting& sighting, const PathView& view) const;
  void erase(PrefixPresence& prefix, rib::PeerId peer);
  void removed(PrefixPresence& prefix, const Cause& cause, std::vector<model::Event>& out);
  void compare(PrefixPresence& prefix, const Ways& before, const Cause& cause,
               std::vector<model::Event>& out);
  void gained(PrefixPresence& prefix, const Ways& before, const Ways& after, const Way& way,
              const Cause& cause, std::vector<model::Event>& out);
  void lost(PrefixPresence& prefix, Role role, const Ways& after, const Cause& cause,
            std::vector<model::Event>& out);
  void follow_active(PrefixPresence& prefix, const Ways& before, const Ways& after, const Cause& cause,
                     bool way_lost, std::vector<model::Event>& out);
  void follow_covering(PrefixPresence& prefix, const Ways& after, const Cause& cause,
                       std::vector<model::Event>& out);
  void tell_covering(PrefixPresence& prefix, TimePoint now, std::vector<model::Event>& out);
  void cover(PrefixPresence& prefix, std::span<const rib::Route> routes);
  void take_cover(PrefixPresence& prefix, const net::Prefix& observed, const rib::PeerPointer& peer);
  void covering_changed(PrefixPresence& prefix, const rib::RouteChange& change, const Sessions& sessions,
                        TimePoint now, std::vector<model::Event>& out);
  void cover_gained(PrefixPresence& prefix, const Ways& before, const rib::RouteChange& change,
                    const Cause& cause, std::vector<model::Event>& out);
  void uncover(PrefixPresence& prefix, Covering::iterator at, const Cause& cause,
               std::vector<model::Event>& out);
  bool settle_covering(PrefixPresence& prefix, const rib::Table& table, const Sessions& sessions,
                       TimePoint now, std::vector<model::Event>& out);
  void tell_current(PrefixPresence& prefix, TimePoint now, std::vector<model::Event>& out);
  void restored_state(PrefixPresence& prefix);

  const Settings& settings_;
  std::unordered_map<net::Prefix, List> by_prefix_;
  std::set<net::Prefix> long_;      // of `by_prefix_`, registered ones whose backup is a covering route
  std::set<net::Prefix> followed_;  // of `by_prefix_`, those that somebody follows by their length
  std::unordered_map<rib::PeerId, Held> by_peer_;
  std::set<PrefixPresence*> unsettled_;  // with lost sightings, or awaited since a restart
  std::map<std::string, std::vector<model::Event>> restored_;  // by resource in lower case
};

/// Reads sightings by session.
Ways ways_of(const PrefixPresence& prefix);
/// Opens, updates or resolves the visibility event after sightings changed (visibility.cc).
void judge_visibility(PrefixPresence& prefix, const Settings& settings, const rib::Peer& peer, TimePoint time,
                      TimePoint now, std::vector<model::Event>& out);
/// The same for each upstream that must be seen next to the origin by somebody (visibility.cc).
void judge_required_upstreams(PrefixPresence& prefix, TimePoint time, TimePoint now,
                              std::vector<model::Event>& out);
/// Appends the event unless the entry does not want its kind.
void emit(const PrefixPresence& prefix, const model::Event& event, std::vector<model::Event>& out);

}  // namespace peering::detect
