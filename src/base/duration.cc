#include "base/duration.h"

#include <charconv>

namespace peering {

Result<std::chrono::seconds> parse_duration(std::string_view text) {
  std::int64_t number = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(parsed.ptr, static_cast<std::size_t>(text.data() + text.size() - parsed.ptr));
  constexpr std::int64_t number_max = 1'000'000'000;
  if (parsed.ec == std::errc() && number >= 0 && number <= number_max) {
    if (unit == "ms") return std::chrono::seconds((number + 999) / 1000);
    if (unit == "s") return std::chrono::seconds(number);
    if (unit == "m") return std::chrono::seconds(number * 60);
    if (unit == "h") return std::chrono::seconds(number * 3600);
    if (unit == "d") return std::chrono::seconds(number * 86400);
  }
  return tl::unexpected(invalid("duration", text, "a number with ms, s, m, h or d"));
}

}  // namespace peering
