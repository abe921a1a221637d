// Time zones by their names in the IANA database, as the system has it (Debian's tzdata). A clock that is set
// back shows some moments twice, and one that is set forward leaves some out: both are asked for here by what
// is meant.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace date {
class time_zone;
}

namespace peering::model {

/// Small, and as good as its name. Thread-safe.
class TimeZone {
 public:
  /// By a name such as "Europe/Berlin". An error when the system's database has none of this name.
  static Result<TimeZone> find(std::string_view name);

  const std::string& name() const { return name_; }
  /// The day that a calendar there shows.
  std::chrono::sys_days day_of(TimePoint at) const;
  /// When a clock there shows this time of the day first, or last; when it never does, the moment at which it
  /// is set past it. `day` counts as `day_of` gives it.
  TimePoint first(std::chrono::sys_days day, std::chrono::minutes since_midnight) const;
  TimePoint last(std::chrono::sys_days day, std::chrono::minutes since_midnight) const;

  friend bool operator==(const TimeZone& a, const TimeZone& b) { return a.zone_ == b.zone_; }

 private:
  TimeZone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}

  std::string name_;
  const date::time_zone* zone_;  // of the database, for the life of the process
};

}  // namespace peering::model
