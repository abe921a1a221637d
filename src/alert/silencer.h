// Which events are silenced, and when that is over: a pure state machine used where events are written.
//
// A silenced event names the silences in `silenced_by` and opens no alert. As long as it is open it is looked
// at again; when no silence holds any more it is given once more, so that the rules tell it then.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/event.h"
#include "model/registry.h"

namespace peering::alert {

/// Not thread-safe.
class Silencer {
 public:
  static constexpr std::size_t names_max = 10;  ///< silences that one event names

  /// The events that were open before a restart.
  void restore(std::span<const model::Event> known);
  /// Sets `silenced_by` of each event to the silences of its subscription that hold at `now`.
  void mark(std::span<model::Event> events, const model::Registry& registry, TimePoint now);
  /// Open events that were silenced and are not any more. Cheap while the active silences are the same.
  std::vector<model::Event> ended(const model::Registry& registry, TimePoint now);
  bool empty() const { return silenced_.empty(); }

 private:
  std::unordered_map<std::string, model::Event> silenced_;  // open events by id
  std::vector<model::SilencePointer> active_;               // when they were looked at last
};

}  // namespace peering::alert
