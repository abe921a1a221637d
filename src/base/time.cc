#include "base/time.h"

#include <charconv>

namespace peering {

using std::chrono::days;
using std::chrono::duration_cast;
using std::chrono::seconds;

TimePoint now() { return std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::now()); }

namespace {

// Every answer and every stored document has some of these: a format string costs ten times as much.
void append_number(std::string& out, std::int64_t value, std::size_t digits, char after) {
  char text[8];
  for (std::size_t at = digits; at-- > 0; value /= 10) text[at] = static_cast<char>('0' + value % 10);
  out.append(text, digits);
  if (after != 0) out += after;
}

}  // namespace

std::string format_rfc3339(TimePoint t) {
  const auto day = std::chrono::floor<days>(t);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(t - day);
  const int year = static_cast<int>(date.year());
  std::string out;
  if (year >= 0 && year <= 9999) {
    append_number(out, year, 4, '-');
  } else {
    out = fmt::format("{:04}-", year);
  }
  append_number(out, static_cast<unsigned>(date.month()), 2, '-');
  append_number(out, static_cast<unsigned>(date.day()), 2, 'T');
  append_number(out, clock.hours().count(), 2, ':');
  append_number(out, clock.minutes().count(), 2, ':');
  append_number(out, clock.seconds().count(), 2, 0);
  const auto fraction = clock.subseconds().count();
  if (fraction != 0) out += '.';
  if (fraction % 1000 != 0) {
    append_number(out, fraction, 6, 0);
  } else if (fraction != 0) {
    append_number(out, fraction / 1000, 3, 0);
  }
  return out += 'Z';
}

namespace {

// Reads exactly `digits` decimal digits at `at`, or -1.
int number_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool char_at(std::string_view text, std::size_t at, char c) { return at < text.size() && text[at] == c; }

constexpr std::size_t date_time_bytes = 19;  // "2026-11-23T10:00:00"

struct Fraction {
  std::int64_t us = 0;
  std::size_t end = 0;
};

Fraction fraction_at(std::string_view text, std::size_t at) {
  Fraction out{0, at};
  if (!char_at(text, at, '.')) return out;
  std::int64_t scale = 100000;
  for (out.end = at + 1; out.end < text.size(); ++out.end) {
    const char c = text[out.end];
    if (c < '0' || c > '9') break;
    out.us += scale * (c - '0');
    scale /= 10;
  }
  return out;
}

}  // namespace

Result<TimePoint> parse_rfc3339(std::string_view text) {
  const auto bad = [&] {
    return tl::unexpected(invalid("time", text, "an RFC 3339 date-time such as 2026-11-23T10:00:00Z"));
  };
  const int year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
  const int hour = number_at(text, 11, 2), minute = number_at(text, 14, 2), second = number_at(text, 17, 2);
  const bool punctuated = char_at(text, 4, '-') && char_at(text, 7, '-') &&
                          (char_at(text, 10, 'T') || char_at(text, 10, 't') || char_at(text, 10, ' ')) &&
                          char_at(text, 13, ':') && char_at(text, 16, ':');
  if (!punctuated || year < 1970 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60) {
    return bad();
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (month < 1 || day < 1 || !date.ok()) return bad();
  const Fraction fraction = fraction_at(text, date_time_bytes);
  if (fraction.end == date_time_bytes + 1) return bad();
  std::int64_t offset_minutes = 0;
  const std::string_view zone = text.substr(std::min(fraction.end, text.size()));
  if (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':') {
    const int hours = number_at(zone, 1, 2), minutes = number_at(zone, 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return bad();
    offset_minutes = (hours * 60 + minutes) * (zone[0] == '-' ? -1 : 1);
  } else if (zone != "Z" && zone != "z") {
    return bad();
  }
  const auto moment = std::chrono::sys_days(date) + std::chrono::hours(hour) +
                      std::chrono::minutes(minute - offset_minutes) + seconds(second);
  return TimePoint(moment.time_since_epoch()) + Microseconds(fraction.us);
}

std::string format_duration(Microseconds duration) {
  const auto total_s = duration_cast<seconds>(duration).count();
  if (total_s < 1) return fmt::format("{} ms", duration.count() / 1000);
  if (total_s < 60) return fmt::format("{} s", total_s);
  if (total_s < 3600) return fmt::format("{} min {} s", total_s / 60, total_s % 60);
  if (total_s < 86400) return fmt::format("{} h {} min", total_s / 3600, total_s % 3600 / 60);
  return fmt::format("{} d {} h", total_s / 86400, total_s % 86400 / 3600);
}

}  // namespace peering
