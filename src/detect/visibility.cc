// How many of the peers that had an exactly watched prefix have lost it. Peers are counted by address; an
// announcement undoes a withdrawal; a session that went down is no withdrawal.
#include <algorithm>

#include "detect/confidence.h"
#include "detect/presence.h"

namespace peering::detect {

namespace {

bool enough_lost(const Thresholds& thresholds, std::size_t had, std::size_t withdrew) {
  const double visible = had == 0 ? 1.0 : 1.0 - static_cast<double>(withdrew) / static_cast<double>(had);
  if (!thresholds.visibility) return had >= visibility_peers_min && visible < 0.5;
  const VisibilityThreshold& limit = *thresholds.visibility;
  if (withdrew == 0) return false;
  if (limit.withdrawn_peers_min && withdrew >= *limit.withdrawn_peers_min) return true;
  return limit.visible_fraction_min && visible < *limit.visible_fraction_min;
}

// The addresses that have a legitimate route, in sight or not.
std::set<net::Address> having(const PrefixPresence& prefix) {
  std::set<net::Address> out;
  for (const Sighting& sighting : prefix.sightings) {
    if (sighting.legitimate && sighting.peer->key.rib_kind != rib::RibKind::loc_rib) {
      out.insert(sighting.peer->key.address);
    }
  }
  return out;
}

void tell(PrefixPresence& prefix, std::size_t had, const std::vector<model::EventPeer>& gone, TimePoint time,
          TimePoint now, std::vector<model::Event>& out) {
  Extras& extras = prefix.extras();
  const bool opens = !extras.visibility;
  const std::string observed = prefix.observed.to_string();
  if (opens) {
    extras.visibility =
        std::make_unique<model::Event>(make_event(model::EventKind::visibility_loss, Role::primary,
                                                  *prefix.entry, prefix.observed, "", time, now, true));
    extras.visibility->summary = fmt::format("Visibility lost: {}", observed);
  }
  model::Event& event = *extras.visibility;
  const std::size_t withdrew = extras.withdrew.size();
  const bool all_gone = withdrew >= had;
  const model::Level level = all_gone ? model::Level::critical : model::Level::warning;
  const bool grows = withdrew > extras.withdrew_max || level > event.level;
  if (!opens && !grows) return;
  extras.withdrew_max = std::max(extras.withdrew_max, withdrew);
  event.level = std::max(event.level, level);
  event.last_seen = std::max(event.last_seen, time);
  const Confidence confidence = confidence_of({.peers = withdrew});
  event.confidence = confidence.value;
  tell_confidence(confidence, event.evidence);
  event.peers.insert(event.peers.end(), gone.begin(), gone.end());
  event.description = fmt::format("{} of {} peers have withdrawn {}.", withdrew, had, observed);
  emit(prefix, event, out);
}

}  // namespace

void judge_visibility(PrefixPresence& prefix, const Settings& settings, const rib::Peer& peer, TimePoint time,
                      TimePoint now, std::vector<model::Event>& out) {
  if (peer.key.rib_kind == rib::RibKind::loc_rib) return;
  const auto has = having(prefix);
  const net::Address& address = peer.key.address;
  std::vector<model::EventPeer> gone;
  const bool foreign_instead = std::ranges::any_of(
      prefix.sightings, [&](const Sighting& s) { return s.peer->key.address == address; });
  if (has.contains(address)) {
    if (!prefix.beside().withdrew.empty()) prefix.extras().withdrew.erase(address);
  } else if (!foreign_instead && prefix.had(address) && !prefix.beside().withdrew.contains(address)) {
    gone.push_back(event_peer(peer));
    prefix.extras().withdrew[address] = {time, gone.back()};
  }
  if (settings.thresholds.fade_off && !prefix.beside().withdrew.empty()) {
    std::erase_if(prefix.extras().withdrew,
                  [&](const auto& entry) { return time - entry.second.at > *settings.thresholds.fade_off; });
  }
  const Extras& beside = prefix.beside();
  const auto lost =
      std::ranges::count_if(prefix.had_before, [&](const auto& each) { return !has.contains(each); });
  const std::size_t had = has.size() + static_cast<std::size_t>(lost);
  if (enough_lost(settings.thresholds, had, beside.withdrew.size())) {
    if (!beside.visibility) {
      gone.clear();
      for (const auto& [from, withdrawn] : beside.withdrew) gone.push_back(withdrawn.peer);
    }
    tell(prefix, had, gone, time, now, out);
    return;
  }
  const double left =
      (1.0 - settings.thresholds.resolved_fraction) * static_cast<double>(beside.withdrew_max);
  if (beside.visibility && static_cast<double>(beside.withdrew.size()) <= left + 1e-9) {
    Extras& extras = prefix.extras();
    const auto ended = std::move(extras.visibility);
    resolve(*ended, time, fmt::format("{} of {} peers have it", has.size(), had));
    emit(prefix, *ended, out);
    extras.withdrew_max = 0;
  }
}

void judge_required_upstreams(PrefixPresence& prefix, TimePoint time, TimePoint now,
                              std::vector<model::Event>& out) {
  const model::Expectation& expectation = prefix.entry->expectation;
  const auto& required = expectation.require_upstreams;
  if (required.empty() && prefix.beside().required_missing.empty()) return;
  Extras& extras = prefix.extras();
  std::set<net::Asn> neighbors;
  for (const Sighting& sighting : prefix.sightings) {
    const auto neighbor = sighting.path.path().neighbor_of_origin();
    if (sighting.legitimate && neighbor) neighbors.insert(*neighbor);
  }
  std::erase_if(extras.required_missing, [&](const auto& missing) {
    const bool wanted = std::find(required.begin(), required.end(), missing.first) != required.end();
    if (wanted && !neighbors.contains(missing.first)) return false;
    model::Event event = missing.second;
    resolve(event, time,
            fmt::format("AS{} is {}", missing.first, wanted ? "seen again" : "no longer required"));
    emit(prefix, event, out);
    return true;
  });
  const std::string observed = prefix.observed.to_string();
  for (const net::Asn upstream : required) {
    const bool seen_now = neighbors.contains(upstream);
    if (seen_now) extras.required_seen.insert(upstream);
    if (seen_now || !extras.required_seen.contains(upstream)) continue;
    if (extras.required_missing.contains(upstream)) continue;
    model::Event event = make_event(model::EventKind::visibility_loss, Role::primary, *prefix.entry,
                                    prefix.observed, std::to_string(upstream), time, now, true);
    event.neighbor = upstream;
    event.summary = fmt::format("Required upstream AS{} lost: {}", upstream, observed);
    event.description =
        fmt::format("No peer sees {} through its required upstream AS{} any more.", observed, upstream);
    extras.required_missing[upstream] = event;
    emit(prefix, event, out);
  }
}

}  // namespace peering::detect
