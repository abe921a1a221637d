#include "api/arm/names.h"

#include <algorithm>

#include "model/registry.h"

namespace peering::api::arm {

namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_hexadecimal(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

constexpr std::size_t resource_name_bytes_max = 63;
constexpr std::size_t resource_group_name_bytes_max = 90;

std::string folded_region(std::string_view region) {
  std::string out = model::lower(region);
  std::erase(out, ' ');
  return out;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  // Each request compares its path with a hundred templates: nearly all end here.
  if (a.size() != b.size()) return false;
  if (a == b) return true;
  const auto folded = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, folded, folded);
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool is_resource_name(std::string_view name) {
  return !name.empty() && name.size() <= resource_name_bytes_max && std::ranges::all_of(name, [](char c) {
    return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
  });
}

bool is_resource_group_name(std::string_view name) {
  return !name.empty() && name.size() <= resource_group_name_bytes_max && name.back() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '(' || c == ')';
         });
}

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hexadecimal(text[i])) return false;
  }
  return true;
}

bool same_region(std::string_view a, std::string_view b) { return folded_region(a) == folded_region(b); }

}  // namespace peering::api::arm
