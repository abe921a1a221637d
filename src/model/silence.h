// Silences: which events are not told for a time.
//
// Matchers are those of Alertmanager: a field is equal to a value or matches a regular expression that is
// anchored at both ends, or does not. All of a silence's matchers must hold. A silence lasts from `startsAt`
// to `endsAt`; with a recurrence it comes back every day or on days of the week within that time.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "model/event.h"
#include "model/path_rule.h"
#include "model/time_zone.h"

namespace peering::model {

/// What a matcher looks at. `prefix` without a regular expression: the registered prefix, or the one that was
/// seen, lies within the value.
enum class SilenceField : std::uint8_t {
  connection,      ///< id or name of the peering service, without case
  resource_group,  ///< without case
  prefix,
  kind,
  level,
  type,
  origin_asn,
  suspect_asn,
  group,  ///< `group` of what is expected of the prefix
};

/// An event as silences see it.
struct SilencedSubject {
  const Event& event;
  std::string_view group;  ///< `Expectation::group` of the registered prefix
};

struct SilenceMatcher {
  SilenceField field = SilenceField::kind;
  std::string value;
  bool is_equal = true;                ///< false: it must not be so
  std::optional<PathPattern> pattern;  ///< `value` is a regular expression, anchored here

  bool holds(const SilencedSubject& subject) const;
  friend bool operator==(const SilenceMatcher&, const SilenceMatcher&) = default;
};

/// A part of the day, every day or on days of the week, in the time of a zone or of a fixed offset from UTC.
struct Recurrence {
  std::vector<std::chrono::weekday> days;  ///< on which it begins; empty: every day
  std::chrono::minutes start{0}, end{0};   ///< since midnight; an end that is not later is on the next day
  std::chrono::minutes utc_offset{0};
  std::optional<TimeZone> zone;  ///< goes before `utc_offset`

  bool contains(TimePoint at) const;
  bool begins_on(std::chrono::sys_days date) const;
  friend bool operator==(const Recurrence&, const Recurrence&) = default;

 private:
  bool contains_in_zone(TimePoint at) const;
};

struct Silence {
  static constexpr std::size_t matchers_max = 32, value_bytes_max = 1024, comment_bytes_max = 1024;

  std::string name;
  std::vector<SilenceMatcher> matchers;
  std::optional<TimePoint> starts_at;  ///< absent: since ever
  std::optional<TimePoint> ends_at;    ///< exclusive; absent only with a recurrence
  std::optional<Recurrence> recurrence;
  std::string comment;

  bool active(TimePoint at) const;
  bool matches(const SilencedSubject& subject) const;
  /// "pending", "active" or "expired"; one that recurs and is not on is pending.
  std::string_view state(TimePoint at) const;
  friend bool operator==(const Silence&, const Silence&) = default;
};
using SilencePointer = std::shared_ptr<const Silence>;
/// By subscription ("/subscriptions/<id>" in lower case), each list in order of names.
using Silences = std::map<std::string, std::vector<SilencePointer>, std::less<>>;

/// Reads `properties` of a silence; `state` and `provisioningState` are passed over. Errors name the field
/// below `properties`, its value and the rule.
Result<Silence> silence_from_json(std::string_view name, const json::value& properties);
/// The same in canonical form: times in UTC, names as they are documented.
json::value to_json(const Silence& silence);

}  // namespace peering::model
