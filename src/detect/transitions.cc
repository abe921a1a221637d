// What is told when a registered prefix gains or loses a way, and when its traffic takes another one.
#include <algorithm>

#include "detect/presence.h"
#include "detect/rpki_state.h"

namespace peering::detect {

namespace {

// With so few ways each matters: a session that withdraws is told with the way that is left even when traffic
// did not take it. A collector's hundreds of peers are told only when the active path changes.
constexpr std::size_t few_ways_max = 4;

std::string plural(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void close(const PrefixPresence& prefix, std::unique_ptr<model::Event>& event, TimePoint time,
           std::string_view reason, std::vector<model::Event>& out) {
  resolve(*event, time, reason);
  emit(prefix, *event, out);
  event.reset();
}

model::Event about(const PrefixPresence& prefix, model::EventKind kind, Role role, const rib::Peer& peer,
                   TimePoint time, TimePoint now, bool open) {
  const SessionKey session = session_of(peer.key);
  const std::string discriminator =
      fmt::format("{} {} {}", session.router, session.distinguisher, session.address.to_string());
  model::Event out = make_event(kind, role, *prefix.entry, prefix.observed, discriminator, time, now, open);
  out.peers = {event_peer(peer)};
  return out;
}

void describe_route(model::Event& event, const Way& way, const Settings& settings) {
  const PathView view = way.sighting->view();
  event.rpki = rpki_state(settings, event.observed, view);
  event.origin = view.origin;
  event.as_path = view.path;
  event.evidence.push_back(fmt::format("AS path {} from {}", view.text, peer_in_words(*way.sighting->peer)));
}

}  // namespace

void Presence::gained(PrefixPresence& prefix, const Ways& before, const Ways& after, const Way& way,
                      const Cause& cause, std::vector<model::Event>& out) {
  const std::string observed = prefix.observed.to_string();
  const bool primary = way.role == Role::primary;
  const bool first = !prefix.announced;
  const bool first_of_role = (primary ? before.primary : before.backup) == 0;
  // A primary way that comes where there was none although the prefix counts as announced replaces a
  // hijacker's route, or was known before a restart: that is no announcement.
  const bool news =
      first || (first_of_role && (primary ? before.backup + before.covering > 0 : before.covering == 0));
  prefix.announced = true;
  if (first || (primary && first_of_role)) {
    const bool waited = prefix.beside().withdrawal != nullptr;
    if (waited)
      close(prefix, prefix.extras().withdrawal, cause.time,
            fmt::format("{} announces it again", peer_in_words(cause.peer)), out);
    if (!news && !waited) return;
  }
  if (!primary && first_of_role && prefix.beside().backup_withdrawal) {
    close(prefix, prefix.extras().backup_withdrawal, cause.time, "a backup route is back", out);
  }
  if (!news || cause.silent) return;
  model::Event event =
      about(prefix, primary ? model::EventKind::announcement : model::EventKind::backup_route, way.role,
            cause.peer, cause.time, cause.now, false);
  describe_route(event, way, settings_);
  event.summary = fmt::format("{}: {}", primary ? "Announced" : "Backup route announced", observed);
  event.description =
      fmt::format("{} announces {}{} with AS path {}; {} now.", peer_in_words(cause.peer), observed,
                  primary ? "" : " as a backup route", way.sighting->view().text,
                  plural(after.legitimate(), "session") + (after.legitimate() == 1 ? " has it" : " have it"));
  emit(prefix, event, out);
}

void Presence::lost(PrefixPresence& prefix, Role role, const Ways& after, const Cause& cause,
                    std::vector<model::Event>& out) {
  const std::string observed = prefix.observed.to_string();
  const bool none_left = after.legitimate() + after.covering == 0;
  const bool backup_gone = role == Role::backup && after.backup + after.covering == 0 && !none_left;
  if (role == Role::backup && !none_left && !backup_gone) return;
  const bool primary_gone = role == Role::primary && after.primary == 0;
  const bool open = none_left || primary_gone || backup_gone;
  model::Event event =
      about(prefix, backup_gone ? model::EventKind::backup_route_withdrawal : model::EventKind::withdrawal,
            role, cause.peer, cause.time, cause.now, open);
  event.summary = fmt::format("{}: {}", backup_gone ? "Backup route withdrawn" : "Withdrawn", observed);
  if (cause.flawed && !open) return;
  const std::string left = none_left                 ? "no route is left"
                           : after.legitimate() == 0 ? "a covering route is left"
                           : primary_gone
                               ? fmt::format("{} is left", plural(after.backup, "backup route"))
                               : fmt::format("{} left", plural(after.legitimate(), "other session"));
  event.description = fmt::format("{} withdrew {}; {}.", peer_in_words(cause.peer), observed, left);
  if (backup_gone) {
    if (!prefix.beside().backup_withdrawal) {
      prefix.extras().backup_withdrawal = std::make_unique<model::Event>(event);
      emit(prefix, event, out);
    }
    return;
  }
  event.level = none_left      ? model::Level::critical
                : primary_gone ? model::Level::warning
                               : model::Level::information;
  if (none_left) prefix.announced = false;
  if (!open) {
    emit(prefix, event, out);
    return;
  }
  if (const auto& known = prefix.beside().withdrawal) {
    // The same withdrawal, now worse: it keeps its id and its beginning.
    known->level = event.level;
    known->description = event.description;
    known->last_seen = std::max(known->last_seen, cause.time);
    known->peers.push_back(event_peer(cause.peer));
    emit(prefix, *known, out);
    return;
  }
  prefix.extras().withdrawal = std::make_unique<model::Event>(event);
  emit(prefix, event, out);
}

// Traffic of a prefix that nobody has any more follows the covering route.
void Presence::follow_covering(PrefixPresence& prefix, const Ways& after, const Cause& cause,
                               std::vector<model::Event>& out) {
  const bool tells = after.covering > 0 && after.legitimate() == 0 && prefix.told_role == Role::primary;
  if (!tells) return;
  prefix.told_role = Role::backup;
  const auto& [key, cover] = *prefix.beside().covering->begin();
  model::Event event = make_event(model::EventKind::active_path, Role::backup, *prefix.entry, key.first,
                                  "covering", cause.time, cause.now, false);
  const std::string observed = prefix.observed.to_string();
  event.peers = {event_peer(*cover.peer)};
  event.summary = fmt::format("Backup path in use: {}", observed);
  event.description = fmt::format("Traffic for {} follows {}, which covers it, through {}.", observed,
                                  key.first.to_string(), peer_in_words(*cover.peer));
  emit(prefix, event, out);
}

void Presence::follow_active(PrefixPresence& prefix, const Ways& before, const Ways& after,
                             const Cause& cause, bool way_lost, std::vector<model::Event>& out) {
  if (!after.active) return follow_covering(prefix, after, cause, out);
  const Way& active = *after.active;
  const bool other_role = prefix.told_role && *prefix.told_role != active.role;
  const bool first_is_backup = !prefix.told_role && active.role == Role::backup;
  const SessionKey session = session_of(cause.peer.key);
  const Way* lost_way = way_lost ? before.of(session) : nullptr;
  const bool was_active = lost_way && before.active == lost_way;
  const bool matters = lost_way && lost_way->role == active.role && after.legitimate() < few_ways_max;
  const bool other_way = (was_active || matters) && active.session != session && !cause.flawed;
  prefix.told_role = active.role;
  if ((!other_role && !first_is_backup && !other_way) || cause.silent) return;
  const rib::Peer& peer = *active.sighting->peer;
  model::Event event =
      about(prefix, model::EventKind::active_path, active.role, peer, cause.time, cause.now, false);
  describe_route(event, active, settings_);
  const std::string event_path = active.sighting->view().text;
  const std::string observed = prefix.observed.to_string();
  event.summary =
      fmt::format("{} path in use: {}", active.role == Role::primary ? "Active" : "Backup", observed);
  event.description = fmt::format("Traffic for {} takes the {} way through {}: AS path {}.", observed,
                                  to_string(active.role), peer_in_words(peer), event_path);
  emit(prefix, event, out);
}

}  // namespace peering::detect
