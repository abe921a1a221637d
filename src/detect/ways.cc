// Reading the sightings of a prefix as ways for traffic.
#include <algorithm>
#include <span>
#include <tuple>

#include "detect/presence.h"

namespace peering::detect {

namespace {

// The first of two ways is better, as a router would choose where it can be known: local preference, the
// primary way, a short path; then anything stable.
bool better(const Way& a, const Way& b) {
  const auto rank = [](const Way& way) {
    const Sighting& sighting = *way.sighting;
    return std::tuple(~sighting.local_pref, way.role, sighting.path.length(), sighting.origin);
  };
  return std::tuple(rank(a), a.session) < std::tuple(rank(b), b.session);
}

auto session_order(const rib::PeerKey& key) { return std::tie(key.router, key.distinguisher, key.address); }

bool same_session(const rib::PeerKey& a, const rib::PeerKey& b) {
  return session_order(a) == session_order(b);
}

// The views of one session next to each other, without Loc-RIB of routers that show their peers.
std::vector<const Sighting*> by_session(const PrefixPresence& prefix) {
  std::vector<const Sighting*> out;
  out.reserve(prefix.sightings.size());
  for (const Sighting& sighting : prefix.sightings) {
    const rib::PeerKey& key = sighting.peer->key;
    if (key.rib_kind == rib::RibKind::loc_rib && prefix.shown_by_peers_of(key.router)) continue;
    out.push_back(&sighting);
  }
  std::ranges::sort(out, {}, [](const Sighting* sighting) {
    return std::tuple_cat(session_order(sighting->peer->key), std::tie(sighting->peer->id));
  });
  return out;
}

// What the views of one session say. What it shows before policy counts only while it shows nothing after.
std::optional<Way> way_of(const PrefixPresence& prefix, std::span<const Sighting* const> views) {
  const rib::PeerKey& key = views.front()->peer->key;
  const auto is_after = [](const rib::PeerPointer& peer) {
    return peer->key.rib_kind == rib::RibKind::adj_rib_in_post_policy;
  };
  const bool after_policy =
      std::ranges::any_of(views, [&](const Sighting* view) { return is_after(view->peer); }) ||
      std::ranges::any_of(prefix.former,
                          [&](const auto& peer) { return is_after(peer) && same_session(peer->key, key); });
  std::optional<Way> out;
  for (const Sighting* view : views) {
    if (after_policy && view->peer->key.rib_kind == rib::RibKind::adj_rib_in_pre_policy) continue;
    const bool first = !out;
    if (first) out = Way{session_of(key), false, false, Role::primary, nullptr};
    out->legitimate = out->legitimate || view->legitimate;
    out->lost = (first || out->lost) && view->is_lost();
    if (first || (view->legitimate && !out->sighting->legitimate)) {
      out->sighting = view;
      out->role = view->role;
    }
  }
  return out;
}

}  // namespace

bool Extras::idle() const {
  return !withdrawal && !backup_withdrawal && !visibility && !covering && !awaited_router &&
         withdrew.empty() && withdrew_max == 0 && required_seen.empty() && required_missing.empty();
}

const Extras& PrefixPresence::beside() const {
  static const Extras none;
  return extras_ ? *extras_ : none;
}

Extras& PrefixPresence::extras() {
  if (!extras_) extras_ = std::make_unique<Extras>();
  return *extras_;
}

void PrefixPresence::drop_idle_extras() {
  if (extras_ && extras_->idle()) extras_.reset();
}

Sighting* PrefixPresence::sighting_of(rib::PeerId peer) {
  const auto id = [](const Sighting& sighting) { return sighting.peer->id; };
  auto* const at = std::ranges::lower_bound(sightings, peer, {}, id);
  return at != sightings.end() && id(*at) == peer ? at : nullptr;
}

bool PrefixPresence::shown_by_peers_of(std::string_view router) const {
  const auto shows = [&](const rib::PeerPointer& peer) {
    return peer->key.rib_kind != rib::RibKind::loc_rib && peer->key.router == router;
  };
  return std::ranges::any_of(sightings, shows, &Sighting::peer) || std::ranges::any_of(former, shows);
}

bool PrefixPresence::shown_after_policy(const rib::PeerKey& session) const {
  const auto shows = [&](const rib::PeerPointer& peer) {
    return peer->key.rib_kind == rib::RibKind::adj_rib_in_post_policy && same_session(peer->key, session);
  };
  return std::ranges::any_of(sightings, shows, &Sighting::peer) || std::ranges::any_of(former, shows);
}

bool PrefixPresence::had(const net::Address& address) const {
  return std::ranges::binary_search(had_before, address);
}

void PrefixPresence::note_had(const net::Address& address) {
  const auto* const at = std::ranges::lower_bound(had_before, address);
  if (at == had_before.end() || *at != address) had_before.insert(at, address);
}

void PrefixPresence::note_had(const Sighting& sighting) {
  const rib::PeerKey& key = sighting.peer->key;
  const bool counts = sighting.legitimate && (sighting.sound || !sighting.faulty);
  if (counts && key.rib_kind != rib::RibKind::loc_rib) note_had(key.address);
}

const Way* Ways::of(const SessionKey& session) const {
  const auto at = std::find_if(all.begin(), all.end(), [&](const Way& w) { return w.session == session; });
  return at == all.end() ? nullptr : &*at;
}

Ways ways_of(const PrefixPresence& prefix) {
  Ways out;
  if (const auto& covering = prefix.beside().covering) out.covering = covering->size();
  const std::vector<const Sighting*> views = by_session(prefix);
  out.all.reserve(views.size());
  for (auto at = views.begin(); at != views.end();) {
    const auto next = std::find_if(at, views.end(), [&](const Sighting* view) {
      return !same_session(view->peer->key, (*at)->peer->key);
    });
    if (auto way = way_of(prefix, {at, next})) out.all.push_back(std::move(*way));
    at = next;
  }
  for (const Way& way : out.all) {
    if (!way.legitimate) {
      ++out.foreign;
    } else {
      ++(way.role == Role::primary ? out.primary : out.backup);
    }
  }
  for (const Way& way : out.all) {
    if (!way.legitimate || way.lost) continue;
    if (!out.active || better(way, *out.active)) out.active = &way;
  }
  return out;
}

}  // namespace peering::detect
