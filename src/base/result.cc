#include "base/result.h"

#include <algorithm>

#include "base/utf8.h"

namespace peering {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::unauthenticated:
      return "unauthenticated";
    case ErrorCode::limit_exceeded:
      return "limit_exceeded";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::out_of_space:
      return "out_of_space";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::io:
      return "io";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

namespace {

constexpr std::size_t shown_value_bytes_max = 80;
constexpr std::size_t shown_field_bytes_max = 256;

std::string shown(std::string_view value, std::size_t bytes_max) {
  std::string out;
  std::size_t at = 0;
  while (at < value.size()) {
    const std::size_t count = utf8_character_bytes(value.substr(at));
    if (at + std::max<std::size_t>(count, 1) > bytes_max) break;
    const auto byte = static_cast<unsigned char>(value[at]);
    if (count == 0 || byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += value.substr(at, count);
    }
    at += std::max<std::size_t>(count, 1);
  }
  if (at < value.size()) out += "...";
  return out;
}

}  // namespace

Error invalid(std::string_view field, std::string_view value, std::string_view rule) {
  return Error{ErrorCode::invalid_argument,
               fmt::format("{} '{}' is not accepted: {}", shown(field, shown_field_bytes_max),
                           shown(value, shown_value_bytes_max), rule)};
}

}  // namespace peering
