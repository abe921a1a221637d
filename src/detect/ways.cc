// Reading the sightings of a prefix as ways for traffic.
#include <algorithm>
#include <tuple>

#include "detect/presence.h"

namespace peering::detect {

namespace {

// Another view of the same router says it better.
bool is_shadowed(const PrefixPresence& prefix, const rib::PeerKey& key) {
  if (key.rib_kind == rib::RibKind::loc_rib) return prefix.adj_rib_in_routers.contains(key.router);
  return key.rib_kind == rib::RibKind::adj_rib_in_pre_policy &&
         prefix.post_policy_sessions.contains(session_of(key));
}

// The first of two ways is better, as a router would choose where it can be known: local preference, the
// primary way, a short path; then anything stable.
bool better(const Way& a, const Way& b) {
  const auto rank = [](const Way& way) {
    const auto& attributes = *way.sighting->attributes;
    const std::uint32_t preference = attributes.local_pref.value_or(100);
    return std::tuple(~preference, way.role, way.sighting->view.path.size(), attributes.origin);
  };
  return std::tuple(rank(a), a.session) < std::tuple(rank(b), b.session);
}

}  // namespace

const Way* Ways::of(const SessionKey& session) const {
  const auto at = std::find_if(all.begin(), all.end(), [&](const Way& w) { return w.session == session; });
  return at == all.end() ? nullptr : &*at;
}

Ways ways_of(const PrefixPresence& prefix) {
  Ways out;
  if (prefix.covering) out.covering = prefix.covering->size();
  std::map<SessionKey, Way> by_session;
  for (const auto& [id, sighting] : prefix.sightings) {
    const rib::PeerKey& key = sighting.peer->key;
    if (is_shadowed(prefix, key)) continue;
    Way& way = by_session[session_of(key)];
    const bool first = way.sighting == nullptr;
    way.legitimate = way.legitimate || sighting.legitimate;
    way.lost = (first || way.lost) && sighting.lost_at.has_value();
    if (first || (sighting.legitimate && !way.sighting->legitimate)) {
      way.sighting = &sighting;
      way.role = sighting.role;
    }
  }
  for (auto& [session, way] : by_session) {
    way.session = session;
    if (!way.legitimate) {
      ++out.foreign;
    } else {
      ++(way.role == Role::primary ? out.primary : out.backup);
    }
    out.all.push_back(std::move(way));
  }
  for (const Way& way : out.all) {
    if (!way.legitimate || way.lost) continue;
    if (!out.active || better(way, *out.active)) out.active = &way;
  }
  return out;
}

}  // namespace peering::detect
