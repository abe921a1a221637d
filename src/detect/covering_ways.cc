// The covering route as backup: what traffic for a long prefix follows when nobody has that prefix itself.
#include <algorithm>

#include "detect/covering_route.h"
#include "detect/presence.h"

namespace peering::detect {

void Presence::cover(PrefixPresence& prefix, std::span<const rib::Route> routes) {
  const net::Prefix& exact = prefix.observed;
  if (!has_covering_backup(exact)) return;
  for (const rib::Route& route : routes) {
    if (route.prefix == exact || CoveringRoutes::too_short(route.prefix)) continue;
    if (is_judged(route.peer->key.rib_kind)) take_cover(prefix, route.prefix, route.peer);
  }
}

void Presence::take_cover(PrefixPresence& prefix, const net::Prefix& observed, const rib::PeerPointer& peer) {
  auto& covering = prefix.extras().covering;
  if (!covering) covering = std::make_unique<Covering>();
  covering->insert_or_assign({observed, peer->id}, Cover{peer, std::nullopt});
}

void Presence::covering_changed(const rib::RouteChange& change, const Sessions& sessions, TimePoint now,
                                std::vector<model::Event>& out) {
  if (CoveringRoutes::too_short(change.prefix)) return;
  std::size_t told = 0;
  for (auto at = long_.lower_bound(change.prefix); at != long_.end() && change.prefix.covers(*at); ++at) {
    if (*at == change.prefix) continue;
    if (++told > CoveringRoutes::told_max) return;
    const auto list = by_prefix_.find(*at);
    if (list == by_prefix_.end()) continue;
    for (const auto& prefix : list->second) covering_changed(*prefix, change, sessions, now, out);
  }
}

void Presence::covering_changed(PrefixPresence& prefix, const rib::RouteChange& change,
                                const Sessions& sessions, TimePoint now, std::vector<model::Event>& out) {
  const Ways before = ways_of(prefix);
  const bool silent = prefix.restored && !sessions.is_back({change.peer->key.router}, now);
  const Cause cause{*change.peer, change.time, now, silent, false};
  if (change.after) {
    take_cover(prefix, change.prefix, change.peer);
    cover_gained(prefix, before, change, cause, out);
    return;
  }
  const auto& covering = prefix.beside().covering;
  if (!covering) return;
  const auto at = covering->find({change.prefix, change.peer->id});
  if (at == covering->end()) return;
  const bool out_of_sight =
      change.reason == rib::ChangeReason::peer_down || change.reason == rib::ChangeReason::router_down;
  if (out_of_sight) {
    // Nobody said that the route is gone.
    at->second.lost_at = now;
    unsettled_.insert(&prefix);
    return;
  }
  uncover(prefix, at, cause, out);
}

void Presence::cover_gained(PrefixPresence& prefix, const Ways& before, const rib::RouteChange& change,
                            const Cause& cause, std::vector<model::Event>& out) {
  if (before.covering > 0 || before.backup > 0) return;
  const std::string exact = prefix.observed.to_string();
  if (prefix.beside().backup_withdrawal) {
    const auto ended = std::move(prefix.extras().backup_withdrawal);
    resolve(*ended, cause.time, "a covering route is back");
    emit(prefix, *ended, out);
  }
  if (cause.silent) return;
  model::Event event = make_event(model::EventKind::backup_route, Role::backup, *prefix.entry, change.prefix,
                                  "covering", cause.time, cause.now, false);
  event.peers = {event_peer(cause.peer)};
  event.summary = fmt::format("Backup route announced: {}", exact);
  event.description = fmt::format("{} announces {}, which covers {} and so stands behind it.",
                                  peer_in_words(cause.peer), change.prefix.to_string(), exact);
  emit(prefix, event, out);
}

void Presence::uncover(PrefixPresence& prefix, Covering::iterator at, const Cause& cause,
                       std::vector<model::Event>& out) {
  auto& covering = prefix.extras().covering;
  covering->erase(at);
  if (!covering->empty()) return;
  covering.reset();
  const Ways after = ways_of(prefix);
  // A registered prefix that nobody announced loses nothing with what covers it.
  if (after.legitimate() == 0 && !prefix.announced) return;
  lost(prefix, Role::backup, after, cause, out);
}

// Covering routes out of sight whose session is back without them, or away for too long, are gone.
bool Presence::settle_covering(PrefixPresence& prefix, const rib::Table& table, const Sessions& sessions,
                               TimePoint now, std::vector<model::Event>& out) {
  const auto& covering = prefix.extras().covering;
  while (covering) {
    const auto gone = std::ranges::find_if(*covering, [&](const auto& entry) {
      const Cover& cover = entry.second;
      if (!cover.lost_at) return false;
      if (now - *cover.lost_at > settings_.absence_max) return true;
      if (!sessions.is_back(cover.peer->key, now)) return false;
      const auto routes = table.routes(entry.first.first);
      return std::ranges::none_of(routes, [&](const auto& r) { return r.peer->id == cover.peer->id; });
    });
    if (gone == covering->end()) break;
    const rib::PeerPointer peer = gone->second.peer;
    uncover(prefix, gone, {*peer, now, now, false, false}, out);
  }
  return covering &&
         std::ranges::any_of(*covering, [](const auto& entry) { return entry.second.lost_at.has_value(); });
}

}  // namespace peering::detect
