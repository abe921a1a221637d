#include "detect/reopening.h"

#include <algorithm>

#include "detect/event_shape.h"
#include "model/registry.h"

namespace peering::detect {

namespace {

using model::EventKind;
using model::EventState;

// The first evidence says most, the last is news.
constexpr std::size_t first_evidence = 4;
constexpr std::string_view left_out = "(earlier returns are left out)";
constexpr std::size_t former_max = 4;

void shorten(std::vector<std::string>& evidence) {
  if (evidence.size() <= Reopening::evidence_max) return;
  const auto from = evidence.begin() + first_evidence;
  evidence.erase(from, from + static_cast<std::ptrdiff_t>(evidence.size() - Reopening::evidence_max + 1));
  evidence.insert(evidence.begin() + first_evidence, std::string(left_out));
}

// What was over when it was made neither ends nor comes back.
// A latency event comes back by its own rules (app/latency_judging.h), in sample time and in any order.
bool has_life(const model::Event& event) {
  if (event.latency) return false;
  return event.state == EventState::open || event.resolved_at.has_value();
}

}  // namespace

std::string cause_id(const model::Event& event) {
  std::string about, resource = model::lower(event.prefix_resource);
  net::Prefix observed = event.observed;
  switch (event.kind) {
    case EventKind::session_state:
      // Whichever of the connection's prefixes the session carried.
      resource = model::lower(event.connection);
      observed = net::Prefix();
      if (!event.peers.empty()) about = event.peers.front().router + " " + event.peers.front().address;
      break;
    case EventKind::withdrawal:
    case EventKind::backup_route_withdrawal:
    case EventKind::requirement_violation:
      break;  // whoever was the last that had it
    case EventKind::visibility_loss:
      if (event.neighbor) about = std::to_string(*event.neighbor);
      break;
    default:
      about = subject_of(event);
  }
  return model::make_event_id(event.kind, resource, observed, about, TimePoint{}).value;
}

Reopening::Course Reopening::course_of(const model::Event& event) {
  Course out;
  out.id = out.made_as = event.id;
  out.first_seen = event.first_seen;
  out.times = event.reopened;
  return out;
}

void Reopening::restore(std::span<const model::Event> known, TimePoint now) {
  for (const model::Event& event : known) {
    if (!has_life(event) || event.flapping || event.mass || within_.count() == 0) continue;
    std::string cause = cause_id(event);
    const auto found = courses_.find(cause);
    const bool is_over = event.state == EventState::resolved;
    // Of two with one cause the open one counts, else the one that ended last.
    if (found != courses_.end() && is_over &&
        (!found->second.ended || *found->second.ended > *event.resolved_at)) {
      continue;
    }
    Course& course = courses_[cause] = course_of(event);
    if (is_over) end(cause, course, event, now);
  }
}

bool Reopening::apply(model::Event& event, TimePoint now) {
  if (within_.count() == 0 || !has_life(event)) return true;
  forget(now);
  const std::string cause = cause_id(event);
  const auto [at, fresh] = courses_.try_emplace(cause, course_of(event));
  Course& course = at->second;
  if (!fresh && course.ended) {
    switch (meaning_of(course, event)) {
      case Meaning::late:
        return false;
      case Meaning::returns:
        come_back(course, event);
        break;
      case Meaning::another:
        if (event.state == EventState::resolved) return true;
        course = course_of(event);
    }
  } else if (!fresh && event.id != course.made_as) {
    // Late, or something else of the same cause beside what is open.
    return !is_of(course, event);
  }
  go_on(course, event);
  if (event.state == EventState::resolved) end(cause, course, event, now);
  return true;
}

bool Reopening::is_of(const Course& course, const model::Event& event) {
  return event.id == course.id || event.id == course.made_as ||
         std::ranges::find(course.former, event.id) != course.former.end();
}

Reopening::Meaning Reopening::meaning_of(const Course& over, const model::Event& event) const {
  if (is_of(over, event)) {
    if (event.state == EventState::resolved) return Meaning::late;
    // Every shard tells of a session. Routes are told once, and their clocks may stand still or go back.
    const bool late = event.kind == EventKind::session_state && event.last_seen < *over.ended;
    return late ? Meaning::late : Meaning::returns;
  }
  if (event.state == EventState::resolved || event.type != over.type) return Meaning::another;
  // What began before the end went on beside it.
  const bool soon = event.first_seen >= *over.ended && event.first_seen - *over.ended <= within_;
  return soon ? Meaning::returns : Meaning::another;
}

void Reopening::come_back(Course& course, const model::Event& event) {
  const TimePoint begins = std::max(event.first_seen, *course.ended);
  ++course.times;
  course.evidence.push_back(fmt::format("back after {} without it, {} time{} so far",
                                        format_duration(begins - *course.ended), course.times,
                                        course.times == 1 ? "" : "s"));
  if (course.made_as != event.id) {
    if (course.former.size() == former_max) course.former.erase(course.former.begin());
    course.former.push_back(course.made_as);
  }
  course.made_as = event.id;
  course.ended.reset();
}

// What came back is told under the id of what it was, with what is known of it.
void Reopening::go_on(const Course& course, model::Event& event) {
  event.reopened = course.times;
  if (course.evidence.empty()) return;
  if (event.incident_id == event.id.value) event.incident_id = course.id.value;
  event.id = course.id;
  event.first_seen = course.first_seen;
  event.evidence.insert(event.evidence.begin(), course.evidence.begin(), course.evidence.end());
  shorten(event.evidence);
}

void Reopening::end(const std::string& cause, Course& course, const model::Event& event, TimePoint now) {
  course.ended = event.resolved_at.value_or(event.last_seen);
  course.over_at = now;
  course.type = event.type;
  course.evidence = event.evidence;
  shorten(course.evidence);
  over_.emplace_back(now, cause);
}

void Reopening::forget(TimePoint now) {
  // Twice as long: clocks of routers are not ours.
  while (!over_.empty() && (over_.size() > over_max || now - over_.front().first > 2 * within_)) {
    const auto& [at, cause] = over_.front();
    const auto found = courses_.find(cause);
    if (found != courses_.end() && found->second.ended && found->second.over_at == at) courses_.erase(found);
    over_.pop_front();
  }
}

}  // namespace peering::detect
