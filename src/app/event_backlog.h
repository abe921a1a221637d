// Events that wait for the store, in the order of their arrival.
//
// What comes back soon after its end gets the id of what it was (`detect/reopening.h`) when it arrives. Of
// the versions of one event, those that follow each other in one state coalesce, and of many turns between
// the states the middle ones are left out: a slow or full disk makes a backlog of distinct events, not of
// time. The backlog has a limit; past it informational events are refused.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "detect/reopening.h"
#include "model/event.h"

namespace peering::app {

/// Not thread-safe.
class EventBacklog {
 public:
  static constexpr std::size_t events_max = 100'000;
  static constexpr std::size_t versions_max = 8;  ///< of one event that wait; an even number

  /// `reopen_within`: what comes back so soon is the same event; 0: never.
  explicit EventBacklog(Microseconds reopen_within) : reopening_(reopen_within) {}

  /// The events that were open before a restart, or over not long ago; before anything else.
  void restore(std::span<const model::Event> known, TimePoint at) { reopening_.restore(known, at); }
  /// False when the event was refused: the backlog is full and it is information.
  bool put(model::Event event, TimePoint at);
  /// Up to `limit` events out of it, oldest first.
  std::vector<model::Event> take(std::size_t limit);
  /// What could not be stored goes back to the front, unless a newer version in its state came meanwhile.
  void put_back(std::vector<model::Event> events);
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }

 private:
  detect::Reopening reopening_;
  // By arrival, and where the versions of each event stand in it.
  std::map<std::int64_t, model::Event> waiting_;
  std::unordered_map<std::string, std::vector<std::int64_t>> places_;
  std::int64_t arrived_ = 0;
};

}  // namespace peering::app
