#include "latency/redact.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace peering::latency {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_address_letter(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

// The number from 0 to 255 at the start of `text` and how many digits it has, or 0 digits.
std::size_t octet_digits(std::string_view text) {
  std::size_t digits = 0;
  int value = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    value = std::min(1000, value * 10 + (text[digits] - '0'));
    ++digits;
  }
  return value <= 255 ? digits : 0;
}

struct Quad {
  std::size_t last_at = 0, end = 0;  // where the fourth number starts and ends
};

// A dotted quad at the start of `text`.
std::optional<Quad> quad_at_start(std::string_view text) {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t digits = octet_digits(text.substr(at));
    if (digits == 0) return std::nullopt;
    if (part == 3) return Quad{at, at + digits};
    at += digits;
    if (at >= text.size() || text[at] != '.') return std::nullopt;
    ++at;
  }
  return std::nullopt;
}

// A run of letters that may be an IPv6 address: cut after its third colon (48 bits), or after the first
// double colon when that comes earlier.
std::string redact_colons(std::string_view run) {
  int colons = 0;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (run[i] != ':') continue;
    ++colons;
    if (colons == 3 || (i > 0 && run[i - 1] == ':')) return std::string(run.substr(0, i + 1)) + "*";
  }
  return std::string(run.substr(0, run.find(':') + 1)) + "*";
}

std::string redact_quads(std::string_view run) {
  std::string out;
  for (std::size_t i = 0; i < run.size();) {
    const bool starts_number = is_digit(run[i]) && (i == 0 || !is_digit(run[i - 1]));
    const auto quad = starts_number ? quad_at_start(run.substr(i)) : std::nullopt;
    if (!quad) {
      out.push_back(run[i++]);
      continue;
    }
    out.append(run.substr(i, quad->last_at)).push_back('*');
    i += quad->end;
  }
  return out;
}

}  // namespace

std::string redact_addresses(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_address_letter(text[i])) {
      out.push_back(text[i++]);
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_address_letter(text[end])) ++end;
    const std::string_view run = text.substr(i, end - i);
    const bool has_quad = std::ranges::count(run, '.') >= 3;
    // A time has two colons and so has the shortest IPv6 address; only the latter is written with "::".
    const bool has_colons = std::ranges::count(run, ':') >= 3 || run.find("::") != std::string_view::npos;
    out += has_colons ? redact_colons(run) : has_quad ? redact_quads(run) : std::string(run);
    i = end;
  }
  return out;
}

}  // namespace peering::latency
