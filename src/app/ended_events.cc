#include "app/ended_events.h"

#include <set>

namespace peering::app {

namespace {

constexpr std::uint64_t versions_looked_at_max =
    20'000;  // looked at, so that a start after a storm is no later
constexpr std::uint64_t slice = 1000;

}  // namespace

Result<std::vector<model::Event>> ended_since(store::TelemetryStore& telemetry, TimePoint since) {
  const auto last = telemetry.last_event_sequence();
  if (!last) return tl::unexpected(last.error());
  const std::uint64_t first = *last > versions_looked_at_max ? *last - versions_looked_at_max : 0;
  std::vector<model::Event> out;
  std::set<model::EventId> seen;  // later versions say what an event is now
  for (std::uint64_t to = *last; to > first;) {
    const std::uint64_t after = to > first + slice ? to - slice : first;
    auto versions = telemetry.events_after(after, to - after);
    if (!versions) return tl::unexpected(versions.error());
    bool any_recent = false;
    for (auto at = versions->rbegin(); at != versions->rend(); ++at) {
      if (at->sequence > to) continue;
      any_recent = any_recent || at->event.last_seen >= since;
      if (!seen.insert(at->event.id).second) continue;
      if (at->event.resolved_at && *at->event.resolved_at >= since) out.push_back(std::move(at->event));
    }
    if (!any_recent) break;
    to = after;
  }
  return out;
}

}  // namespace peering::app
