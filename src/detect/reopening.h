// What is over and comes back soon is the same event: a pure state machine over events in the order in which
// they are made, used where events are written (and by `peeringctl analyze`).
//
// The detectors make a new event whenever something begins. Here it is compared with what had the same cause
// (`cause_id`): when that ended no longer than `within` before, the new event goes on under its id, with its
// beginning and evidence, and is counted in `Event::reopened`. Later versions of it follow. Times are those
// of the events, so that a replay of yesterday's updates gives what yesterday gave; `now` only says when what
// is over may be forgotten.
//
// What comes back as another type, as the leak of a backup route after that of the route, is another event.
//
// Every shard that had routes of a session tells when it goes down, one after the other: a version that shows
// nothing later than the end of what it is about is late then, and no return.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/event.h"

namespace peering::detect {

/// Identifies what an event is about, whenever it happens: kind, resource, observed prefix and the AS or
/// session concerned. 32 hexadecimal digits.
std::string cause_id(const model::Event& event);

/// Not thread-safe.
class Reopening {
 public:
  /// Causes that are over and remembered; those that ended first are forgotten first.
  static constexpr std::size_t over_max = 50'000;
  /// Lines of evidence of one event that came back; those in the middle are left out first.
  static constexpr std::size_t evidence_max = 24;

  /// `within`: 0 turns it off.
  explicit Reopening(Microseconds within) : within_(within) {}

  /// The events that were open, or over not long ago, before a restart.
  void restore(std::span<const model::Event> known, TimePoint now);
  /// Gives the event the id that it goes on under. False when it is late and to be dropped.
  bool apply(model::Event& event, TimePoint now);

 private:
  // What is known of one cause.
  struct Course {
    model::EventId id;       // under which it is told
    model::EventId made_as;  // by the detector, when it began last
    TimePoint first_seen;
    int times = 0;                       // it came back
    std::optional<TimePoint> ended;      // absent: it is open
    TimePoint over_at{};                 // the same by our clock
    std::string type;                    // of what ended
    std::vector<std::string> evidence;   // of what ended
    std::vector<model::EventId> former;  // what else it was made as, a few of the last
  };
  enum class Meaning : std::uint8_t { late, returns, another };

  static Course course_of(const model::Event& event);
  static bool is_of(const Course& course, const model::Event& event);
  Meaning meaning_of(const Course& over, const model::Event& event) const;
  static void come_back(Course& course, const model::Event& event);
  static void go_on(const Course& course, model::Event& event);
  void end(const std::string& cause, Course& course, const model::Event& event, TimePoint now);
  void forget(TimePoint now);

  Microseconds within_;
  std::unordered_map<std::string, Course> courses_;     // by cause
  std::deque<std::pair<TimePoint, std::string>> over_;  // when it ended by our clock, and the cause
};

}  // namespace peering::detect
