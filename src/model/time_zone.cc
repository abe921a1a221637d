#include "model/time_zone.h"

#include <exception>

#include <date/tz.h>

namespace peering::model {

namespace {

constexpr std::size_t zone_name_bytes_max = 64;

date::local_time<Microseconds> local_time(std::chrono::sys_days day, std::chrono::minutes since_midnight) {
  return date::local_time<Microseconds>(day.time_since_epoch() + since_midnight);
}

TimePoint moment(date::sys_time<Microseconds> time) { return TimePoint(time.time_since_epoch()); }

// What the clock shows once, twice or never.
TimePoint resolved(const date::time_zone& zone, date::local_time<Microseconds> shown, bool last) {
  const date::local_info info = zone.get_info(shown);
  const auto by = [&](std::chrono::seconds offset) {
    return moment(date::sys_time<Microseconds>(shown.time_since_epoch() - offset));
  };
  switch (info.result) {
    case date::local_info::ambiguous:
      return by(last ? info.second.offset : info.first.offset);
    case date::local_info::nonexistent:
      return moment(info.second.begin);
    default:
      return by(info.first.offset);
  }
}

}  // namespace

Result<TimeZone> TimeZone::find(std::string_view name) {
  const auto refusal = invalid("timeZone", name, "a time zone of the IANA database such as Europe/Berlin");
  if (name.empty() || name.size() > zone_name_bytes_max) return tl::unexpected(refusal);
  try {
    return TimeZone(std::string(name), date::locate_zone(std::string(name)));
  } catch (const std::exception&) {
    return tl::unexpected(refusal);
  }
}

std::chrono::sys_days TimeZone::day_of(TimePoint at) const {
  const date::sys_seconds second(std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()));
  const auto shown = at.time_since_epoch() + zone_->get_info(second).offset;
  return std::chrono::sys_days(std::chrono::floor<std::chrono::days>(shown));
}

TimePoint TimeZone::first(std::chrono::sys_days day, std::chrono::minutes since_midnight) const {
  return resolved(*zone_, local_time(day, since_midnight), false);
}

TimePoint TimeZone::last(std::chrono::sys_days day, std::chrono::minutes since_midnight) const {
  return resolved(*zone_, local_time(day, since_midnight), true);
}

}  // namespace peering::model
