// A text body line by line.
#pragma once

#include <string_view>

namespace peering::latency {

/// Calls `visit(line)` for every line, without its line break (LF or CRLF); the last may lack one. A UTF-8
/// byte order mark at the start of the text is skipped.
template <class Visit>
void for_each_line(std::string_view text, Visit&& visit) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    visit(line);
  }
}

/// Nothing but blanks and tabs.
inline bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace peering::latency
