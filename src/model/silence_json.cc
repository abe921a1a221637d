// The JSON form of silences.
#include <algorithm>
#include <charconv>

#include "model/names.h"
#include "model/silence.h"

namespace peering::model {

namespace {

constexpr NameTable<SilenceField, 9> field_names{{
    {SilenceField::connection, "connection"},
    {SilenceField::resource_group, "resourceGroup"},
    {SilenceField::prefix, "prefix"},
    {SilenceField::kind, "kind"},
    {SilenceField::level, "level"},
    {SilenceField::type, "type"},
    {SilenceField::origin_asn, "originAsn"},
    {SilenceField::suspect_asn, "suspectAsn"},
    {SilenceField::group, "group"},
}};
constexpr std::string_view field_rule =
    "connection, resourceGroup, prefix, kind, level, type, originAsn, suspectAsn or group";

using std::chrono::weekday;
constexpr NameTable<unsigned, 7> day_names{{{0, "Sunday"},
                                            {1, "Monday"},
                                            {2, "Tuesday"},
                                            {3, "Wednesday"},
                                            {4, "Thursday"},
                                            {5, "Friday"},
                                            {6, "Saturday"}}};

// Reads members of one object; `at` is its place in messages.
class Members {
 public:
  Members(const json::value& value, std::string at) : value_(value), at_(std::move(at)) {
    if (!value.is_object()) reject(at_, value, "an object");
  }

  const json::value* any(std::string_view key) {
    known_.push_back(key);
    const json::value* found = find(value_, key);
    return found && !found->is_null() && !error_ ? found : nullptr;
  }
  std::optional<std::string> text(std::string_view key, std::size_t bytes_max) {
    const json::value* given = any(key);
    if (!given) return std::nullopt;
    const json::string* text = given->if_string();
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (!text || text->size() > bytes_max || std::ranges::any_of(*text, control)) {
      reject(name(key), *given,
             fmt::format("a text of at most {} bytes without control characters", bytes_max));
      return std::nullopt;
    }
    return std::string(text->data(), text->size());
  }
  bool boolean(std::string_view key, bool fallback) {
    const json::value* given = any(key);
    if (!given) return fallback;
    if (!given->is_bool()) reject(name(key), *given, "true or false");
    return given->is_bool() ? given->get_bool() : fallback;
  }
  std::optional<TimePoint> time(std::string_view key) {
    const auto given = text(key, 64);
    if (!given) return std::nullopt;
    const auto at = parse_rfc3339(*given);
    if (!at) wrong(key, *given, "an RFC 3339 date-time such as 2026-11-23T10:00:00Z");
    return at ? std::optional(*at) : std::nullopt;
  }
  const json::array* list(std::string_view key, std::size_t most) {
    const json::value* given = any(key);
    if (!given) return nullptr;
    if (given->is_array() && given->get_array().size() <= most) return &given->get_array();
    reject(name(key), *given, fmt::format("a list of at most {}", most));
    return nullptr;
  }

  std::string name(std::string_view key) const {
    return at_.empty() ? std::string(key) : at_ + "." + std::string(key);
  }
  void wrong(std::string_view key, std::string_view value, std::string_view rule) {
    fail_with(invalid(name(key), value, rule));
  }
  void reject(const std::string& field, const json::value& value, std::string_view rule) {
    fail_with(invalid(field, json::serialize(value), rule));
  }
  void fail_with(Error error) {
    if (!error_) error_ = std::move(error);
  }
  /// The first error; members that nobody asked for are one.
  std::optional<Error> end() {
    if (!value_.is_object()) return error_;
    for (const auto& member : value_.get_object()) {
      const std::string_view key(member.key().data(), member.key().size());
      if (std::ranges::find(known_, key) == known_.end()) {
        reject(name(key), member.value(), "no such field is known");
      }
    }
    return error_;
  }

