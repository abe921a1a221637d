#include "app/event_committer.h"

#include <algorithm>
#include <iterator>

namespace peering::app {

EventCommitter::EventCommitter(store::TelemetryStore& telemetry, Rules rules, alert::FlapSettings flaps,
                               alert::GroupSettings groups)
    : telemetry_(telemetry),
      rules_(std::move(rules)),
      damper_(flaps),
      // What cannot be read counts as told: then the ordinary rules decide.
      grouper_(groups, [&telemetry](const model::Event& event) {
        const auto alert = telemetry.alert(event.id.value);
        return !alert || (*alert && (*alert)->state == model::EventState::open);
      }) {}

void EventCommitter::restore(std::span<const model::Event> known, TimePoint at) {
  groups_.restore(known);
  damper_.restore(known, at);
  silencer_.restore(known);
  grouper_.restore(known, at);
}

void EventCommitter::add_ended_silences(std::vector<model::Event>& events, const model::Registry& registry,
                                        TimePoint at) {
  std::vector<model::Event> ended = silencer_.ended(registry, at);
  events.insert(events.begin(), std::move_iterator(ended.begin()), std::move_iterator(ended.end()));
}

// What came back belongs where it belonged before.
void EventCommitter::recall_incidents(std::vector<model::Event>& events) {
  for (model::Event& event : events) {
    if (event.reopened == 0 || event.incident_id != event.id.value || groups_.follows(event.id)) continue;
    const auto stored = telemetry_.event(event.id);
    if (stored && *stored) event.incident_id = (*stored)->incident_id;
  }
}

void EventCommitter::prepare(std::vector<model::Event>& events, const model::Registry& registry,
                             TimePoint at) {
  recall_incidents(events);
  groups_.assign(events);
  damper_.mark(events, at);
  std::vector<model::Event> due = damper_.due(at);
  events.insert(events.end(), std::move_iterator(due.begin()), std::move_iterator(due.end()));
  silencer_.mark(events, registry, at);
  grouper_.mark(events, registry, at);
}

Result<store::EventCommit> EventCommitter::commit(const std::vector<model::Event>& events,
                                                  const model::Registry& registry, TimePoint at) {
  store::EventCommit batch;
  batch.events = events;
  // Deliveries of one commit stand a microsecond apart: the next ones must not come between them.
  const TimePoint after = std::max(at, free_from_);
  for (const model::Event& event : events) rules_(event, registry, after, batch);
  free_from_ = after + Microseconds(batch.outbox.size());
  if (const auto done = telemetry_.append(batch); !done) return tl::unexpected(done.error());
  damper_.stored();
  grouper_.stored();
  return batch;
}

}  // namespace peering::app
