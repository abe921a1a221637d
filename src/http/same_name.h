// How HTTP compares names of header fields, and ARM names of query parameters: without case, ASCII only.
#pragma once

#include <algorithm>
#include <string_view>

namespace peering::http {

/// Equal but for the case of the letters A to Z. Other bytes, also those of UTF-8, compare as they are.
inline bool same_name(std::string_view a, std::string_view b) {
  const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return fold(x) == fold(y); });
}

}  // namespace peering::http