 private:
  const json::value& value_;
  std::string at_;
  std::vector<std::string_view> known_;
  std::optional<Error> error_;
};

// The rule that the value of the field breaks; empty: none.
std::string_view rule_broken(SilenceField field, const std::string& value) {
  const auto is_number = [&] {
    net::Asn asn = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), asn);
    return parsed.ec == std::errc() && parsed.ptr == value.data() + value.size();
  };
  switch (field) {
    case SilenceField::prefix:
      return net::Prefix::parse(value) ? "" : "a prefix such as 203.0.113.0/24";
    case SilenceField::kind:
      return parse_event_kind(value) ? "" : "a kind such as origin-hijack or withdrawal";
    case SilenceField::level:
      return parse_level(value) ? "" : "Information, Warning, Error or Critical";
    case SilenceField::origin_asn:
    case SilenceField::suspect_asn:
      return value.empty() || is_number() ? "" : "an AS number, or empty for none";
    default:
      return "";
  }
}

Result<SilenceMatcher> read_matcher(const json::value& value, const std::string& at) {
  Members members(value, at);
  SilenceMatcher out;
  const auto name = members.text("name", 64);
  const auto field = value_of(field_names, name.value_or(""));
  if (!field) members.wrong("name", name.value_or(""), field_rule);
  out.field = field.value_or(SilenceField::kind);
  const auto text = members.text("value", Silence::value_bytes_max);
  if (!text) members.wrong("value", "", "a text");
  out.value = text.value_or("");
  out.is_equal = members.boolean("isEqual", true);
  if (members.boolean("isRegex", false)) {
    auto pattern = PathPattern::parse("^(?:" + out.value + ")$");
    if (!pattern) members.wrong("value", out.value, pattern.error().message);
    if (pattern) out.pattern = std::move(*pattern);
  } else if (const std::string_view rule = rule_broken(out.field, out.value); !rule.empty()) {
    members.wrong("value", out.value, rule);
  }
  if (const auto error = members.end()) return tl::unexpected(*error);
  return out;
}

// "HH:MM", or nothing.
std::optional<std::chrono::minutes> read_clock(std::string_view text) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
    return std::nullopt;
  const int hours = (text[0] - '0') * 10 + text[1] - '0', minutes = (text[3] - '0') * 10 + text[4] - '0';
  if (hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::minutes(hours * 60 + minutes);
}

std::string clock_text(std::chrono::minutes since) {
  return fmt::format("{:02}:{:02}", since.count() / 60, since.count() % 60);
}

// "Z", "+01:00", "-09:30".
std::optional<std::chrono::minutes> read_offset(std::string_view text) {
  if (text == "Z") return std::chrono::minutes(0);
  const auto size =
      text.size() == 6 && (text[0] == '+' || text[0] == '-') ? read_clock(text.substr(1)) : std::nullopt;
  if (!size || *size > std::chrono::hours(14)) return std::nullopt;
  return text[0] == '-' ? -*size : *size;
}

std::string offset_text(std::chrono::minutes offset) {
  if (offset.count() == 0) return "Z";
  return (offset.count() < 0 ? "-" : "+") + clock_text(std::chrono::abs(offset));
}

void read_days(Members& members, bool weekly, Recurrence& out) {
  const json::array* days = members.list("daysOfWeek", day_names.size());
  for (std::size_t i = 0; days && i < days->size(); ++i) {
    const json::string* text = (*days)[i].if_string();
    const auto named = text ? value_of(day_names, std::string_view(*text)) : std::nullopt;
    if (!named) {
      members.reject(members.name(fmt::format("daysOfWeek[{}]", i)), (*days)[i], "a day such as Monday");
      return;
    }
    const weekday each(*named);
    if (std::ranges::find(out.days, each) == out.days.end()) out.days.push_back(each);
  }
  std::ranges::sort(out.days, {}, [](weekday each) { return each.iso_encoding(); });
  if (weekly && out.days.empty())
    members.wrong("daysOfWeek", "", "at least one day when frequency is Weekly");
  if (!weekly && !out.days.empty()) members.wrong("daysOfWeek", "", "only when frequency is Weekly");
}

