#include "app/recent_events.h"

#include <algorithm>
#include <set>
#include <utility>

namespace peering::app {

namespace {

constexpr std::uint64_t versions_looked_at_max = 20'000;
constexpr std::uint64_t slice = 1000;
constexpr std::size_t findings_looked_at_max = 20'000;

// Newest first.
class Collector {
 public:
  Collector(TimePoint ended_since, TimePoint returned_since)
      : ended_since_(ended_since), returned_since_(returned_since) {}

  /// False when the version is older than anything that is looked for.
  bool take(model::Event event) {
    const bool recent = event.last_seen >= std::min(ended_since_, returned_since_);
    const bool came_back =
        event.state == model::EventState::open && event.reopened > 0 && event.detected_at >= returned_since_;
    if (came_back && returns_.emplace(event.id, event.reopened).second) out_.returned.push_back(event);
    // Later versions say what an event is now.
    if (!seen_.insert(event.id).second) return recent;
    if (event.resolved_at && *event.resolved_at >= ended_since_) out_.ended.push_back(std::move(event));
    return recent;
  }
  RecentEvents result() && {
    std::ranges::reverse(out_.returned);
    return std::move(out_);
  }

 private:
  TimePoint ended_since_, returned_since_;
  std::set<model::EventId> seen_;
  std::set<std::pair<model::EventId, int>> returns_;
  RecentEvents out_;
};

Result<std::vector<model::Event>> findings_since(store::TelemetryStore& telemetry, TimePoint since) {
  store::EventQuery query;
  query.from = since;
  query.minimum_level = model::Level::warning;
  query.limit = slice;
  std::vector<model::Event> out;
  for (std::size_t looked_at = 0; looked_at < findings_looked_at_max;) {
    auto page = telemetry.events(query);
    if (!page) return tl::unexpected(page.error());
    looked_at += page->events.size();
    for (model::Event& event : page->events) {
      // What only happened has no doubt about it.
      if (event.confidence < 1) out.push_back(std::move(event));
    }
    if (page->next.empty()) break;
    query.after = page->next;
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace

Result<RecentEvents> recent_events(store::TelemetryStore& telemetry, TimePoint at, Microseconds reopen_within,
                                   Microseconds flap_window) {
  const auto last = telemetry.last_event_sequence();
  if (!last) return tl::unexpected(last.error());
  const std::uint64_t first = *last > versions_looked_at_max ? *last - versions_looked_at_max : 0;
  Collector collector(at - reopen_within, at - flap_window);
  for (std::uint64_t to = *last; to > first;) {
    const std::uint64_t after = to > first + slice ? to - slice : first;
    auto versions = telemetry.events_after(after, to - after);
    if (!versions) return tl::unexpected(versions.error());
    bool any_recent = false;
    for (auto version = versions->rbegin(); version != versions->rend(); ++version) {
      if (version->sequence <= to) any_recent = collector.take(std::move(version->event)) || any_recent;
    }
    if (!any_recent) break;
    to = after;
  }
  auto findings = findings_since(telemetry, at - findings_remembered);
  if (!findings) return tl::unexpected(findings.error());
  RecentEvents out = std::move(collector).result();
  out.findings = std::move(*findings);
  return out;
}

}  // namespace peering::app
