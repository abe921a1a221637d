#include "cli/as_code/text_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

namespace peering::cli::as_code {

namespace {

constexpr std::size_t context_lines = 3;
constexpr std::size_t compared_lines_max = 4000;

struct Line {
  char sign;
  std::string_view text;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return out;
}

using Lines = std::vector<std::string_view>;

// The longest common subsequence, by the table of its lengths from the end.
void compare(const Lines& before, const Lines& after, std::vector<Line>& out) {
  const std::size_t rows = before.size(), columns = after.size();
  const bool too_many = rows + columns > compared_lines_max;
  std::vector<std::uint16_t> length(too_many ? 0 : (rows + 1) * (columns + 1));
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint16_t& {
    return length[i * (columns + 1) + j];
  };
  for (std::size_t i = rows; !too_many && i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      at(i, j) = before[i] == after[j] ? static_cast<std::uint16_t>(at(i + 1, j + 1) + 1)
                                       : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::size_t i = 0, j = 0;
  while (i < rows || j < columns) {
    if (!too_many && i < rows && j < columns && before[i] == after[j]) {
      out.push_back({' ', before[i++]});
      ++j;
    } else if (i < rows && (too_many || j == columns || at(i + 1, j) >= at(i, j + 1))) {
      out.push_back({'-', before[i++]});
    } else {
      out.push_back({'+', after[j++]});
    }
  }
}

std::vector<Line> all_lines(const Lines& before, const Lines& after) {
  std::size_t start = 0, end = 0;
  const std::size_t shorter = std::min(before.size(), after.size());
  while (start < shorter && before[start] == after[start]) ++start;
  while (end < shorter - start && before[before.size() - 1 - end] == after[after.size() - 1 - end]) ++end;
  std::vector<Line> out;
  for (std::size_t i = 0; i < start; ++i) out.push_back({' ', before[i]});
  const auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(start),
                 lines.end() - static_cast<std::ptrdiff_t>(end));
  };
  compare(middle(before), middle(after), out);
  for (std::size_t i = before.size() - end; i < before.size(); ++i) out.push_back({' ', before[i]});
  return out;
}

// "3,5", or "0,0" for nothing at the beginning.
std::string range(std::size_t first, std::size_t count) {
  return fmt::format("{},{}", count == 0 ? first : first + 1, count);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after) {
  const std::vector<Line> lines = all_lines(lines_of(before), lines_of(after));
  std::string out;
  std::size_t at = 0, old_line = 0, new_line = 0;
  const auto next_change = [&](std::size_t from) {
    while (from < lines.size() && lines[from].sign == ' ') ++from;
    return from;
  };
  while (next_change(at) < lines.size()) {
    const std::size_t change = next_change(at);
    const std::size_t first = std::max(at, change < context_lines ? 0 : change - context_lines);
    old_line += first - at;
    new_line += first - at;
    std::size_t last = change;
    for (std::size_t next = change; next < lines.size() && next <= last + 2 * context_lines;
         next = next_change(next + 1)) {
      last = next;
    }
    const std::size_t end = std::min(lines.size(), last + context_lines + 1);
    std::string hunk;
    std::size_t old_count = 0, new_count = 0;
    for (std::size_t i = first; i < end; ++i) {
      hunk += fmt::format("{}{}\n", lines[i].sign, lines[i].text);
      old_count += lines[i].sign != '+' ? 1 : 0;
      new_count += lines[i].sign != '-' ? 1 : 0;
    }
    out += fmt::format("@@ -{} +{} @@\n", range(old_line, old_count), range(new_line, new_count)) + hunk;
    old_line += old_count;
    new_line += new_count;
    at = end;
  }
  return out;
}

}  // namespace peering::cli::as_code
