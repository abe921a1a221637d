#include "alert/grouper.h"

#include <algorithm>

#include "alert/rules.h"

namespace peering::alert {

namespace {

using model::Event;
using model::EventKind;
using model::EventState;

Event mass_event(const Event& first, TimePoint now) {
  Event out;
  out.kind = EventKind::mass_event;
  out.type = "PrefixMassEvent";
  out.state = EventState::open;
  out.connection = first.connection;
  out.prefix_resource = first.prefix_resource;
  out.prefix = first.prefix;
  out.observed = first.observed;
  out.origin = first.origin;
  out.suspect = first.suspect;
  out.monitored = first.monitored;
  out.first_seen = out.last_seen = out.detected_at = now;
  out.id =
      model::make_event_id(out.kind, first.connection, first.observed,
                           fmt::format("{}\n{}\n{}", first.incident_id, first.type, first.id.value), now);
  out.incident_id = first.incident_id;
  out.damped = true;
  out.mass.emplace();
  out.mass->kind = first.kind;
  out.mass->type = first.type;
  return out;
}

void describe(Event& mass) {
  const model::Mass& of = *mass.mass;
  std::string prefixes;
  for (const net::Prefix& prefix : of.prefixes)
    prefixes += (prefixes.empty() ? "" : ", ") + prefix.to_string();
  const std::size_t unnamed = of.count - std::min(of.count, of.prefixes.size());
  const std::string suspect = mass.suspect ? fmt::format(" by AS{}", *mass.suspect) : "";
  mass.summary = fmt::format("{} more of one incident: {}{}", of.count, to_string(of.kind), suspect);
  mass.description = fmt::format("{} events of kind {}{} belong to one incident and are told together: {}{}.",
                                 of.count, to_string(of.kind), suspect, prefixes,
                                 unnamed > 0 ? fmt::format(" and {} more", unnamed) : "");
}

}  // namespace

Grouper::Key Grouper::key_of(const Event& event) {
  return {model::lower(event.connection), event.incident_id, event.mass ? event.mass->type : event.type};
}

void Grouper::restore(std::span<const Event> known, TimePoint now) {
  for (const Event& event : known) {
    if (!event.mass || event.state != EventState::open) continue;
    Group group{key_of(event), event, now, !event.damped, !event.damped};
    group.event.mass->open = 0;
    Course& course = courses_[group.key];
    ++course.open;
    // What waited is told at once.
    if (!group.told) group.since = now - settings_.window;
    groups_.emplace(event.id.value, std::move(group));
  }
  for (const Event& event : known) {
    const auto found = groups_.find(event.summarized_by.value);
    if (found == groups_.end() || event.state != EventState::open) continue;
    members_[event.id.value] = found->first;
    ++found->second.event.mass->open;
  }
}

void Grouper::mark(std::vector<Event>& events, const model::Registry& registry, TimePoint now) {
  forget_old(now);
  // Those that the store refused are older than what is known now.
  std::erase_if(events, [](const Event& event) { return event.kind == EventKind::mass_event; });
  for (Event& event : events) {
    event.summarized_by = {};
    if (const auto member = members_.find(event.id.value); member != members_.end()) {
      follow(member->second, event);
      continue;
    }
    const bool told = event.state == EventState::open && event.kind != EventKind::flapping &&
                      event.silenced_by.empty() && !event.damped;
    if (settings_.after == 0 || !told || !is_wanted(event, registry)) continue;
    const Key key = key_of(event);
    Course& course = courses_[key];
    if (!is_news(course, event)) continue;
    if (course.open > 0 || course.told.size() >= settings_.after) {
      join(course, key, event, now);
    } else {
      course.told.emplace_back(now, event.id.value);
    }
  }
  for (auto& [id, group] : groups_) {
    pass(group, id, now);
    if (!group.changed) continue;
    describe(group.event);
    events.push_back(group.event);
  }
}

// What time brings about.
void Grouper::pass(Group& group, const std::string& id, TimePoint now) {
  Event& event = group.event;
  if (!group.told) {
    if (now - group.since < settings_.window) return;
    group.told = group.changed = true;
    event.damped = false;
    event.last_seen = now;
    if (Course& course = courses_[group.key]; course.gathering == id) course.gathering.clear();
  } else if (group.told_stored && event.mass->open == 0 && event.state == EventState::open) {
    group.changed = true;
    event.state = EventState::resolved;
    event.resolved_at = event.last_seen = std::max(now, event.first_seen);
  }
}

void Grouper::stored() {
  for (auto at = groups_.begin(); at != groups_.end();) {
    Group& group = at->second;
    group.changed = false;
    group.told_stored = group.told;
    const bool over = group.event.state == EventState::resolved;
    if (over) --courses_[group.key].open;
    at = over ? groups_.erase(at) : std::next(at);
  }
}

bool Grouper::is_news(const Course& course, const Event& event) const {
  const bool just_told =
      std::ranges::any_of(course.told, [&](const auto& told) { return told.second == event.id.value; });
  return !just_told && !is_told_(event);
}

void Grouper::join(Course& course, const Key& key, Event& event, TimePoint now) {
  if (course.gathering.empty()) {
    Event mass = mass_event(event, now);
    course.gathering = mass.id.value;
    ++course.open;
    groups_.emplace(course.gathering, Group{key, std::move(mass), now});
  }
  Group& group = groups_.at(course.gathering);
  model::Mass& mass = *group.event.mass;
  members_[event.id.value] = course.gathering;
  ++mass.count;
  ++mass.open;
  if (mass.prefixes.size() < prefixes_max) mass.prefixes.push_back(event.observed);
  if (group.event.suspect != event.suspect) group.event.suspect.reset();
  follow(course.gathering, event);
}

// A version of an event that the mass event tells of.
void Grouper::follow(const std::string& id, Event& event) {
  Group& group = groups_.at(id);
  event.summarized_by = group.event.id;
  if (event.level > group.event.level) {
    group.event.level = event.level;
    group.changed = true;
  }
  group.changed = group.changed || !group.told;
  if (event.state == EventState::open) return;
  members_.erase(event.id.value);
  --group.event.mass->open;
}

void Grouper::forget_old(TimePoint now) {
  for (auto at = courses_.begin(); at != courses_.end();) {
    auto& told = at->second.told;
    while (!told.empty() && now - told.front().first > settings_.window) told.pop_front();
    at = told.empty() && at->second.open == 0 ? courses_.erase(at) : std::next(at);
  }
}

}  // namespace peering::alert
