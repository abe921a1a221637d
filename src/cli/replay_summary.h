// How often each kind fired for each prefix.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/json.h"
#include "model/event.h"

namespace peering::cli {

class ReplaySummary {
 public:
  explicit ReplaySummary(model::Level alert_level) : alert_level_(alert_level) {}

  /// A version of an event that is worth a line.
  void add(const model::Event& event);
  /// A row for each kind and prefix, the worst first: kind, prefix, severity, events, alerts, first, last.
  json::array rows() const;
  /// Events that would have been alerts.
  std::size_t alerts() const;

 private:
  struct Row {
    model::Level worst = model::Level::information;
    std::set<std::string> events, alerts;
    TimePoint first = TimePoint::max(), last = TimePoint::min();
  };
  const model::Level alert_level_;
  std::map<std::pair<std::string, std::string>, Row> rows_;  // kind, prefix
};

}  // namespace peering::cli
