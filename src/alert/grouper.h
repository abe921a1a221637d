// One notification for a mass event: when one cause makes many events of a connection at once, the first ones
// are told one by one, the others together. A pure state machine used where events are written, after the
// damper and the silencer have marked what is not told at all.
//
// Events of one connection, incident and type are a course. The first `after` that are told within `window`
// are told as ever. What follows is gathered for `window` and told as one mass event (`Event::mass`); while
// one of those is open, whatever else of the course begins is gathered at once, for the next one. A mass
// event is over when all that it tells of is over.
//
// Nothing is lost: the versions of a gathered event name their mass event (`Event::summarized_by`) and alert
// nobody, and the mass event is stored with the first of them, in the same commit, as one that is still
// damped (not told). So a restart goes on with it, and tells it. What came back after its end, or was told
// before it could be gathered, follows the ordinary rules.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "model/event.h"
#include "model/registry.h"

namespace peering::alert {

struct GroupSettings {
  std::size_t after = 20;  ///< told one by one within `window`; 0: all are
  Microseconds window = std::chrono::seconds(10);
};

/// Not thread-safe.
class Grouper {
 public:
  /// Most prefixes that a mass event names.
  static constexpr std::size_t prefixes_max = 100;
  /// Whether an alert of the event is open, so that it was told already.
  using IsTold = std::function<bool(const model::Event&)>;

  Grouper(GroupSettings settings, IsTold is_told) : settings_(settings), is_told_(std::move(is_told)) {}

  /// What was open, or over not long ago, before a restart.
  void restore(std::span<const model::Event> known, TimePoint now);
  /// Sets `summarized_by` of each event, and puts behind them the mass events that are others than those that
  /// are stored: with more in them, to be told, or over. Versions of one event are in order; giving one twice
  /// changes nothing.
  void mark(std::vector<model::Event>& events, const model::Registry& registry, TimePoint now);
  /// What `mark` gave last is stored. Until then it gives the same mass events again.
  void stored();
  /// True when time alone changes nothing.
  bool empty() const { return groups_.empty(); }

 private:
  // Connection, incident, type.
  using Key = std::tuple<std::string, std::string, std::string>;
  struct Course {
    std::deque<std::pair<TimePoint, std::string>> told;  // event ids, within the window
    std::string gathering;                               // id of the mass event that takes more
    std::size_t open = 0;                                // mass events
  };
  struct Group {
    Key key;
    model::Event event;
    TimePoint since{};  // it gathers
    bool told = false, told_stored = false;
    bool changed = false;  // since it was stored
  };

  static Key key_of(const model::Event& event);
  bool is_news(const Course& course, const model::Event& event) const;
  void join(Course& course, const Key& key, model::Event& event, TimePoint now);
  void follow(const std::string& group, model::Event& event);
  void pass(Group& group, const std::string& id, TimePoint now);
  void forget_old(TimePoint now);

  GroupSettings settings_;
  IsTold is_told_;
  std::map<Key, Course> courses_;
  std::map<std::string, Group> groups_;                   // by id of the mass event
  std::unordered_map<std::string, std::string> members_;  // open events: their mass event
};

}  // namespace peering::alert
