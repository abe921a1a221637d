#include "cli/replay_summary.h"

#include <algorithm>
#include <vector>

namespace peering::cli {

void ReplaySummary::add(const model::Event& event) {
  const std::string about =
      event.monitored ? fmt::format("AS{}", *event.monitored) : event.prefix.to_string();
  Row& row = rows_[{std::string(to_string(event.kind)), about}];
  row.worst = std::max(row.worst, event.level);
  row.first = std::min(row.first, event.first_seen);
  row.last = std::max(row.last, event.last_seen);
  row.events.insert(event.id.value);
  if (event.level >= alert_level_) row.alerts.insert(event.id.value);
}

json::array ReplaySummary::rows() const {
  using Entry = decltype(rows_)::value_type;
  std::vector<const Entry*> ordered;
  for (const Entry& entry : rows_) ordered.push_back(&entry);
  std::ranges::stable_sort(ordered, [](const Entry* a, const Entry* b) {
    return std::make_pair(b->second.worst, b->second.events.size()) <
           std::make_pair(a->second.worst, a->second.events.size());
  });
  json::array out;
  for (const Entry* entry : ordered) {
    const auto& [key, row] = *entry;
    out.push_back(json::object{{"kind", key.first},
                               {"prefix", key.second},
                               {"severity", to_string(row.worst)},
                               {"events", row.events.size()},
                               {"alerts", row.alerts.size()},
                               {"first", format_rfc3339(row.first)},
                               {"last", format_rfc3339(row.last)}});
  }
  return out;
}

std::size_t ReplaySummary::alerts() const {
  std::size_t out = 0;
  for (const auto& [key, row] : rows_) out += row.alerts.size();
  return out;
}

}  // namespace peering::cli
