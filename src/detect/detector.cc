#include "detect/detector.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "detect/covering_route.h"
#include "detect/incidents.h"
#include "detect/presence.h"
#include "detect/roa_change.h"
#include "detect/rpki_state.h"
#include "detect/sessions.h"

namespace peering::detect {

namespace {

// Routes of one registered prefix's space that are judged when it is registered.
constexpr std::size_t judged_at_once_max = 1'000'000;

using Events = std::vector<model::Event>;

// True when what the connections say about places is the same.
bool same_places(const model::Registry& before, const model::Registry& after, const std::string& connection) {
  const auto was = before.connections.find(connection), is = after.connections.find(connection);
  if (was == before.connections.end() || is == after.connections.end()) {
    return was == before.connections.end() && is == after.connections.end();
  }
  return was->second->primary_metro == is->second->primary_metro &&
         was->second->backup_metro == is->second->backup_metro;
}

}  // namespace

struct Detector::State {
  explicit State(Settings given) : settings(std::move(given)) {}

  Settings settings;
  model::RegistryPointer registry;
  Sessions sessions{settings};
  LearnedLinks links;
  Incidents incidents{settings, links};
  Presence presence{settings};
  CoveringRoutes covering;
  std::set<std::string, std::less<>> adj_rib_in_routers;
  LostRoas lost_roas;
  std::size_t with_lengths = 0;  // registered prefixes whose expectation has `lengths`
  std::set<net::Asn> monitored_anew;
  std::vector<net::Prefix> waiting;   // registered prefixes whose routes are to be judged again
  rib::VrpTablePointer waiting_vrps;  // what the RPKI said when the first of them was put there

