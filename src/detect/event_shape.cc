#include "detect/event_shape.h"

#include <algorithm>

#include "detect/judgement.h"
#include "detect/rpki_state.h"

namespace peering::detect {

using model::EventKind;
using model::Level;

std::string_view event_type(EventKind kind, Role role) {
  const bool backup = role == Role::backup;
  switch (kind) {
    case EventKind::announcement:
      return "PrefixAnnouncementEvent";
    case EventKind::withdrawal:
    case EventKind::visibility_loss:
      return "PrefixWithdrawalEvent";
    case EventKind::backup_route:
      return "PrefixBackupRouteAnnouncementEvent";
    case EventKind::backup_route_withdrawal:
      return "PrefixBackupRouteWithdrawalEvent";
    case EventKind::active_path:
    case EventKind::path_change:
      return backup ? "PrefixBackupPath" : "PrefixActivePath";
    case EventKind::origin_hijack:
    case EventKind::squatting:
      return backup ? "PrefixBackupRouteOriginAsChangeEvent" : "PrefixOriginAsChangeEvent";
    case EventKind::subprefix_hijack:
    case EventKind::new_prefix:
    case EventKind::as_announces_unregistered:
      return "PrefixMoreSpecificEvent";
    case EventKind::covering_route:
      return "PrefixCoveringRouteOriginAsChangeEvent";
    case EventKind::path_forged_first_hop:
    case EventKind::path_unexpected_upstream:
    case EventKind::path_unexpected_downstream:
    case EventKind::path_rule:
      return "PrefixPathAnomalyEvent";
    case EventKind::route_leak:
      return backup ? "PrefixBackupRouteLeakEvent" : "PrefixLeakEvent";
    case EventKind::rpki_invalid:
    case EventKind::rpki_not_found:
    case EventKind::rpki_roa_lost:
    case EventKind::roa_change:
      return "PrefixRpkiStateChangeEvent";
    case EventKind::session_state:
      return "PrefixSessionStateEvent";
    case EventKind::feed_silent:
      return "PrefixTelemetrySilentEvent";
    case EventKind::latency_degraded:
      return "PrefixLatencyDegradedEvent";
    case EventKind::latency_recovered:
      return "PrefixLatencyRecoveredEvent";
    case EventKind::requirement_violation:
      return "PrefixRequirementViolationEvent";
    case EventKind::flapping:
      return "PrefixFlappingEvent";
    case EventKind::mass_event:
      return "PrefixMassEvent";
    case EventKind::resolved:
      break;
  }
  return "";
}

Level event_level(EventKind kind, Role role) {
  switch (kind) {
    case EventKind::origin_hijack:
    case EventKind::squatting:
    case EventKind::route_leak:
      return role == Role::backup ? Level::error : Level::critical;
    case EventKind::subprefix_hijack:
      return Level::critical;
    case EventKind::covering_route:
    case EventKind::path_forged_first_hop:
    case EventKind::path_unexpected_upstream:
    case EventKind::path_unexpected_downstream:
    case EventKind::path_rule:
    case EventKind::rpki_invalid:
    case EventKind::session_state:
      return Level::error;
    case EventKind::withdrawal:
    case EventKind::visibility_loss:
    case EventKind::backup_route_withdrawal:
    case EventKind::new_prefix:
    case EventKind::as_announces_unregistered:
    case EventKind::latency_degraded:
    case EventKind::requirement_violation:
    case EventKind::flapping:
    case EventKind::mass_event:
    case EventKind::feed_silent:
      return Level::warning;
    case EventKind::announcement:
    case EventKind::backup_route:
    case EventKind::active_path:
    case EventKind::path_change:
    case EventKind::resolved:
    case EventKind::rpki_not_found:
    case EventKind::rpki_roa_lost:
    case EventKind::roa_change:
    case EventKind::latency_recovered:
      return Level::information;
  }
  return Level::information;
}

model::Event make_event(EventKind kind, Role role, const model::RegisteredPrefix& entry,
                        const net::Prefix& observed, std::string_view discriminator, TimePoint first_seen,
                        TimePoint now, bool open) {
  model::Event out;
  out.kind = kind;
  out.type = event_type(kind, role);
  out.level = event_level(kind, role);
  out.state = open ? model::EventState::open : model::EventState::resolved;
  out.connection = entry.connection;
  out.prefix_resource = entry.resource;
  out.prefix = entry.expectation.prefix;
  out.observed = observed;
  out.expected_origins = expected_origins(entry.expectation);
  out.first_seen = out.last_seen = first_seen;
  out.detected_at = now;
  out.id = model::make_event_id(kind, entry.resource, observed, discriminator, first_seen);
  out.incident_id = out.id.value;
  return out;
}

model::EventPeer event_peer(const rib::Peer& peer) {
  const bool loc_rib = peer.key.rib_kind == rib::RibKind::loc_rib;
  return {peer.key.router, loc_rib ? std::string("locRib") : peer.key.address.to_string(), peer.asn};
}

std::string peer_in_words(const rib::Peer& peer) {
  return peer.asn == 0 ? fmt::format("router {}", peer.key.router)
                       : fmt::format("AS{} ({}) at {}", peer.asn, event_peer(peer).address, peer.key.router);
}

std::string subject_of(const model::Event& event) {
  const bool by_origin = event.kind == EventKind::origin_hijack ||
                         event.kind == EventKind::subprefix_hijack || event.kind == EventKind::squatting ||
                         event.kind == EventKind::new_prefix || event.kind == EventKind::covering_route ||
                         is_about_rpki(event.kind);
  const auto& subject = by_origin ? event.origin : event.suspect;
  return subject ? std::to_string(*subject) : std::string(no_suspect);
}

void resolve(model::Event& event, TimePoint time, std::string_view reason) {
  event.state = model::EventState::resolved;
  // Routers' clocks differ: an event never ends before it began.
  event.resolved_at = std::max(time, event.first_seen);
  event.last_seen = std::max(event.last_seen, *event.resolved_at);
  event.evidence.push_back(
      fmt::format("resolved after {}: {}", format_duration(*event.resolved_at - event.first_seen), reason));
}

}  // namespace peering::detect