Result<Recurrence> read_recurrence(const json::value& value) {
  Members members(value, "recurrence");
  Recurrence out;
  const std::string frequency = members.text("frequency", 16).value_or("");
  constexpr NameTable<bool, 2> frequencies{{{false, "Daily"}, {true, "Weekly"}}};
  const auto weekly = value_of(frequencies, frequency);
  if (!weekly) members.wrong("frequency", frequency, "Daily or Weekly");
  read_days(members, weekly.value_or(false), out);
  const auto clock = [&](std::string_view key) {
    const std::string text = members.text(key, 16).value_or("");
    const auto read = read_clock(text);
    if (!read) members.wrong(key, text, "a time of day such as 22:30");
    return read.value_or(std::chrono::minutes(0));
  };
  out.start = clock("startTime");
  out.end = clock("endTime");
  if (out.start == out.end) members.wrong("endTime", clock_text(out.end), "another time than startTime");
  const auto zone = members.text("timeZone", 64);
  const auto given_offset = members.text("utcOffset", 16);
  if (zone && given_offset) members.wrong("utcOffset", *given_offset, "absent where there is a timeZone");
  if (zone) {
    auto found = TimeZone::find(*zone);
    if (!found) members.wrong("timeZone", *zone, "a time zone of the IANA database such as Europe/Berlin");
    if (found) out.zone = std::move(*found);
  }
  const std::string offset = given_offset.value_or("Z");
  const auto read = read_offset(offset);
  if (!read) members.wrong("utcOffset", offset, "Z, or hours and minutes such as +01:00");
  out.utc_offset = read.value_or(std::chrono::minutes(0));
  if (const auto error = members.end()) return tl::unexpected(*error);
  return out;
}

void read_matchers(Members& members, Silence& out) {
  const json::array* given = members.list("matchers", Silence::matchers_max);
  if (!given || given->empty()) {
    members.wrong("matchers", "", "at least one, e.g. {\"name\": \"kind\", \"value\": \"withdrawal\"}");
    return;
  }
  for (const json::value& item : *given) {
    auto matcher = read_matcher(item, fmt::format("matchers[{}]", out.matchers.size()));
    if (!matcher) return members.fail_with(matcher.error());
    out.matchers.push_back(std::move(*matcher));
  }
}

}  // namespace

Result<Silence> silence_from_json(std::string_view name, const json::value& properties) {
  Members members(properties, "");
  Silence out;
  out.name = std::string(name);
  read_matchers(members, out);
  out.starts_at = members.time("startsAt");
  out.ends_at = members.time("endsAt");
  if (const json::value* given = members.any("recurrence")) {
    auto recurrence = read_recurrence(*given);
    if (!recurrence) return tl::unexpected(recurrence.error());
    out.recurrence = std::move(*recurrence);
  }
  if (!out.ends_at && !out.recurrence)
    members.wrong("endsAt", "", "when it ends, unless there is a recurrence");
  if (out.starts_at && out.ends_at && *out.starts_at >= *out.ends_at) {
    members.wrong("endsAt", format_rfc3339(*out.ends_at), "later than startsAt");
  }
  out.comment = members.text("comment", Silence::comment_bytes_max).value_or("");
  for (const std::string_view shown : {"state", "provisioningState"}) members.any(shown);
  if (const auto error = members.end()) return tl::unexpected(*error);
  return out;
}

json::value to_json(const Silence& silence) {
  json::array matchers;
  for (const SilenceMatcher& each : silence.matchers) {
    matchers.push_back(json::object{{"name", name_of(field_names, each.field)},
                                    {"value", each.value},
                                    {"isRegex", each.pattern.has_value()},
                                    {"isEqual", each.is_equal}});
  }
  json::object out{{"matchers", std::move(matchers)}};
  if (silence.starts_at) out["startsAt"] = format_rfc3339(*silence.starts_at);
  if (silence.ends_at) out["endsAt"] = format_rfc3339(*silence.ends_at);
  if (const auto& recurrence = silence.recurrence) {
    json::object shown{{"frequency", recurrence->days.empty() ? "Daily" : "Weekly"}};
    json::array days;
    for (const weekday each : recurrence->days) days.emplace_back(name_of(day_names, each.c_encoding()));
    if (!days.empty()) shown["daysOfWeek"] = std::move(days);
    shown["startTime"] = clock_text(recurrence->start);
    shown["endTime"] = clock_text(recurrence->end);
    if (recurrence->zone) {
      shown["timeZone"] = recurrence->zone->name();
    } else {
      shown["utcOffset"] = offset_text(recurrence->utc_offset);
    }
    out["recurrence"] = std::move(shown);
  }
  if (!silence.comment.empty()) out["comment"] = silence.comment;
  return out;
}

}  // namespace peering::model
