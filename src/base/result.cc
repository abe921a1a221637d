#include "base/result.h"

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

std::string shown(std::string_view value) {
  std::string out;
  for (const char c : value.substr(0, shown_value_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  if (value.size() > shown_value_bytes_max) out += "...";
  return out;
}

}  // namespace

Error invalid(std::string_view field, std::string_view value, std::string_view rule) {
  return Error{ErrorCode::invalid_argument,
               fmt::format("{} '{}' is not accepted: {}", field, shown(value), rule)};
}

}  // namespace peering
