#include "alert/damper.h"

#include <algorithm>

namespace peering::alert {

namespace {

using model::Event;
using model::EventKind;
using model::EventState;
using model::Level;

int turns_of(const Event& event) {
  return 2 * event.reopened + (event.state == EventState::resolved ? 1 : 0);
}

Event flapping_event(const Event& of, std::size_t returns, Microseconds window, TimePoint now) {
  Event out;
  out.kind = EventKind::flapping;
  out.type = "PrefixFlappingEvent";
  out.level = Level::warning;
  out.state = EventState::open;
  out.connection = of.connection;
  out.prefix_resource = of.prefix_resource;
  out.prefix = of.prefix;
  out.observed = of.observed;
  out.origin = of.origin;
  out.expected_origins = of.expected_origins;
  out.suspect = of.suspect;
  out.neighbor = of.neighbor;
  out.monitored = of.monitored;
  out.peers = of.peers;
  out.first_seen = out.last_seen = out.detected_at = now;
  out.id = model::make_event_id(out.kind, of.prefix_resource, of.observed, of.id.value, now);
  out.incident_id = of.incident_id;
  out.flapping = model::Flapping{of.id, of.kind, of.level};
  out.summary = fmt::format("Flapping: {} ({})", of.observed.to_string(), to_string(of.kind));
  out.description = fmt::format(
      "{} of {} ended and came back {} times within {}; until that has been quiet for a while, its turns are "
      "stored and not told one by one.",
      to_string(of.kind), of.observed.to_string(), returns, format_duration(window));
  out.evidence = {fmt::format("last: {}", of.description)};
  return out;
}

}  // namespace

void Damper::restore(std::span<const Event> known, TimePoint now) {
  if (settings_.after == 0) return;
  for (const Event& event : known) {
    if (!event.flapping || event.state != EventState::open) continue;
    Course& course = courses_[event.flapping->event.value];
    course.flapping = event;
    course.turned = now;
    course.standing = settings_.standing;
    ++flapping_;
  }
  for (const Event& event : known) {
    const auto found = courses_.find(event.id.value);
    if (found == courses_.end()) continue;
    found->second.turns = turns_of(event);
    found->second.returns_before = event.reopened;
    found->second.latest = event;
  }
}

void Damper::recall(std::span<const Event> returned, TimePoint now) {
  if (settings_.after == 0) return;
  for (const Event& event : returned) {
    if (now - event.detected_at > settings_.window) continue;
    Course& course = courses_[event.id.value];
    course.returns.push_back(event.detected_at);
    if (course.returns.size() > settings_.after) course.returns.pop_front();
    course.turns = std::max(course.turns, turns_of(event));
    course.turned = std::max(course.turned, event.detected_at);
  }
}

void Damper::mark(std::vector<Event>& events, TimePoint now) {
  // Those that the store refused are older than what is known now.
  std::erase_if(events, [](const Event& event) { return event.kind == EventKind::flapping; });
  for (Event& event : events) {
    if (event.kind == EventKind::mass_event) continue;  // damped until it is told
    event.damped = false;
    if (settings_.after == 0) continue;
    const auto known = courses_.find(event.id.value);
    if (event.reopened == 0 && known == courses_.end()) continue;
    Course& course = known != courses_.end() ? known->second : courses_[event.id.value];
    if (known == courses_.end()) course.turns = 2 * event.reopened - 1;
    turn(course, event, now);
    flaps(course, event, now);
    event.damped = course.flapping && !course.told;
    if (course.flapping) course.latest = event;
  }
  for (const auto& [id, course] : courses_) {
    if (course.flapping && course.changed) events.push_back(*course.flapping);
  }
  events.insert(events.end(), ended_.begin(), ended_.end());
}

void Damper::stored() {
  for (auto& [id, course] : courses_) course.changed = false;
  ended_.clear();
}

void Damper::turn(Course& course, const Event& event, TimePoint now) const {
  const int turns = turns_of(event);
  if (turns <= course.turns) return;
  for (int each = course.turns + 1; each <= turns; ++each) {
    if (each % 2 == 0) course.returns.push_back(now);
  }
  course.turns = turns;
  course.turned = now;
  if (event.state == EventState::open) course.told = false;
  while (course.returns.size() > settings_.after ||
         (!course.returns.empty() && now - course.returns.front() > settings_.window)) {
    course.returns.pop_front();
  }
}

// It begins to flap, or what flaps became worse.
void Damper::flaps(Course& course, const Event& event, TimePoint now) {
  if (course.flapping) {
    if (course.flapping->flapping->level >= event.level) return;
    course.flapping->flapping->level = event.level;
    course.changed = true;
    return;
  }
  const bool begins =
      event.state == EventState::open && course.turned == now && course.returns.size() >= settings_.after;
  if (!begins) return;
  course.changed = true;
  course.flapping = flapping_event(event, course.returns.size(), settings_.window, now);
  course.returns_before = event.reopened;
  course.standing = settings_.standing;
  ++flapping_;
}

std::vector<Event> Damper::due(TimePoint now) {
  std::vector<Event> out;
  for (auto at = courses_.begin(); at != courses_.end();) {
    at = pass(at->second, now, out) ? courses_.erase(at) : std::next(at);
  }
  return out;
}

// True when the event is an ordinary one again.
bool Damper::pass(Course& course, TimePoint now, std::vector<Event>& out) {
  const Microseconds unchanged = now - course.turned;
  if (!course.flapping) return unchanged > settings_.window;
  const bool over = unchanged >= settings_.quiet;
  const bool stands = course.latest && course.latest->state == EventState::open && !course.told;
  const bool pressing = stands && course.latest->level == Level::critical && unchanged >= course.standing;
  if (over) {
    Event& flapping = *course.flapping;
    flapping.state = EventState::resolved;
    flapping.resolved_at = flapping.last_seen = std::max(now, flapping.first_seen);
    const int returns = course.latest ? course.latest->reopened - course.returns_before : 0;
    flapping.evidence.push_back(fmt::format("quiet for {} after {} more return{}, and {} now",
                                            format_duration(settings_.quiet), returns,
                                            returns == 1 ? "" : "s", stands ? "open" : "over"));
    out.push_back(flapping);
    ended_.push_back(std::move(flapping));
    --flapping_;
  }
  if (stands && (over || pressing)) {
    course.told = true;
    course.standing = std::min(2 * course.standing, settings_.quiet);
    course.latest->damped = false;
    out.push_back(*course.latest);
  }
  return over;
}

}  // namespace peering::alert
