// Flap damping: what opens and resolves again and again is stored in full, but not told each time. A pure
// state machine used where events are written.
//
// An event that came back `after` times within `window` (`Event::reopened`, detect/reopening.h) flaps. Until
// then each turn is told. From then on its versions are marked `damped`, and one flapping event is open
// instead, until the event has not turned for `quiet`; if it is open then, it is told again. A Critical event
// is told earlier, when it stands for `standing`; each time that happens within one flapping the next has to
// stand twice as long, up to `quiet`. What was told is resolved in any case (rules.h).
//
// Time is ours, when events are written: it is about those who read.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/event.h"

namespace peering::alert {

struct FlapSettings {
  std::size_t after = 3;  ///< returns within `window`; 0: nothing is damped
  Microseconds window = std::chrono::minutes(10);
  Microseconds quiet = std::chrono::minutes(5);
  Microseconds standing = std::chrono::minutes(1);
};

/// Not thread-safe.
class Damper {
 public:
  explicit Damper(FlapSettings settings) : settings_(settings) {}

  /// What was open, or over not long ago, before a restart.
  void restore(std::span<const model::Event> known, TimePoint now);
  /// Versions by which events came back not long ago, oldest first, each once: they count towards flapping.
  void recall(std::span<const model::Event> returned, TimePoint now);
  /// Sets `damped` of each event, and puts behind them the flapping events that are others than those that
  /// are stored. Versions of one event are in order; giving one twice changes nothing.
  void mark(std::vector<model::Event>& events, TimePoint now);
  /// What is to be written because time passed: flapping events that are over, and events that are told
  /// again.
  std::vector<model::Event> due(TimePoint now);
  /// What `mark` and `due` gave last is stored. Until then `mark` gives the same flapping events again.
  void stored();
  /// Events that flap now.
  std::size_t flapping() const { return flapping_; }
  /// True when time alone changes nothing.
  bool empty() const { return courses_.empty() && ended_.empty(); }

 private:
  // What is known of an event that came back lately.
  struct Course {
    int turns = 0;                  // from open to resolved and back, since its beginning
    std::deque<TimePoint> returns;  // within the window
    TimePoint turned{};
    std::optional<model::Event> flapping;
    bool changed = false;                // the flapping event, since it was stored
    std::optional<model::Event> latest;  // version, while it flaps
    bool told = false;                   // that it stands
    Microseconds standing{};             // for so long, to be told
    int returns_before = 0;              // it flapped
  };
  void turn(Course& course, const model::Event& event, TimePoint now) const;
  void flaps(Course& course, const model::Event& event, TimePoint now);
  bool pass(Course& course, TimePoint now, std::vector<model::Event>& out);

  FlapSettings settings_;
  std::unordered_map<std::string, Course> courses_;  // by event id
  std::vector<model::Event> ended_;                  // flapping events whose end is not stored
  std::size_t flapping_ = 0;
};

}  // namespace peering::alert
