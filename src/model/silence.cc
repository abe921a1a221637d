#include "model/silence.h"

#include <algorithm>

#include "model/registry.h"

namespace peering::model {

namespace {

constexpr std::chrono::minutes day = std::chrono::hours(24);

std::string text_of(const std::optional<net::Asn>& asn) { return asn ? std::to_string(*asn) : ""; }

// The segment after "/<of>/" of an id in lower case.
std::string segment_after(const std::string& id, std::string_view of) {
  const std::size_t at = id.find(of);
  if (at == std::string::npos) return "";
  const std::size_t start = at + of.size();
  return id.substr(start, id.find('/', start) - start);
}

// What the field is called, each of which may be the value.
std::vector<std::string> names_of(SilenceField field, const SilencedSubject& subject) {
  const Event& event = subject.event;
  switch (field) {
    case SilenceField::connection:
      return {event.connection, event.connection.substr(event.connection.rfind('/') + 1)};
    case SilenceField::resource_group:
      return {segment_after(lower(event.connection), "/resourcegroups/")};
    case SilenceField::prefix:
      return {event.prefix.to_string(), event.observed.to_string()};
    case SilenceField::kind:
      return {std::string(to_string(event.kind))};
    case SilenceField::level:
      return {std::string(to_string(event.level))};
    case SilenceField::type:
      return {event.type};
    case SilenceField::origin_asn:
      return {text_of(event.origin)};
    case SilenceField::suspect_asn:
      return {text_of(event.suspect)};
    case SilenceField::group:
      return {std::string(subject.group)};
  }
  return {};
}

bool lies_within(const std::string& value, const Event& event) {
  const auto range = net::Prefix::parse(value);
  return range && (range->covers(event.prefix) || range->covers(event.observed));
}

}  // namespace

bool SilenceMatcher::holds(const SilencedSubject& subject) const {
  if (!pattern && field == SilenceField::prefix) return lies_within(value, subject.event) == is_equal;
  const std::vector<std::string> names = names_of(field, subject);
  const bool exact_case = field == SilenceField::group;
  const auto is_it = [&](const std::string& name) {
    if (pattern) return pattern->matches(name);
    return exact_case ? name == value : lower(name) == lower(value);
  };
  return std::ranges::any_of(names, is_it) == is_equal;
}

bool Recurrence::begins_on(std::chrono::sys_days date) const {
  return days.empty() || std::ranges::find(days, std::chrono::weekday(date)) != days.end();
}

bool Recurrence::contains_in_zone(TimePoint at) const {
  const auto today = zone->day_of(at);
  for (const auto begins : {today, today - std::chrono::days(1)}) {
    const auto ends = end > start ? begins : begins + std::chrono::days(1);
    if (begins_on(begins) && zone->first(begins, start) <= at && at < zone->last(ends, end)) return true;
  }
  return false;
}

bool Recurrence::contains(TimePoint at) const {
  if (zone) return contains_in_zone(at);
  const auto local = at + utc_offset;
  const auto today = std::chrono::floor<std::chrono::days>(local);
  const auto lasts = end > start ? end - start : end + day - start;
  for (const auto begins : {today, today - std::chrono::days(1)}) {
    const auto since = local - (begins + start);
    if (begins_on(begins) && since >= Microseconds(0) && since < lasts) return true;
  }
  return false;
}

bool Silence::active(TimePoint at) const {
  if (starts_at && at < *starts_at) return false;
  if (ends_at && at >= *ends_at) return false;
  return !recurrence || recurrence->contains(at);
}

bool Silence::matches(const SilencedSubject& subject) const {
  return std::ranges::all_of(matchers, [&](const SilenceMatcher& each) { return each.holds(subject); });
}

std::string_view Silence::state(TimePoint at) const {
  if (ends_at && at >= *ends_at) return "expired";
  return active(at) ? "active" : "pending";
}

}  // namespace peering::model
