#include "app/incident_traces.h"

#include <algorithm>
#include <utility>

namespace peering::app {

namespace {

constexpr std::size_t walks_under_way_max = 2, lasted_max = 1000, lasted_longer_min = 5;
constexpr Microseconds lasting_min = std::chrono::minutes(5);

feeds::PathTraceSettings walk_settings() {
  feeds::PathTraceSettings out;
  out.window = 6;
  out.silent_max = 5;
  return out;
}

}  // namespace

void ExpectedDuration::add(Microseconds lasted) {
  lasted_.push_back(lasted);
  if (lasted_.size() > lasted_max) lasted_.pop_front();
}

Microseconds ExpectedDuration::left(Microseconds age) const {
  Microseconds sum{0};
  std::int64_t longer = 0;
  for (const Microseconds each : lasted_) {
    if (each <= age) continue;
    sum += each - age;
    ++longer;
  }
  if (longer < static_cast<std::int64_t>(lasted_longer_min)) return std::max(age, lasting_min);
  return sum / longer;
}

void IncidentTraces::follow(std::span<const OpenDegradation> open, TimePoint at) {
  std::map<std::string, OpenDegradation> now_open;
  for (const OpenDegradation& each : open) {
    now_open.insert_or_assign(each.event, each);
    if (each.traced) begun_.insert(each.event);
  }
  for (const auto& [event, degradation] : open_) {
    if (now_open.contains(event)) continue;
    duration_.add(at - degradation.first_seen);
    begun_.erase(event);
  }
  open_ = std::move(now_open);
}

std::optional<OpenDegradation> IncidentTraces::next(TimePoint at) const {
  if (walks_.size() >= walks_under_way_max) return std::nullopt;
  const OpenDegradation* best = nullptr;
  double best_rank = 0;
  for (const auto& [event, degradation] : open_) {
    if (begun_.contains(event)) continue;
    const Microseconds left = duration_.left(at - degradation.first_seen);
    const double rank = static_cast<double>(degradation.samples) * static_cast<double>(left.count());
    if (best && rank <= best_rank) continue;
    best = &degradation;
    best_rank = rank;
  }
  return best ? std::optional(*best) : std::nullopt;
}

void IncidentTraces::begin(const OpenDegradation& degradation,
                           const std::optional<net::Address>& destination) {
  begun_.insert(degradation.event);
  if (!destination) return;
  walks_.emplace(degradation.event, Walking{degradation, *destination, feeds::PathTrace(walk_settings())});
}

std::optional<IncidentTraces::Step> IncidentTraces::take() {
  for (auto& [event, walking] : walks_) {
    if (const auto step = walking.path.next()) return Step{event, walking.destination, *step};
  }
  return std::nullopt;
}

std::optional<IncidentTraces::Traced> IncidentTraces::answered(const Step& step, model::ProbeAnswer answer) {
  const auto found = walks_.find(step.event);
  // Packets beyond the end of the path may be answered after it.
  if (found == walks_.end()) return std::nullopt;
  Walking& walking = found->second;
  walking.path.answered(step.step, std::move(answer));
  if (!walking.path.done()) return std::nullopt;
  Traced out{walking.degradation, walking.destination, walking.path.hops()};
  walks_.erase(found);
  return out;
}

std::size_t IncidentTraces::waiting() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(open_, [&](const auto& each) { return !begun_.contains(each.first); }));
}

}  // namespace peering::app
