#include "detect/incident_groups.h"

#include <algorithm>

#include "model/incident.h"
#include "model/registry.h"

namespace peering::detect {

namespace {

using model::EventKind;

std::string as_cause(net::Asn asn) { return fmt::format("as {}", asn); }

// The way that is lost: all sessions with one neighbour AS fail together when that AS does.
std::string way_cause(const model::EventPeer& peer) {
  if (peer.address.empty() || peer.address == "locRib") return "router " + peer.router;
  if (peer.asn != 0) return fmt::format("upstream {}", peer.asn);
  return fmt::format("session {} {}", peer.router, peer.address);
}

std::vector<std::string> causes_of_loss(const model::Event& event) {
  std::vector<std::string> out;
  if (event.neighbor) {
    out.push_back(fmt::format("upstream {}", *event.neighbor));
  } else if (event.kind != EventKind::visibility_loss && !event.peers.empty()) {
    out.push_back(way_cause(event.peers.front()));
  }
  out.push_back(event.expected_origins.empty() ? "prefix " + model::lower(event.prefix_resource)
                                               : fmt::format("origin {}", event.expected_origins.front()));
  return out;
}

}  // namespace

std::string tenant_of(const model::Event& event) {
  constexpr std::string_view root = "/subscriptions/";
  const std::string connection = model::lower(event.connection);
  if (!connection.starts_with(root)) return "";
  return connection.substr(0, connection.find('/', root.size()));
}

std::vector<std::string> causes_of(const model::Event& event) {
  switch (event.kind) {
    case EventKind::origin_hijack:
    case EventKind::subprefix_hijack:
    case EventKind::squatting:
    case EventKind::new_prefix:
    case EventKind::covering_route:
    case EventKind::path_forged_first_hop:
    case EventKind::path_unexpected_upstream:
    case EventKind::path_unexpected_downstream:
    case EventKind::path_rule:
    case EventKind::route_leak:
    case EventKind::as_announces_unregistered:
      if (event.suspect) return {as_cause(*event.suspect)};
      if (event.kind == EventKind::new_prefix && event.origin) return {as_cause(*event.origin)};
      return {};
    case EventKind::rpki_invalid:
    case EventKind::rpki_not_found:
    case EventKind::rpki_roa_lost:
      if (event.origin) return {fmt::format("rpki {}", *event.origin)};
      return {};
    case EventKind::withdrawal:
    case EventKind::visibility_loss:
    case EventKind::backup_route_withdrawal:
      return causes_of_loss(event);
    case EventKind::session_state:
    case EventKind::feed_silent:
      if (!event.peers.empty()) return {way_cause(event.peers.front())};
      return {};
    case EventKind::latency_degraded:
    case EventKind::latency_recovered:
      if (event.latency) return {"latency " + event.latency->pop};
      return {};
    case EventKind::requirement_violation:
      return {"requirements " + model::lower(event.connection)};
    case EventKind::announcement:
    case EventKind::backup_route:
    case EventKind::active_path:
    case EventKind::path_change:
    case EventKind::roa_change:
    case EventKind::flapping:
    case EventKind::mass_event:
    case EventKind::resolved:
      return {};
  }
  return {};
}

void IncidentGroups::restore(std::span<const model::Event> known) {
  for (const model::Event& event : known) {
    if (event.state != model::EventState::open) continue;
    model::Event copy = event;
    place(copy);
  }
}

void IncidentGroups::assign(std::span<model::Event> events) {
  std::vector<model::Event*> open, over;
  std::unordered_map<std::string_view, const model::Event*> last;  // version of each
  for (model::Event& event : events) {
    (event.state == model::EventState::open ? open : over).push_back(&event);
    last[event.id.value] = &event;
  }
  std::ranges::sort(open, {}, [](const auto* e) { return std::pair(e->first_seen, e->id.value); });
  for (model::Event* event : open) place(*event);
  for (model::Event* event : over) {
    place(*event);
    if (last.at(event->id.value) == event) leave(*event);
  }
}

void IncidentGroups::place(model::Event& event) {
  if (const auto known = open_.find(event.id.value); known != open_.end()) {
    event.incident_id = known->second.incident;
    return;
  }
  const std::string tenant = tenant_of(event);
  const std::vector<std::string> causes = causes_of(event);
  if (tenant.empty() || causes.empty()) return;
  std::vector<std::string> keys;
  for (const std::string& cause : causes) keys.push_back(tenant + "\n" + cause);
  if (event.incident_id == event.id.value || event.incident_id.empty()) {
    std::string joined = join(keys, event.first_seen);
    // What was over when it was made begins nothing.
    const bool begins = event.state == model::EventState::open || event.resolved_at;
    if (joined.empty() && !begins) return;
    event.incident_id = joined.empty() ? model::make_incident_id(tenant, causes.front(), event.first_seen)
                                       : std::move(joined);
  }
  if (event.state == model::EventState::open) follow(event, keys);
}

// The oldest incident that fits, so that the order of causes does not matter.
std::string IncidentGroups::join(const std::vector<std::string>& keys, TimePoint first_seen) const {
  std::string best;
  for (const std::string& key : keys) {
    const auto found = incidents_.find(key);
    if (found == incidents_.end()) continue;
    for (const auto& [incident, events] : found->second) {
      const auto span = model::incident_span(incident);
      if (span && span->contains(first_seen) && (best.empty() || incident < best)) best = incident;
    }
  }
  return best;
}

void IncidentGroups::follow(const model::Event& event, const std::vector<std::string>& keys) {
  if (open_.size() >= followed_max) return;
  open_[event.id.value] = {event.incident_id, keys};
  for (const std::string& key : keys) ++incidents_[key][event.incident_id];
}

void IncidentGroups::leave(const model::Event& event) {
  const auto known = open_.find(event.id.value);
  if (known == open_.end()) return;
  for (const std::string& key : known->second.keys) {
    const auto of_key = incidents_.find(key);
    const auto incident = of_key->second.find(known->second.incident);
    if (--incident->second == 0) of_key->second.erase(incident);
    if (of_key->second.empty()) incidents_.erase(of_key);
  }
  open_.erase(known);
}

}  // namespace peering::detect