  std::shared_ptr<const model::Connection> connection_of(const model::RegisteredPrefix& entry) const;
  void judge_route(const rib::PeerPointer& peer, const net::Prefix& observed,
                   const wire::bgp::PathAttributes& attributes, TimePoint time, TimePoint now, Events& out);
  bool monitor(const model::RegistryDifference& changes, const model::Registry& after);
  void remove_gone(const model::RegistryDifference& changes, const model::Registry& after, TimePoint now,
                   Events& out);
  std::vector<net::Prefix> watch_changed(const model::RegistryDifference& changes,
                                         const model::Registry& before, const rib::Table& table,
                                         TimePoint now, Events& out);
  void watch(const model::RegisteredPrefixPointer& entry, const rib::Table& table, TimePoint now,
             Events& out);
  std::vector<model::RegisteredPrefixPointer> lose(const SessionKey& session, TimePoint time, TimePoint now,
                                                   Events& out);
  void follow_lengths(const net::Prefix& observed, std::span<const rib::Route> routes, TimePoint now,
                      Events& out);
  void follow_space(const net::Prefix& space, const rib::Table& table, TimePoint now, Events& out);
  void tell_expiring(const model::RegistryDifference& changes, TimePoint now, Events& out);
  void note_roas(const net::Prefix& observed, const PathView& view);
  void judge_held(const rib::Route& route, TimePoint time, TimePoint now, Events& out);
  void judge_space(const net::Prefix& space, const rib::Table& table, std::optional<TimePoint> since,
                   TimePoint now, Events& out);
};

Detector::Detector(Settings settings) : state_(std::make_unique<State>(std::move(settings))) {}
Detector::~Detector() = default;
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;

std::shared_ptr<const model::Connection> Detector::State::connection_of(
    const model::RegisteredPrefix& entry) const {
  const auto found = registry->connections.find(model::lower(entry.connection));
  return found == registry->connections.end() ? nullptr : found->second;
}

void Detector::State::judge_route(const rib::PeerPointer& peer, const net::Prefix& observed,
                                  const wire::bgp::PathAttributes& attributes, TimePoint time, TimePoint now,
                                  Events& out) {
  const bool loc_rib = peer->key.rib_kind == rib::RibKind::loc_rib;
  if (!loc_rib) adj_rib_in_routers.insert(peer->key.router);
  const PathView view = view_of(*peer, attributes);
  if (waiting_vrps) note_roas(observed, view);
  std::vector<Finding> findings;
  Role role = Role::primary;
  if (!loc_rib || !adj_rib_in_routers.contains(peer->key.router)) {
    for (const Deciding& deciding : deciding_entries(*registry, observed)) {
      const std::vector<Finding> found =
          judge({deciding, *peer, observed, view, attributes, settings, lost_roas});
      findings.insert(findings.end(), found.begin(), found.end());
      const model::RegisteredPrefix& entry = *deciding.entries.front();
      role = role_of(settings, connection_of(entry).get(), entry.expectation, *peer, view);
    }
    covering.judge(*registry, observed, view, findings);
    if (!settings.monitored.empty()) judge_monitored(settings.monitored, *registry, observed, view, findings);
  }
  const bool as_expected = presence.judged(observed, peer->id, findings);
  if (as_expected && view.origin && view.neighbor) links.learn(*view.origin, *view.neighbor, now);
  incidents.show({peer, observed, view, role, time, false}, findings, now, out);
}

void Detector::recall(std::span<const model::Event> findings) {
  for (const model::Event& event : findings) state_->incidents.recall(event);
}

void Detector::restore(std::span<const model::Event> known) {
  for (const model::Event& event : known) {
    switch (event.kind) {
      case model::EventKind::session_state:
      case model::EventKind::feed_silent:
        if (event.state == model::EventState::open) state_->sessions.restore(event);
        break;
      case model::EventKind::announcement:
      case model::EventKind::withdrawal:
      case model::EventKind::visibility_loss:
      case model::EventKind::backup_route_withdrawal:
        state_->presence.restore(event);
        break;
      case model::EventKind::latency_degraded:
      case model::EventKind::latency_recovered:
      case model::EventKind::requirement_violation:
      case model::EventKind::flapping:
      case model::EventKind::mass_event:
      case model::EventKind::resolved:
        break;  // told elsewhere
      case model::EventKind::rpki_roa_lost:
        if (event.state != model::EventState::open) break;
        if (event.origin) state_->lost_roas.emplace(event.observed, *event.origin);
        state_->incidents.restore(event);
        break;
      default:
        if (event.state == model::EventState::open) state_->incidents.restore(event);
    }
  }
}

// Follows what connections monitor. True when some of it is gone.
bool Detector::State::monitor(const model::RegistryDifference& changes, const model::Registry& after) {
  static const model::Connection nobody;
  bool gone = false;
  for (const std::string& key : changes.connections) {
    const auto was = registry ? registry->connections.find(key) : after.connections.end();
    const bool known = registry && was != registry->connections.end();
    const model::MonitoredAsList& before = known ? was->second->asns : nobody.asns;
    const auto is = after.connections.find(key);
    const model::Connection* connection = is == after.connections.end() ? nullptr : is->second.get();
    if (before == (connection ? connection->asns : nobody.asns)) continue;
    gone = gone || before.entries;
    for (const net::Asn asn : settings.monitored.replace(key, before, connection)) monitored_anew.insert(asn);
  }
  return gone;
}

void Detector::State::remove_gone(const model::RegistryDifference& changes, const model::Registry& after,
                                  TimePoint now, Events& out) {
  std::set<std::string, std::less<>> moved;
  bool any_gone = monitor(changes, after) || !registry;
  for (const auto& change : changes.prefixes) {
    if (!change.before) continue;
    if (change.after && change.after->expectation.prefix == change.before->expectation.prefix) continue;
    if (change.after) moved.insert(model::lower(change.key));
    any_gone = any_gone || !change.after;
    presence.unwatch(*change.before, now, out);
  }
  if (any_gone) {
    presence.forget_unknown(after, now, out);
    incidents.forget(
        [&](const std::string& resource) {
          return !after.prefixes.contains(model::lower(resource)) && !settings.monitored.has(resource);
        },
        "it is no longer registered or monitored", now, out);
  }
  if (!moved.empty()) {
    incidents.forget([&](const std::string& resource) { return moved.contains(model::lower(resource)); },
                     "another prefix is registered under this name", now, out);
  }
  const bool connection_gone =
      std::any_of(changes.connections.begin(), changes.connections.end(),
                  [&](const std::string& key) { return !after.connections.contains(key); });
  if (!registry || connection_gone) sessions.forget_unknown(after, now, out);
}

void Detector::State::watch(const model::RegisteredPrefixPointer& entry, const rib::Table& table,
                            TimePoint now, Events& out) {
  const net::Prefix& prefix = entry->expectation.prefix;
  if (entry->expectation.ignore || (settings.hears && !settings.hears(prefix))) return;
  presence.watch(entry, connection_of(*entry), table, now, out);
}

// Follows what is new or expected otherwise, also by its connection; gives the space to be judged.
std::vector<net::Prefix> Detector::State::watch_changed(const model::RegistryDifference& changes,
                                                        const model::Registry& before,
                                                        const rib::Table& table, TimePoint now, Events& out) {
  std::vector<net::Prefix> spaces;
  std::vector<std::pair<std::string_view, model::RegisteredPrefixPointer>> changed;
  for (const auto& change : changes.prefixes) {
    if (change.before) spaces.push_back(change.before->expectation.prefix);
    if (change.after) changed.emplace_back(change.key, change.after);
  }
  for (const std::string& connection : changes.connections) {
    if (same_places(before, *registry, connection)) continue;
    const std::string start = connection + "/prefixes/";
    for (auto at = registry->prefixes.lower_bound(start);
         at != registry->prefixes.end() && model::is_below(at->first.id(), start); ++at) {
      changed.emplace_back(at->first.id(), at->second);
    }
  }
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  for (const auto& [key, entry] : changed) {
    spaces.push_back(entry->expectation.prefix);
    watch(entry, table, now, out);
  }
  std::sort(spaces.begin(), spaces.end());
  spaces.erase(std::unique(spaces.begin(), spaces.end()), spaces.end());
  return spaces;
}

// Sees to it that `observed` is followed for those who watch its length as if it were listed.
void Detector::State::follow_lengths(const net::Prefix& observed, std::span<const rib::Route> routes,
                                     TimePoint now, Events& out) {
  std::vector<Follower> followers;
  if (with_lengths > 0) {
    for (const Deciding& deciding : deciding_entries(*registry, observed)) {
      if (deciding.prefix == observed) continue;
      for (const model::RegisteredPrefixPointer& entry : deciding.entries) {
        const auto& lengths = entry->expectation.lengths;
        if (lengths && lengths->contains(observed.length())) {
          followers.push_back({entry, connection_of(*entry)});
        }
      }
    }
  }
  presence.follow(observed, followers, routes, now, out);
}

// The same for all that the table has inside `space`, and for what was followed there.
void Detector::State::follow_space(const net::Prefix& space, const rib::Table& table, TimePoint now,
                                   Events& out) {
  for (const net::Prefix& observed : presence.followed_in(space)) {
    follow_lengths(observed, table.routes(observed), now, out);
  }
  if (with_lengths == 0) return;
  std::optional<net::Prefix> last;
  for (const rib::Route& route : table.covered(space, judged_at_once_max)) {
    if (last != route.prefix) follow_lengths(route.prefix, table.routes(route.prefix), now, out);
    last = route.prefix;
  }
}

// Judges everything that the table has inside `space`, and learns what covers it. What is found counts from
// the route's own time on, or from `since`.
// A route that is held although its peer is away may be gone, and where nobody watches its space the table
// does not say so: it is looked for when the peer is back.
void Detector::State::judge_held(const rib::Route& route, TimePoint time, TimePoint now, Events& out) {
  if (!is_judged(route.peer->key.rib_kind)) return;
  judge_route(route.peer, route.prefix, *route.attributes, time, now, out);
  if (sessions.is_settling(route.peer->key, now)) incidents.lose_one(route.prefix, route.peer->id, now);
}

void Detector::State::judge_space(const net::Prefix& space, const rib::Table& table,
                                  std::optional<TimePoint> since, TimePoint now, Events& out) {
  const auto judge_one = [&](const rib::Route& route) {
    judge_held(route, since.value_or(route.received_at), now, out);
  };
  for (const rib::Route& route : table.covering(space)) judge_one(route);
  for (const rib::Route& route : table.covered(space, judged_at_once_max)) judge_one(route);
}

void Detector::registry_changed(const model::RegistryPointer& after, const rib::Table& table, TimePoint now,
                                Events& out) {
  State& s = *state_;
  static const model::RegistryPointer nothing = std::make_shared<const model::Registry>();
  const model::RegistryPointer before = s.registry ? s.registry : nothing;
  const model::RegistryDifference changes = model::difference(*before, *after);
  s.remove_gone(changes, *after, now, out);
  s.registry = after;
  for (const auto& change : changes.prefixes) {
    if (change.before && change.before->expectation.lengths) --s.with_lengths;
    if (change.after && change.after->expectation.lengths) ++s.with_lengths;
  }
  s.tell_expiring(changes, now, out);
  for (const net::Prefix& space : s.watch_changed(changes, *before, table, now, out)) {
    s.follow_space(space, table, now, out);
    s.judge_space(space, table, std::nullopt, now, out);
  }
}

// A ROA that is about to expire is no news for who registers a prefix now, but nobody told her.
void Detector::State::tell_expiring(const model::RegistryDifference& changes, TimePoint now, Events& out) {
  if (!settings.expiring || settings.expiring->empty()) return;
  std::vector<model::RegisteredPrefixPointer> fresh;
  for (const auto& change : changes.prefixes) {
    if (change.after && !change.before) fresh.push_back(change.after);
  }
  if (!fresh.empty()) tell_expiring_roas(fresh, settings, now, out);
}

const MonitoredAses& Detector::monitored() const { return state_->settings.monitored; }

std::vector<net::Asn> Detector::monitored_anew() {
  const std::set<net::Asn> out = std::exchange(state_->monitored_anew, {});
  return {out.begin(), out.end()};
}

std::uint64_t Detector::findings_left_out() const { return state_->incidents.left_out(); }

void Detector::judge_held(const rib::Route& route, TimePoint now, Events& out) {
  if (state_->registry) state_->judge_held(route, route.received_at, now, out);
}

// Remembers a route that a ROA made valid and that no ROA speaks of now.
void Detector::State::note_roas(const net::Prefix& observed, const PathView& view) {
  if (!settings.vrps || !view.origin) return;
  if (validity_of(*settings.vrps, observed, view) != rib::Validity::not_found) return;
  if (validity_of(*waiting_vrps, observed, view) == rib::Validity::valid) {
    lost_roas.emplace(observed, *view.origin);
  }
}

void Detector::knowledge_changed(Knowledge after, const rib::VrpDelta* roas, TimePoint now, Events& out) {
  State& s = *state_;
  const Knowledge before = s.settings;
  static_cast<Knowledge&>(s.settings) = std::move(after);
  if (s.settings.vrps) {
    std::erase_if(s.lost_roas, [&](const auto& route) {
      return s.settings.vrps->validity(route.first, route.second) != rib::Validity::not_found;
    });
  }
  if (!s.registry) return;
  if (s.settings.expiring && s.settings.expiring != before.expiring) {
    tell_expiring_roas(*s.registry, s.settings, now, out);
  }
  if (roas) tell_roa_changes(*s.registry, s.settings, *roas, now, out);
  const bool everything = before.relationships != s.settings.relationships ||
                          before.aspas != s.settings.aspas || (s.settings.vrps && !before.vrps);
  if (!everything && !roas) return;
  if (before.vrps && s.waiting.empty()) s.waiting_vrps = before.vrps;
  for (const auto& [id, entry] : s.registry->prefixes) {
    const net::Prefix& prefix = entry->expectation.prefix;
    if (everything || roas->touches(prefix)) s.waiting.push_back(prefix);
  }
  std::sort(s.waiting.begin(), s.waiting.end());
  s.waiting.erase(std::unique(s.waiting.begin(), s.waiting.end()), s.waiting.end());
}

bool Detector::judge_waiting(const rib::Table& table, std::size_t prefixes, TimePoint now, Events& out) {
  State& s = *state_;
  for (; prefixes > 0 && !s.waiting.empty(); --prefixes) {
    const net::Prefix space = s.waiting.back();
    s.waiting.pop_back();
    s.judge_space(space, table, now, now, out);
  }
  if (s.waiting.empty()) s.waiting_vrps.reset();
  return !s.waiting.empty();
}

void Detector::peer_heard(const rib::Peer& peer, TimePoint time, TimePoint now, Events& out) {
  if (state_->registry && is_judged(peer.key.rib_kind)) state_->sessions.heard(peer.key, time, now, out);
}

void Detector::route_changed(const rib::RouteChange& change, const rib::Table& table, TimePoint now,
                             Events& out) {
  State& s = *state_;
  if (!s.registry || !is_judged(change.peer->key.rib_kind)) return;
  if (change.after) s.sessions.heard(change.peer->key, change.time, now, out);
  if (s.registry->watch.empty() && s.settings.monitored.empty()) return;
  if (change.after) {
    if (s.with_lengths > 0) s.follow_lengths(change.prefix, {}, now, out);
    s.presence.changed(change, s.sessions, false, now, out);
    s.presence.covering_changed(change, s.sessions, now, out);
    const bool concerns = CoveringRoutes::too_short(change.prefix)
                              ? s.registry->watch.longest_match(change.prefix).has_value()
                              : s.registry->watch.overlaps(change.prefix);
    if (concerns || !s.settings.monitored.empty()) {
      s.judge_route(change.peer, change.prefix, *change.after, change.time, now, out);
    }
    return;
  }
  const bool out_of_sight =
      change.reason == rib::ChangeReason::peer_down || change.reason == rib::ChangeReason::router_down;
  const bool flawed = s.incidents.finds_fault(change.prefix, change.peer->id);
  if (out_of_sight) {
    s.incidents.lose_one(change.prefix, change.peer->id, now);
  } else {
    s.incidents.withdraw(change.peer, change.prefix, change.time, now, out);
    if (s.covering.knows(change.prefix) && table.routes(change.prefix).empty())
      s.covering.forget(change.prefix);
  }
  s.presence.changed(change, s.sessions, flawed, now, out);
  s.presence.covering_changed(change, s.sessions, now, out);
}

void Detector::withdrawn_unseen(const rib::Peer& peer, const net::Prefix& prefix, TimePoint time,
                                TimePoint now, Events& out) {
  State& s = *state_;
  if (!s.registry || !is_judged(peer.key.rib_kind)) return;
  if (s.with_lengths > 0) s.follow_lengths(prefix, {}, now, out);
  s.presence.withdrawn_unseen(peer, prefix, time, now, out);
}

// What the session showed is out of sight; gives what had a route by it.
std::vector<model::RegisteredPrefixPointer> Detector::State::lose(const SessionKey& session, TimePoint time,
                                                                  TimePoint now, Events& out) {
  sessions.session_down(session);
  incidents.lose([&](const rib::PeerKey& key) { return session_of(key) == session; }, now);
  return presence.lose(session.router, session, time, now, out);
}

void Detector::peer_state_changed(const rib::Peer& peer, bool up, TimePoint time, TimePoint now,
                                  Events& out) {
  State& s = *state_;
  if (!is_judged(peer.key.rib_kind)) return;
  const SessionKey session = session_of(peer.key);
  if (up) {
    s.sessions.router_up(peer.key.router, time, now, out);
    s.sessions.session_up(session, time, now, out);
    return;
  }
  Outage outage{peer.key.router, peer.key.address.to_string(), peer.asn, time, {}};
  outage.prefixes = s.lose(session, time, now, out);
  s.sessions.outage(outage, now, out);
}

void Detector::peer_out_of_sight(const rib::Peer& peer, TimePoint time, TimePoint now, Events& out) {
  if (is_judged(peer.key.rib_kind)) state_->lose(session_of(peer.key), time, now, out);
}

void Detector::peer_forgotten(const rib::Peer& peer, TimePoint time, TimePoint now, Events& out) {
  peer_out_of_sight(peer, time, now, out);
  if (is_judged(peer.key.rib_kind)) state_->sessions.forget(session_of(peer.key), time, out);
}

void Detector::router_state_changed(std::string_view router, bool up, TimePoint time, TimePoint now,
                                    Events& out) {
  State& s = *state_;
  if (up) {
    s.sessions.router_up(router, time, now, out);
    return;
  }
  s.sessions.router_down(router);
  s.sessions.heard_again(router, time, "its session is down", out);
  s.incidents.lose([&](const rib::PeerKey& key) { return key.router == router; }, now);
  Outage outage{std::string(router), "", 0, time, {}};
  outage.prefixes = s.presence.lose(router, std::nullopt, time, now, out);
  s.sessions.outage(outage, now, out);
}

void Detector::feed_silent(std::string_view router, TimePoint since, TimePoint now, Events& out) {
  State& s = *state_;
  s.sessions.silent(router, since, s.presence.seen_through(router), now, out);
}

void Detector::feed_heard(std::string_view router, TimePoint now, Events& out) {
  state_->sessions.heard_again(router, now, "it is heard again", out);
}

void Detector::tick(const rib::Table& table, TimePoint now, Events& out) {
  State& s = *state_;
  s.incidents.settle(table, [&](const rib::PeerKey& key) { return s.sessions.is_back(key, now); }, now, out);
  s.presence.settle(table, s.sessions, now, out);
}

}  // namespace peering::detect
