#include "api/arm/duration.h"

#include <cctype>
#include <charconv>
#include <string>
#include <utility>

namespace peering::api::arm {

namespace {

char upper(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }

// Length of one designator; nothing for one that does not exist on its side of the "T".
std::optional<Microseconds> unit_of(char designator, bool in_time) {
  if (in_time && designator == 'H') return std::chrono::hours(1);
  if (in_time && designator == 'M') return std::chrono::minutes(1);
  if (in_time && designator == 'S') return std::chrono::seconds(1);
  if (!in_time && designator == 'D') return std::chrono::days(1);
  if (!in_time && designator == 'W') return std::chrono::weeks(1);
  return std::nullopt;
}

}  // namespace

std::optional<Microseconds> parse_duration(std::string_view text) {
  if (text.empty() || upper(text.front()) != 'P') return std::nullopt;
  text.remove_prefix(1);
  Microseconds out{0}, smallest = duration_max;
  bool in_time = false;
  while (!text.empty()) {
    if (!in_time && upper(text.front()) == 'T') {
      in_time = true;
      text.remove_prefix(1);
      if (text.empty()) return std::nullopt;
    }
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr == text.data() + text.size()) return std::nullopt;
    const auto unit = unit_of(upper(*parsed.ptr), in_time);
    // Each designator once, the greater ones first.
    if (!unit || *unit >= smallest) return std::nullopt;
    smallest = *unit;
    if (number > duration_max / *unit) return std::nullopt;
    out += *unit * number;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()) + 1);
  }
  if (out <= Microseconds(0) || out > duration_max) return std::nullopt;
  return out;
}

Result<TimePoint> parse_time(std::string_view text) {
  auto out = parse_rfc3339(text);
  if (out) return out;
  auto without_offset = parse_rfc3339(std::string(text) + "Z");
  return without_offset ? std::move(without_offset) : std::move(out);
}

}  // namespace peering::api::arm
