#include "app/event_backlog.h"

#include <utility>

namespace peering::app {

bool EventBacklog::put(model::Event event, TimePoint at) {
  if (!reopening_.apply(event, at)) return true;
  const auto known = places_.find(event.id.value);
  if (known != places_.end()) {
    model::Event& last = waiting_.at(known->second.back());
    if (last.state == event.state) {
      last = std::move(event);
      return true;
    }
  }
  if (waiting_.size() >= events_max && event.level == model::Level::information) return false;
  std::vector<std::int64_t>& of_event = places_[event.id.value];
  if (of_event.size() >= versions_max) {
    // A return and its end, neither the first nor the last.
    for (int i = 0; i < 2; ++i) {
      waiting_.erase(of_event[2]);
      of_event.erase(of_event.begin() + 2);
    }
  }
  of_event.push_back(++arrived_);
  waiting_.emplace(arrived_, std::move(event));
  return true;
}

std::vector<model::Event> EventBacklog::take(std::size_t limit) {
  std::vector<model::Event> out;
  while (!waiting_.empty() && out.size() < limit) {
    auto node = waiting_.extract(waiting_.begin());
    const auto of_event = places_.find(node.mapped().id.value);
    std::erase(of_event->second, node.key());
    if (of_event->second.empty()) places_.erase(of_event);
    out.push_back(std::move(node.mapped()));
  }
  return out;
}

void EventBacklog::put_back(std::vector<model::Event> events) {
  std::int64_t place = waiting_.empty() ? arrived_ : waiting_.begin()->first - 1;
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    std::vector<std::int64_t>& of_event = places_[event->id.value];
    if (!of_event.empty() && waiting_.at(of_event.front()).state == event->state) continue;
    of_event.insert(of_event.begin(), place);
    waiting_.emplace(place--, std::move(*event));
  }
}

}  // namespace peering::app
