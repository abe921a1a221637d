#include "wire/ris/text_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace peering::wire::ris {

namespace {

constexpr double seconds_max = 253402300800.0;  // the year 10000
constexpr std::size_t usual_seconds_digits = 11, microsecond_digits = 6;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads one to three digits without a leading zero; moves `at` behind them. Over 255 or none: -1.
int octet(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  int out = 0;
  while (at < text.size() && at - begin < 3 && is_digit(text[at])) out = out * 10 + (text[at++] - '0');
  const bool leading_zero = at - begin > 1 && text[begin] == '0';
  return at == begin || leading_zero || out > 255 ? -1 : out;
}

// "192.0.2.1" at the front of the text; `at` is left behind it.
std::optional<std::uint32_t> dotted_quad(std::string_view text, std::size_t& at) {
  std::uint32_t out = 0;
  for (int i = 0; i < 4; ++i) {
    if (i > 0 && (at >= text.size() || text[at++] != '.')) return std::nullopt;
    const int value = octet(text, at);
    if (value < 0) return std::nullopt;
    out = out << 8 | static_cast<std::uint32_t>(value);
  }
  return out;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// RFC 4291 text without an embedded IPv4 address at the front; `at` is left behind it.
std::optional<net::Address> colon_hex(std::string_view text, std::size_t& at) {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t groups = 0, gap = 9;  // 9: none
  if (text.starts_with("::")) gap = 0, at = 2;
  while (groups < 8) {
    unsigned value = 0;
    const std::size_t begin = at;
    for (int digit = 0; at < text.size() && at - begin < 4; ++at) {
      if ((digit = hex_value(text[at])) < 0) break;
      value = value << 4 | static_cast<unsigned>(digit);
    }
    if (at == begin) break;
    bytes[2 * groups] = static_cast<std::uint8_t>(value >> 8);
    bytes[2 * groups + 1] = static_cast<std::uint8_t>(value);
    ++groups;
    if (at >= text.size() || text[at] != ':') break;
    if (at + 1 < text.size() && text[at + 1] == ':') {
      if (gap != 9) return std::nullopt;
      gap = groups;
      at += 2;
    } else {
      if (groups == 8 || at + 1 >= text.size() || hex_value(text[at + 1]) < 0) return std::nullopt;
      ++at;
    }
  }
  if (gap == 9 ? groups != 8 : groups > 7) return std::nullopt;
  if (gap != 9) {
    std::copy_backward(bytes.begin() + static_cast<std::ptrdiff_t>(2 * gap),
                       bytes.begin() + static_cast<std::ptrdiff_t>(2 * groups), bytes.end());
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(2 * gap),
              bytes.end() - static_cast<std::ptrdiff_t>(2 * (groups - gap)), std::uint8_t{0});
  }
  return net::Address::v6(bytes);
}

std::optional<net::Address> usual_address(std::string_view text, std::size_t& at) {
  if (const auto quad = dotted_quad(text, at)) return net::Address::v4(*quad);
  at = 0;
  return colon_hex(text, at);
}

}  // namespace

std::optional<net::Address> address_of(std::string_view text) {
  std::size_t at = 0;
  const auto usual = usual_address(text, at);
  if (usual && at == text.size()) return usual;
  const auto parsed = net::Address::parse(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<net::Prefix> prefix_of(std::string_view text) {
  std::size_t at = 0;
  const auto usual = usual_address(text, at);
  if (usual && at < text.size() && text[at] == '/') {
    const auto bits = static_cast<std::uint64_t>(net::address_bits(usual->family()));
    const auto length = whole_number_of(text.substr(at + 1), bits);
    if (length) return net::Prefix(*usual, static_cast<int>(*length));
  }
  const auto parsed = net::Prefix::parse_lenient(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<std::uint64_t> whole_number_of(std::string_view text, std::uint64_t max) {
  constexpr std::size_t safe_digits = 19;  // cannot overflow 64 bits
  if (text.empty() || text.size() > safe_digits) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return out <= max ? std::optional(out) : std::nullopt;
}

std::optional<TimePoint> time_of(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : "0";
  if (point <= usual_seconds_digits && fraction.size() <= microsecond_digits) {
    const auto seconds = whole_number_of(text.substr(0, point), UINT64_MAX);
    auto microseconds = whole_number_of(fraction, UINT64_MAX);
    if (seconds && microseconds) {
      for (std::size_t i = fraction.size(); i < microsecond_digits; ++i) *microseconds *= 10;
      return time_from_us(static_cast<std::int64_t>(*seconds * 1'000'000 + *microseconds));
    }
  }
  if (text.ends_with('.')) return std::nullopt;
  double seconds = -1;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = wrong == std::errc{} && end == text.data() + text.size();
  if (!whole || !(seconds >= 0) || seconds >= seconds_max) return std::nullopt;
  return time_from_us(std::llround(seconds * 1e6));
}

}  // namespace peering::wire::ris
