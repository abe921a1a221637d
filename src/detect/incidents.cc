#include "detect/incidents.h"

#include <algorithm>
#include <set>

#include "detect/confidence.h"
#include "detect/reopening.h"
#include "detect/rpki_state.h"

namespace peering::detect {

namespace {

// Peers are counted by AS; a peer whose AS is not known counts by its address.
std::string counted_by(const model::EventPeer& peer) {
  return peer.asn != 0 ? std::to_string(peer.asn) : peer.router + " " + peer.address;
}

std::size_t distinct_peers(const std::vector<model::EventPeer>& peers) {
  std::set<std::string> distinct;
  for (const auto& peer : peers) distinct.insert(counted_by(peer));
  return distinct.size();
}

std::string_view word(model::EventKind kind) {
  switch (kind) {
    case model::EventKind::announcement:
      return "Announced by an AS that is not listed and has a ROA";
    case model::EventKind::origin_hijack:
      return "Origin AS changed";
    case model::EventKind::subprefix_hijack:
      return "More-specific announced by a foreign AS";
    case model::EventKind::squatting:
      return "Announced although nobody may";
    case model::EventKind::new_prefix:
      return "Unregistered more-specific announced";
    case model::EventKind::covering_route:
      return "Origin AS of the covering route changed";
    case model::EventKind::path_forged_first_hop:
      return "Unexpected AS next to the origin";
    case model::EventKind::route_leak:
      return "Route leak";
    case model::EventKind::rpki_invalid:
      return "RPKI invalid";
    case model::EventKind::rpki_not_found:
      return "No ROA";
    case model::EventKind::rpki_roa_lost:
      return "ROA lost";
    case model::EventKind::path_unexpected_upstream:
      return "Unexpected upstream";
    case model::EventKind::path_unexpected_downstream:
      return "Unexpected downstream";
    case model::EventKind::as_announces_unregistered:
      return "Unregistered prefix announced";
    default:
      return "Path anomaly";
  }
}

// What is told once, and is over when it is told.
bool only_informs(model::EventKind kind) { return kind == model::EventKind::announcement; }

// That a strange AS stands next to the origin says something of these.
bool is_about_path_or_origin(model::EventKind kind) {
  switch (kind) {
    case model::EventKind::origin_hijack:
    case model::EventKind::subprefix_hijack:
    case model::EventKind::squatting:
    case model::EventKind::new_prefix:
    case model::EventKind::covering_route:
    case model::EventKind::path_forged_first_hop:
    case model::EventKind::path_rule:
    case model::EventKind::route_leak:
    case model::EventKind::rpki_invalid:
      return true;
    default:
      return false;
  }
}

// What registries say of the origin says something of these.
bool is_about_origin(model::EventKind kind) {
  switch (kind) {
    case model::EventKind::origin_hijack:
    case model::EventKind::subprefix_hijack:
    case model::EventKind::squatting:
    case model::EventKind::new_prefix:
    case model::EventKind::covering_route:
    case model::EventKind::announcement:
    case model::EventKind::as_announces_unregistered:
    case model::EventKind::rpki_invalid:
      return true;
    default:
      return false;
  }
}

constexpr std::string_view new_link_words = " was never seen next to ";

constexpr std::size_t remembered_max = 100'000;
constexpr Microseconds long_before = std::chrono::hours(24);
constexpr std::size_t routes_told_max = 20;

std::string route_in_words(const Shown& shown) {
  return fmt::format("AS path {} from AS{} at {}", shown.view.text, counted_asn(*shown.peer, shown.view),
                     shown.peer->key.router);
}

// The AS that the peer has the route from; the peer itself where it has it from nobody.
net::Asn behind_peer(const Shown& shown) {
  const net::Asn peer = counted_asn(*shown.peer, shown.view);
  for (const net::Asn asn : shown.view.path) {
    if (asn != peer) return asn;
  }
  return peer;
}

Kinship kinship_of(const Relationships* relationships, const model::Event& event) {
  if (!relationships || !event.suspect) return Kinship::none;
  std::vector<net::Asn> others = event.expected_origins;
  if (event.origin) others.push_back(*event.origin);
  if (event.monitored) others.push_back(*event.monitored);
  Kinship out = Kinship::none;
  for (const net::Asn other : others) {
    const auto relation =
        other == *event.suspect ? std::nullopt : relationships->relation(*event.suspect, other);
    if (relation == Relation::sibling) return Kinship::siblings;
    // Who leaks is a neighbour of whom it leaks.
    if (relation && event.kind != model::EventKind::route_leak) out = Kinship::neighbors;
  }
  return out;
}

// RFC 9069: "locRib" stands where the peer has no address.
bool same_peer(const model::EventPeer& a, const model::EventPeer& b) {
  return a.router == b.router && a.address == b.address;
}

}  // namespace

Role Incidents::role_of(const Incident& incident) {
  const bool all_backup =
      !incident.showing.empty() && std::all_of(incident.showing.begin(), incident.showing.end(),
                                               [](const Showing& s) { return s.role == Role::backup; });
  return all_backup ? Role::backup : Role::primary;
}

void Incidents::restore(const model::Event& event) {
  auto incident = std::make_unique<Incident>();
  incident->kind = event.kind;
  incident->resource = event.prefix_resource;
  incident->discriminator = subject_of(event);
  incident->event = event;
  incident->told = true;
  incident->seen = incident->awaited = event.peers;
  incident->first_seen = event.first_seen;
  const auto behind =
      std::ranges::find_if(event.as_path, [&](net::Asn asn) { return asn != event.as_path[0]; });
  if (behind != event.as_path.end()) incident->ways.insert(*behind);
  incident->seen_before = seen_before(event);
  incident->new_link = std::ranges::any_of(
      event.evidence, [](const std::string& line) { return line.find(new_link_words) != std::string::npos; });
  if (event.monitored) take_place(*incident, event.connection);  // what was told is followed in any case
  by_observed_[event.observed].push_back(std::move(incident));
}

// What a watch file finds belongs to nobody and is not counted.
bool Incidents::take_place(Incident& incident, const std::string& connection) {
  if (connection.empty()) return true;
  std::size_t& taken = monitored_of_[connection];
  const bool room = taken < monitored_findings_max;
  ++taken;
  incident.place.reset(&taken);
  return room;
}

Incidents::Incident* Incidents::find_or_make(List& list, const Finding& finding, TimePoint time) {
  for (const auto& incident : list) {
    if (incident->kind == finding.kind && incident->resource == finding.entry->resource &&
        incident->discriminator == finding.discriminator) {
      return incident.get();
    }
  }
  auto made = std::make_unique<Incident>();
  if (finding.monitored && !take_place(*made, finding.entry->connection.str())) return nullptr;
  made->kind = finding.kind;
  made->resource = finding.entry->resource;
  made->discriminator = finding.discriminator;
  made->first_seen = time;
  return list.emplace_back(std::move(made)).get();
}

void Incidents::open(Incident& incident, const Finding& finding, const Shown& shown, TimePoint now,
                     std::vector<model::Event>& out) {
  incident.seen.clear();
  for (const Showing& s : incident.showing) {
    model::EventPeer peer = event_peer(*s.peer);
    peer.asn = s.asn;
    const bool twice = std::any_of(incident.seen.begin(), incident.seen.end(),
                                   [&](const auto& other) { return same_peer(other, peer); });
    if (!twice) incident.seen.push_back(std::move(peer));
  }
  model::Event event =
      make_event(finding.kind, role_of(incident), *finding.entry, shown.observed, finding.discriminator,
                 incident.first_seen, now, !only_informs(finding.kind));
  event.origin = shown.view.origin;
  event.as_path = shown.view.path;
  event.rpki = rpki_state(settings_, shown.observed, shown.view);
  event.suspect = finding.suspect;
  event.neighbor = finding.neighbor;
  event.monitored = finding.monitored;
  if (finding.monitored) event.prefix = shown.observed;
  event.peers = incident.seen;
  event.last_seen = std::max(shown.time, event.first_seen);
  event.summary = fmt::format("{}: {}", word(finding.kind), shown.observed.to_string());
  event.evidence = {route_in_words(shown)};
  if (settings_.bogons && settings_.bogons->covers(shown.observed)) {
    event.evidence.push_back(
        fmt::format("{} is a bogon: nobody should announce it", shown.observed.to_string()));
  }
  const std::size_t distinct = distinct_peers(incident.seen);
  event.description = fmt::format("{}: AS path {}, seen by {} peer{}.", finding.why, shown.view.text,
                                  distinct, distinct == 1 ? "" : "s");
  incident.event = std::move(event);
  incident.seen_before = seen_before(incident.event);
  incident.new_link = false;
  note_link(incident, shown, now);
  weigh(incident);
  incident.told = true;
  incident.closed = only_informs(finding.kind);
  out.push_back(incident.event);
}

// Once one route shows it, the incident has it.
void Incidents::note_link(Incident& incident, const Shown& shown, TimePoint now) const {
  const PathView& view = shown.view;
  if (incident.new_link || !is_about_path_or_origin(incident.kind) || !view.origin || !view.neighbor) return;
  if (!links_.never_seen(*view.origin, *view.neighbor, now)) return;
  incident.new_link = true;
  incident.event.evidence.push_back(
      fmt::format("AS{}{}AS{} before", *view.neighbor, new_link_words, *view.origin));
}

void Incidents::weigh(Incident& incident) const {
  model::Event& event = incident.event;
  Indications indications{distinct_peers(incident.seen),
                          incident.ways.size(),
                          event.rpki,
                          kinship_of(settings_.relationships.get(), event),
                          incident.seen_before,
                          incident.new_link};
  if (settings_.route_objects && event.origin && is_about_origin(incident.kind)) {
    indications.registration = settings_.route_objects->registration(event.observed, *event.origin);
  }
  const Confidence confidence = confidence_of(indications);
  event.confidence = confidence.value;
  tell_confidence(confidence, event.evidence);
}

// Whether the same began long before; remembers that it began now.
bool Incidents::seen_before(const model::Event& event) {
  const auto [at, fresh] = began_.try_emplace(cause_id(event), event.first_seen);
  if (!fresh) return event.first_seen - at->second > long_before;
  began_in_order_.push_back(at->first);
  if (began_in_order_.size() > remembered_max) {
    began_.erase(began_in_order_.front());
    began_in_order_.pop_front();
  }
  return false;
}

void Incidents::add(Incident& incident, const Finding& finding, const Shown& shown, TimePoint now,
                    std::vector<model::Event>& out) {
  model::EventPeer as_seen = event_peer(*shown.peer);
  as_seen.asn = counted_asn(*shown.peer, shown.view);
  std::erase_if(incident.awaited, [&](const auto& peer) { return same_peer(peer, as_seen); });
  const auto at = std::find_if(incident.showing.begin(), incident.showing.end(),
                               [&](const Showing& s) { return s.peer->id == shown.peer->id; });
  const bool was_showing = at != incident.showing.end();
  Showing& showing = was_showing ? *at : incident.showing.emplace_back();
  showing = {shown.peer, as_seen.asn, shown.role, std::nullopt};
  const bool known = std::any_of(incident.seen.begin(), incident.seen.end(),
                                 [&](const auto& peer) { return same_peer(peer, as_seen); });
  // A closed incident opens again when a peer shows it (again), not when one that never stopped repeats it.
  if (incident.closed && (was_showing || only_informs(incident.kind))) return;
  if (incident.closed) {
    incident.told = incident.closed = false;
    incident.seen.clear();
    incident.ways.clear();
    incident.first_seen = shown.time;
  }
  if (!known || incident.seen.empty()) incident.seen.push_back(as_seen);
  incident.ways.insert(behind_peer(shown));
  if (!incident.told) {
    std::set<net::Asn> distinct;
    for (const Showing& s : incident.showing) distinct.insert(s.asn);
    if (distinct.size() < settings_.thresholds.peers_min_for(finding.kind)) return;
    open(incident, finding, shown, now, out);
    return;
  }
  const Role role = role_of(incident);
  const bool escalates = event_level(incident.kind, role) > incident.event.level;
  const std::string_view rpki = rpki_state(settings_, shown.observed, shown.view);
  const bool rpki_changed = rpki != "unknown" && rpki != incident.event.rpki;
  if (rpki_changed) incident.event.rpki = rpki;
  if (known && !escalates && !rpki_changed) return;
  incident.event.peers = incident.seen;
  incident.event.last_seen = std::max(incident.event.last_seen, shown.time);
  if (!known && incident.event.evidence.size() < routes_told_max) {
    incident.event.evidence.push_back(route_in_words(shown));
  }
  if (!known) note_link(incident, shown, now);
  weigh(incident);
  if (escalates) {
    incident.event.level = event_level(incident.kind, role);
    incident.event.type = event_type(incident.kind, role);
  }
  out.push_back(incident.event);
}

void Incidents::show(const Shown& shown, const std::vector<Finding>& findings, TimePoint now,
                     std::vector<model::Event>& out) {
  auto at = by_observed_.find(shown.observed);
  if (at == by_observed_.end()) {
    if (findings.empty()) return;
    at = by_observed_.try_emplace(shown.observed).first;
  }
  std::vector<Incident*> shown_now;
  for (const Finding& finding : findings) {
    Incident* incident = find_or_make(at->second, finding, shown.time);
    if (!incident) {
      ++left_out_;
      continue;
    }
    shown_now.push_back(incident);
    add(*incident, finding, shown, now, out);
  }
  const model::EventPeer as_seen = event_peer(*shown.peer);
  for (const auto& incident : at->second) {
    if (std::find(shown_now.begin(), shown_now.end(), incident.get()) != shown_now.end()) continue;
    // Without RPKI data nothing says that what the RPKI objected to is over.
    if (!settings_.vrps && is_about_rpki(incident->kind) && !shown.withdrawn) continue;
    const auto dropped =
        std::erase_if(incident->showing, [&](const Showing& s) { return s.peer->id == shown.peer->id; }) +
        std::erase_if(incident->awaited, [&](const auto& p) { return same_peer(p, as_seen); });
    if (dropped > 0) {
      reviewed(*incident, shown.time, "the peers have another route or none", out);
    }
  }
  std::erase_if(at->second, [](const auto& i) { return i->showing.empty() && i->awaited.empty(); });
  if (at->second.empty()) by_observed_.erase(at);
}

void Incidents::withdraw(const rib::PeerPointer& peer, const net::Prefix& observed, TimePoint time,
                         TimePoint now, std::vector<model::Event>& out) {
  const PathView nothing;
  show({peer, observed, nothing, Role::primary, time, true}, {}, now, out);
}

void Incidents::lose_one(const net::Prefix& observed, rib::PeerId peer, TimePoint now) {
  const auto at = by_observed_.find(observed);
  if (at == by_observed_.end()) return;
  for (const auto& incident : at->second) {
    for (Showing& s : incident->showing) {
      if (s.peer->id == peer && !s.lost_at) s.lost_at = now;
    }
  }
}

// Closes the incident when enough of those that showed it do not any more.
void Incidents::reviewed(Incident& incident, TimePoint time, std::string_view reason,
                         std::vector<model::Event>& out) {
  std::set<std::string> ever, still;
  for (const auto& peer : incident.seen) ever.insert(counted_by(peer));
  for (const auto& peer : incident.awaited) still.insert(counted_by(peer));
  for (const Showing& s : incident.showing) {
    model::EventPeer peer = event_peer(*s.peer);
    peer.asn = s.asn;
    still.insert(counted_by(peer));
  }
  if (!incident.told || incident.closed) return;
  const double gone = static_cast<double>(ever.size()) - static_cast<double>(still.size());
  const double needed = settings_.thresholds.resolved_fraction * static_cast<double>(ever.size());
  if (!still.empty() && gone + 1e-9 < needed) return;
  resolve(incident.event, time, reason);
  incident.closed = true;
  out.push_back(incident.event);
}

bool Incidents::finds_fault(const net::Prefix& observed, rib::PeerId peer) const {
  const auto list = by_observed_.find(observed);
  if (list == by_observed_.end()) return false;
  return std::ranges::any_of(list->second, [&](const auto& incident) {
    if (incident->kind == model::EventKind::rpki_not_found ||
        incident->kind == model::EventKind::rpki_roa_lost || only_informs(incident->kind)) {
      return false;
    }
    return std::ranges::any_of(incident->showing, [&](const Showing& s) { return s.peer->id == peer; });
  });
}

void Incidents::lose(const std::function<bool(const rib::PeerKey&)>& gone, TimePoint now) {
  for (auto& [observed, list] : by_observed_) {
    for (const auto& incident : list) {
      for (Showing& s : incident->showing) {
        if (!s.lost_at && gone(s.peer->key)) s.lost_at = now;
      }
    }
  }
}

void Incidents::settle(const rib::Table& table, const std::function<bool(const rib::PeerKey&)>& is_back,
                       TimePoint now, std::vector<model::Event>& out) {
  for (auto at = by_observed_.begin(); at != by_observed_.end();) {
    std::vector<rib::Route> routes;
    bool asked = false;
    const auto has_route = [&](rib::PeerId peer) {
      if (!asked) routes = table.routes(at->first);
      asked = true;
      return std::any_of(routes.begin(), routes.end(), [&](const auto& r) { return r.peer->id == peer; });
    };
    for (const auto& incident : at->second) {
      std::size_t dropped = std::erase_if(incident->showing, [&](Showing& s) {
        if (!s.lost_at) return false;
        const bool back = is_back(s.peer->key);
        if (back && has_route(s.peer->id)) {
          s.lost_at.reset();
          return false;
        }
        return back || now - *s.lost_at > settings_.absence_max;
      });
      dropped += std::erase_if(incident->awaited, [&](const model::EventPeer& peer) {
        rib::PeerKey key;
        key.router = peer.router;
        return is_back(key);
      });
      if (dropped > 0) reviewed(*incident, now, "the route did not come back with the session", out);
    }
    std::erase_if(at->second, [](const auto& i) { return i->showing.empty() && i->awaited.empty(); });
    at = at->second.empty() ? by_observed_.erase(at) : std::next(at);
  }
}

void Incidents::forget(const std::function<bool(const std::string&)>& gone, std::string_view reason,
                       TimePoint now, std::vector<model::Event>& out) {
  for (auto at = by_observed_.begin(); at != by_observed_.end();) {
    std::erase_if(at->second, [&](const auto& incident) {
      if (!gone(incident->resource)) return false;
      if (incident->told && !incident->closed) {
        resolve(incident->event, now, reason);
        out.push_back(incident->event);
      }
      return true;
    });
    at = at->second.empty() ? by_observed_.erase(at) : std::next(at);
  }
}

}  // namespace peering::detect
