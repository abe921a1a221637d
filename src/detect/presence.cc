#include "detect/presence.h"

#include <algorithm>

#include "detect/judgement.h"
#include "detect/rpki_state.h"

namespace peering::detect {

namespace {

rib::PeerId peer_id(const Sighting& sighting) { return sighting.peer->id; }

}  // namespace

void emit(const PrefixPresence& prefix, const model::Event& event, std::vector<model::Event>& out) {
  // Of what nobody registered itself, announcements and withdrawals are as they come.
  const bool listed = prefix.observed == prefix.entry->expectation.prefix;
  if (!listed && event.kind != model::EventKind::visibility_loss) return;
  if (judges(prefix.entry->expectation, event.kind)) out.push_back(event);
}

bool Presence::accepted(const PrefixPresence& prefix, const std::vector<net::Asn>& origins) const {
  const auto list = by_prefix_.find(prefix.observed);
  const std::string tenant = tenant_of(*prefix.entry);
  return std::any_of(list->second.begin(), list->second.end(), [&](const auto& other) {
    return tenant_of(*other->entry) == tenant && allows_origins(other->entry->expectation, origins);
  });
}

// Takes the route in. False when the peer's view is not judged.
bool Presence::sighted(PrefixPresence& prefix, const rib::PeerPointer& peer,
                       const rib::AttributesPointer& attributes) {
  if (!is_judged(peer->key.rib_kind)) return false;
  const wire::bgp::AsPath sent = as_sent(*peer, attributes->as_path);
  Sighting sighting(peer, *attributes, sent);
  judge(prefix, sighting, view_of_sent(sent));
  if (Sighting* const known = prefix.sighting_of(peer->id)) {
    if (!sighting.legitimate) prefix.note_had(*known);
    sighting.place = known->place;
    sighting.sound = known->legitimate && (known->sound || !known->faulty);
    *known = std::move(sighting);
  } else {
    Held& held = by_peer_[peer->id];
    if (held.prefixes.empty()) held.session = session_of(peer->key);
    sighting.place = static_cast<std::uint32_t>(held.prefixes.size());
    held.prefixes.push_back(&prefix);
    const auto* const after = std::ranges::upper_bound(prefix.sightings, peer->id, {}, peer_id);
    prefix.sightings.insert(after, std::move(sighting));
  }
  if (prefix.beside().awaited_router) prefix.extras().awaited_router.reset();
  return true;
}

void Presence::judge(const PrefixPresence& prefix, Sighting& sighting, const PathView& view) const {
  sighting.legitimate = accepted(prefix, view.origins);
  sighting.role =
      role_of(settings_, prefix.connection.get(), prefix.entry->expectation, *sighting.peer, view);
}

void Presence::erase(PrefixPresence& prefix, rib::PeerId peer) {
  Sighting* const at = prefix.sighting_of(peer);
  if (!at) return;
  const rib::PeerPointer seen_by = at->peer;
  const auto held = by_peer_.find(peer);
  std::vector<PrefixPresence*>& prefixes = held->second.prefixes;
  // The last one takes the place.
  prefixes[at->place] = prefixes.back();
  prefixes[at->place]->sighting_of(peer)->place = at->place;
  prefixes.pop_back();
  prefix.note_had(*at);
  if (prefixes.empty()) by_peer_.erase(held);
  prefix.sightings.erase(at);
  const rib::PeerKey& key = seen_by->key;
  const bool known =
      key.rib_kind == rib::RibKind::loc_rib ||
      (prefix.shown_by_peers_of(key.router) &&
       (key.rib_kind == rib::RibKind::adj_rib_in_pre_policy || prefix.shown_after_policy(key)));
  if (!known) prefix.former.push_back(seen_by);
}

PrefixPresence* Presence::find(const net::Prefix& observed, const std::string& resource) {
  const auto list = by_prefix_.find(observed);
  if (list == by_prefix_.end()) return nullptr;
  const auto at = std::find_if(list->second.begin(), list->second.end(),
                               [&](const auto& p) { return p->entry->resource == resource; });
  return at == list->second.end() ? nullptr : at->get();
}

void Presence::watch(const model::RegisteredPrefixPointer& entry,
                     std::shared_ptr<const model::Connection> connection, const rib::Table& table,
                     TimePoint now, std::vector<model::Event>& out) {
  const Follower watching{entry, std::move(connection)};
  const net::Prefix& exact = entry->expectation.prefix;
  const bool covered = has_covering_backup(exact) && !find(exact, entry->resource);
  watch_at(exact, watching, table.routes(exact), covered ? table.covering(exact) : std::vector<rib::Route>(),
           now, out);
  if (has_covering_backup(exact)) long_.insert(exact);
  const auto left = restored_.find(model::lower(entry->resource));
  if (left == restored_.end()) return;
  std::set<net::Prefix> observed;
  for (const model::Event& event : left->second) {
    const auto& lengths = entry->expectation.lengths;
    if (lengths && lengths->contains(event.observed.length())) observed.insert(event.observed);
  }
  for (const net::Prefix& prefix : observed) {
    watch_at(prefix, watching, {}, {}, now, out);
    followed_.insert(prefix);
  }
  resolve_restored(model::lower(entry->resource), "another prefix is registered under this name", now, out);
}

void Presence::resolve_restored(const std::string& resource, std::string_view reason, TimePoint now,
                                std::vector<model::Event>& out) {
  const auto left = restored_.find(resource);
  if (left == restored_.end()) return;
  for (model::Event& event : left->second) {
    if (event.state != model::EventState::open) continue;
    resolve(event, now, reason);
    out.push_back(event);
  }
  restored_.erase(left);
}

void Presence::watch_at(const net::Prefix& observed, const Follower& watching,
                        std::span<const rib::Route> routes, std::span<const rib::Route> covering,
                        TimePoint now, std::vector<model::Event>& out) {
  const model::RegisteredPrefixPointer& entry = watching.entry;
  PrefixPresence* found = find(observed, entry->resource);
  const bool known = found != nullptr;
  if (!known) {
    List& list = by_prefix_[observed];
    list.push_back(std::make_unique<PrefixPresence>());
    found = list.back().get();
  }
  PrefixPresence& prefix = *found;
  prefix.observed = observed;
  prefix.entry = entry;
  prefix.connection = watching.connection;
  if (!known) restored_state(prefix);
  const bool was_announced = prefix.announced;
  for (const rib::Route& route : routes) sighted(prefix, route.peer, route.attributes);
  if (!known) cover(prefix, covering);
  // A changed expectation changes the verdict on every route that is held, also of those out of sight.
  for (Sighting& sighting : prefix.sightings) {
    const Sighting before = sighting;
    judge(prefix, sighting, sighting.view());
    if (!sighting.legitimate) prefix.note_had(before);
  }
  if (!was_announced) tell_current(prefix, now, out);
  if (!known && !prefix.restored) tell_covering(prefix, now, out);
  if (!routes.empty()) judge_required_upstreams(prefix, now, now, out);
}

void Presence::tell_current(PrefixPresence& prefix, TimePoint now, std::vector<model::Event>& out) {
  const Ways ways = ways_of(prefix);
  if (ways.legitimate() == 0) return;
  prefix.announced = true;
  if (prefix.beside().withdrawal) {
    const auto withdrawal = std::move(prefix.extras().withdrawal);
    resolve(*withdrawal, now, "it is announced");
    emit(prefix, *withdrawal, out);
  }
  for (const Role role : {Role::primary, Role::backup}) {
    const auto way = std::find_if(ways.all.begin(), ways.all.end(),
                                  [&](const Way& w) { return w.legitimate && w.role == role; });
    if (way == ways.all.end()) continue;
    const model::EventKind kind =
        role == Role::primary ? model::EventKind::announcement : model::EventKind::backup_route;
    const std::string observed = prefix.observed.to_string();
    const PathView view = way->sighting->view();
    model::Event event =
        make_event(kind, role, *prefix.entry, prefix.observed, "registered", now, now, false);
    event.origin = view.origin;
    event.as_path = view.path;
    event.rpki = rpki_state(settings_, event.observed, view);
    event.peers = {event_peer(*way->sighting->peer)};
    event.summary =
        fmt::format("{} route is present: {}", role == Role::primary ? "Primary" : "Backup", observed);
    event.description =
        fmt::format("{} was already announced by {} session{} when it was registered: AS path {}.", observed,
                    role == Role::primary ? ways.primary : ways.backup,
                    (role == Role::primary ? ways.primary : ways.backup) == 1 ? "" : "s", view.text);
    emit(prefix, event, out);
  }
  if (ways.active) prefix.told_role = ways.active->role;
}

void Presence::tell_covering(PrefixPresence& prefix, TimePoint now, std::vector<model::Event>& out) {
  const Ways ways = ways_of(prefix);
  if (ways.covering == 0 || ways.backup > 0) return;
  const auto& [key, cover] = *prefix.beside().covering->begin();
  model::Event event = make_event(model::EventKind::backup_route, Role::backup, *prefix.entry, key.first,
                                  "registered", now, now, false);
  const std::string exact = prefix.observed.to_string();
  event.peers = {event_peer(*cover.peer)};
  event.summary = fmt::format("Backup route is present: {}", exact);
  event.description = fmt::format(
      "{}, which covers {} and so stands behind it, was already announced when that was "
      "registered.",
      key.first.to_string(), exact);
  emit(prefix, event, out);
}

void Presence::unwatch(const model::RegisteredPrefix& entry, TimePoint now, std::vector<model::Event>& out) {
  unwatch_at(entry.expectation.prefix, entry.resource, now, out);
  if (!entry.expectation.lengths) return;
  for (const net::Prefix& observed : followed_in(entry.expectation.prefix)) {
    unwatch_at(observed, entry.resource, now, out);
    drop_idle_followed(observed);
  }
}

void Presence::unwatch_at(const net::Prefix& observed, const std::string& resource, TimePoint now,
                          std::vector<model::Event>& out) {
  PrefixPresence* found = find(observed, resource);
  if (!found) return;
  PrefixPresence& prefix = *found;
  Extras& extras = prefix.extras();
  for (auto* event : {&extras.withdrawal, &extras.backup_withdrawal, &extras.visibility}) {
    if (!*event) continue;
    resolve(**event, now, "the prefix is no longer registered");
    emit(prefix, **event, out);
  }
  for (auto& [upstream, event] : extras.required_missing) {
    resolve(event, now, "the prefix is no longer registered");
    emit(prefix, event, out);
  }
  while (!prefix.sightings.empty()) erase(prefix, prefix.sightings.back().peer->id);
  unsettled_.erase(&prefix);
  const auto list = by_prefix_.find(observed);
  erase_if(list->second, [&](const auto& p) { return p.get() == &prefix; });
  const bool listed = std::ranges::any_of(
      list->second, [&](const auto& p) { return p->entry->expectation.prefix == observed; });
  if (!listed) long_.erase(observed);
  if (list->second.empty()) by_prefix_.erase(list);
}

void Presence::changed(const rib::RouteChange& change, const Sessions& sessions, bool flawed, TimePoint now,
                       std::vector<model::Event>& out) {
  const auto list = by_prefix_.find(change.prefix);
  if (list == by_prefix_.end()) return;
  const bool out_of_sight =
      change.reason == rib::ChangeReason::peer_down || change.reason == rib::ChangeReason::router_down;
  for (const auto& entry : list->second) {
    PrefixPresence& prefix = *entry;
    if (!change.after) {
      Sighting* const at = prefix.sighting_of(change.peer->id);
      if (!at) continue;
      if (!out_of_sight) {
        removed(prefix, {*change.peer, change.time, now, false, flawed}, out);
      } else if (!at->is_lost()) {
        const Ways before = ways_of(prefix);
        at->lost_at = now;
        unsettled_.insert(&prefix);
        follow_active(prefix, before, ways_of(prefix), {*change.peer, change.time, now}, true, out);
      }
      continue;
    }
    const bool silent = prefix.restored && !sessions.is_back({change.peer->key.router}, now);
    const Ways before = ways_of(prefix);
    if (sighted(prefix, change.peer, change.after)) {
      compare(prefix, before, {*change.peer, change.time, now, silent}, out);
    }
  }
  if (!change.after) drop_idle_followed(change.prefix);
}

bool Presence::judged(const net::Prefix& prefix, rib::PeerId peer, const std::vector<Finding>& findings) {
  const auto list = by_prefix_.find(prefix);
  if (list == by_prefix_.end()) return false;
  bool as_expected = false;
  for (const auto& entry : list->second) {
    Sighting* const sighting = entry->sighting_of(peer);
    if (!sighting) continue;
    const bool faulty = std::ranges::any_of(findings, [&](const Finding& finding) {
      const bool matters = finding.kind == model::EventKind::route_leak ||
                           finding.kind == model::EventKind::path_forged_first_hop;
      return matters && tenant_of(*finding.entry) == tenant_of(*entry->entry);
    });
    if (sighting->judged && !sighting->faulty) sighting->sound = true;
    sighting->faulty = faulty;
    sighting->judged = true;
    as_expected = as_expected || sighting->legitimate;
  }
  return as_expected && std::ranges::none_of(findings, [](const Finding& finding) {
           return finding.kind != model::EventKind::rpki_not_found &&
                  finding.kind != model::EventKind::rpki_roa_lost;
         });
}

void Presence::withdrawn_unseen(const rib::Peer& peer, const net::Prefix& prefix, TimePoint time,
                                TimePoint now, std::vector<model::Event>& out) {
  const auto list = by_prefix_.find(prefix);
  if (!settings_.thresholds.assume_seen_by_all_peers || list == by_prefix_.end()) return;
  for (const auto& entry : list->second) {
    entry->note_had(peer.key.address);
    judge_visibility(*entry, settings_, peer, time, now, out);
  }
}

// The network took the peer's route back.
void Presence::removed(PrefixPresence& prefix, const Cause& cause, std::vector<model::Event>& out) {
  const Ways before = ways_of(prefix);
  erase(prefix, cause.peer.id);
  compare(prefix, before, cause, out);
}

void Presence::compare(PrefixPresence& prefix, const Ways& before, const Cause& cause,
                       std::vector<model::Event>& out) {
  const Ways after = ways_of(prefix);
  const SessionKey session = session_of(cause.peer.key);
  const Way *was = before.of(session), *is = after.of(session);
  const bool had = was && was->legitimate, has = is && is->legitimate;
  bool way_lost = false;
  if (has && (!had || was->role != is->role)) {
    gained(prefix, before, after, *is, cause, out);
  } else if (had && !is) {
    way_lost = true;
    lost(prefix, was->role, after, cause, out);
  } else if (was && !is && after.legitimate() == 0 && prefix.announced) {
    // A hijacker's route stood in the place of the legitimate one and went away.
    lost(prefix, Role::primary, after, cause, out);
  }
  follow_active(prefix, before, after, cause, way_lost, out);
  judge_visibility(prefix, settings_, cause.peer, cause.time, cause.now, out);
  judge_required_upstreams(prefix, cause.time, cause.now, out);
  prefix.drop_idle_extras();
}

std::vector<model::RegisteredPrefixPointer> Presence::lose(std::string_view router,
                                                           const std::optional<SessionKey>& session,
                                                           TimePoint time, TimePoint now,
                                                           std::vector<model::Event>& out) {
  std::map<std::pair<std::string_view, net::Prefix>, PrefixPresence*> affected;
  for (const auto& [peer, held] : by_peer_) {
    if (session ? held.session != *session : held.session.router != router) continue;
    for (PrefixPresence* prefix : held.prefixes) {
      affected[{prefix->entry->resource.str(), prefix->observed}] = prefix;
    }
  }
  std::vector<model::RegisteredPrefixPointer> had;
  for (const auto& [key, prefix] : affected) {
    const Ways before = ways_of(*prefix);
    rib::PeerPointer peer;
    for (Sighting& sighting : prefix->sightings) {
      const SessionKey of = session_of(sighting.peer->key);
      if (sighting.is_lost() || (session ? of != *session : of.router != router)) continue;
      sighting.lost_at = now;
      if (!peer || (before.active && before.active->session == of)) peer = sighting.peer;
    }
    if (!peer) continue;
    if (had.empty() || had.back() != prefix->entry) had.push_back(prefix->entry);
    unsettled_.insert(prefix);
    follow_active(*prefix, before, ways_of(*prefix), {*peer, time, now}, true, out);
  }
  return had;
}

std::vector<model::RegisteredPrefixPointer> Presence::seen_through(std::string_view router) const {
  std::map<std::string_view, model::RegisteredPrefixPointer> by_resource;
  for (const auto& [peer, held] : by_peer_) {
    if (held.session.router != router) continue;
    for (const PrefixPresence* prefix : held.prefixes) {
      const bool in_sight = !prefix->sighting_of(peer)->is_lost();
      if (in_sight) by_resource[prefix->entry->resource.str()] = prefix->entry;
    }
  }
  std::vector<model::RegisteredPrefixPointer> out;
  out.reserve(by_resource.size());
  for (auto& [resource, entry] : by_resource) out.push_back(std::move(entry));
  return out;
}

void Presence::settle(const rib::Table& table, const Sessions& sessions, TimePoint now,
                      std::vector<model::Event>& out) {
  const std::vector<PrefixPresence*> unsettled(unsettled_.begin(), unsettled_.end());
  std::vector<net::Prefix> settled;
  for (PrefixPresence* prefix : unsettled) {
    std::vector<rib::PeerPointer> back, given_up;
    for (const Sighting& sighting : prefix->sightings) {
      if (!sighting.is_lost()) continue;
      if (sessions.is_back(sighting.peer->key, now)) back.push_back(sighting.peer);
      if (now - sighting.lost_at > settings_.absence_max) given_up.push_back(sighting.peer);
    }
    const std::vector<rib::Route> routes =
        back.empty() ? std::vector<rib::Route>() : table.routes(prefix->observed);
    for (const rib::PeerPointer& peer : back) {
      const auto route = std::find_if(routes.begin(), routes.end(),
                                      [&](const rib::Route& r) { return r.peer->id == peer->id; });
      if (route == routes.end()) {
        removed(*prefix, {*peer, now, now}, out);
        continue;
      }
      const Ways before = ways_of(*prefix);
      sighted(*prefix, route->peer, route->attributes);
      compare(*prefix, before, {*peer, now, now}, out);
    }
    // What is away for good must not pass for a way that is left, but the last one says nothing by its
    // absence.
    for (const rib::PeerPointer& peer : given_up) {
      if (prefix->sightings.size() > 1) erase(*prefix, peer->id);
    }
    const auto& awaited = prefix->beside().awaited_router;
    if (awaited && sessions.is_back({*awaited}, now)) {
      rib::Peer router;
      router.key.router = *awaited;
      prefix->extras().awaited_router.reset();
      lost(*prefix, Role::primary, ways_of(*prefix), {router, now, now}, out);
    }
    const bool covering_waits = settle_covering(*prefix, table, sessions, now, out);
    const bool waits = covering_waits || prefix->beside().awaited_router ||
                       std::ranges::any_of(prefix->sightings, &Sighting::is_lost);
    if (!waits) unsettled_.erase(prefix);
    prefix->drop_idle_extras();
    settled.push_back(prefix->observed);
  }
  for (const net::Prefix& observed : settled) drop_idle_followed(observed);
}

void Presence::restore(const model::Event& event) {
  restored_[model::lower(event.prefix_resource)].push_back(event);
}

void Presence::restored_state(PrefixPresence& prefix) {
  const auto found = restored_.find(model::lower(prefix.entry->resource));
  if (found == restored_.end()) return;
  std::vector<model::Event> known, others;
  for (model::Event& event : found->second) {
    (event.observed == prefix.observed ? known : others).push_back(std::move(event));
  }
  found->second = std::move(others);
  if (found->second.empty()) restored_.erase(found);
  if (known.empty()) return;
  prefix.restored = true;
  Extras& extras = prefix.extras();
  for (model::Event& event : known) {
    if (event.kind == model::EventKind::announcement && !event.peers.empty()) {
      prefix.announced = true;
      // Of another AS, which a ROA allows, nothing is awaited.
      if (!event.suspect) extras.awaited_router = event.peers.front().router;
    }
  }
  for (model::Event& event : known) {
    if (event.state != model::EventState::open) continue;
    if (event.kind == model::EventKind::withdrawal) extras.withdrawal = std::make_unique<model::Event>(event);
    if (event.kind == model::EventKind::visibility_loss && event.neighbor) {
      extras.required_seen.insert(*event.neighbor);
      extras.required_missing[*event.neighbor] = event;
    } else if (event.kind == model::EventKind::visibility_loss) {
      extras.visibility = std::make_unique<model::Event>(event);
    }
    if (event.kind == model::EventKind::backup_route_withdrawal)
      extras.backup_withdrawal = std::make_unique<model::Event>(event);
  }
  if (extras.withdrawal && extras.withdrawal->level == model::Level::critical) {
    prefix.announced = false;
    extras.awaited_router.reset();
  }
  if (extras.awaited_router) unsettled_.insert(&prefix);
  prefix.drop_idle_extras();
}

void Presence::forget_unknown(const model::Registry& registry, TimePoint now,
                              std::vector<model::Event>& out) {
  for (auto at = restored_.begin(); at != restored_.end();) {
    const std::string resource = (at++)->first;
    if (registry.prefixes.contains(resource)) continue;
    resolve_restored(resource, "the prefix is no longer registered", now, out);
  }
}

}  // namespace peering::detect
