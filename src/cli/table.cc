#include "cli/table.h"

#include <algorithm>
#include <cstdint>

namespace peering::cli {

namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
};

// The code point at `at`; a byte that starts none counts as one column.
CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(at);
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  if (length == 1 || at + length > text.size()) return {first, 1};
  char32_t value = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = value << 6 | (byte(at + i) & 0x3FU);
  return {value, length};
}

std::size_t width_of(char32_t c) {
  if (c >= 0x300 && c <= 0x36F) return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFF00 && c <= 0xFF60) || (c >= 0x1F300 && c <= 0x1FAFF);
  return wide ? 2 : 1;
}

std::string without_controls(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return out;
}

std::string_view color_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "\x1b[32m";
    case Tone::caution:
      return "\x1b[33m";
    case Tone::bad:
      return "\x1b[31m";
    case Tone::dim:
      return "\x1b[2m";
    case Tone::plain:
      break;
  }
  return {};
}

void append_aligned(std::string& line, const Cell& cell, std::size_t width, Align align, bool colored) {
  const std::string text = without_controls(cell.text);
  const std::size_t used = display_width(text);
  const std::string pad(width > used ? width - used : 0, ' ');
  if (align == Align::right) line += pad;
  line += paint(Cell{text, cell.tone}, colored);
  if (align == Align::left) line += pad;
}

void end_line(std::string& out, std::string line) {
  const std::size_t last = line.find_last_not_of(' ');
  line.resize(last == std::string::npos ? 0 : last + 1);
  out += line + "\n";
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    out += width_of(point.value);
    at += point.bytes;
  }
  return out;
}

std::string paint(const Cell& cell, bool colored) {
  const std::string_view color = color_of(cell.tone);
  if (!colored || color.empty() || cell.text.empty()) return cell.text;
  return std::string(color) + cell.text + "\x1b[0m";
}

std::string render_table(const std::vector<Heading>& headings, const std::vector<std::vector<Cell>>& rows,
                         bool colored) {
  std::vector<std::size_t> shown;
  std::vector<std::size_t> widths(headings.size());
  for (std::size_t i = 0; i < headings.size(); ++i) {
    const bool used = rows.empty() || std::any_of(rows.begin(), rows.end(),
                                                  [&](const auto& row) { return !row[i].text.empty(); });
    if (!used) continue;
    shown.push_back(i);
    widths[i] = display_width(headings[i].text);
    for (const auto& row : rows) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  std::string out;
  const auto add_line = [&](const auto& cell_of, bool painted) {
    std::string line;
    for (const std::size_t i : shown) {
      if (!line.empty()) line += "  ";
      append_aligned(line, cell_of(i), widths[i], headings[i].align, painted);
    }
    end_line(out, std::move(line));
  };
  add_line([&](std::size_t i) { return Cell{headings[i].text, Tone::dim}; }, colored);
  for (const auto& row : rows) {
    add_line([&](std::size_t i) { return row[i]; }, colored);
  }
  return out;
}

std::string render_fields(const std::vector<std::pair<std::string, Cell>>& fields, bool colored) {
  std::size_t width = 0;
  for (const auto& field : fields) width = std::max(width, display_width(field.first));
  std::string out;
  for (const auto& [name, cell] : fields) {
    if (cell.text.empty()) continue;
    std::string line;
    append_aligned(line, Cell{name, Tone::dim}, width, Align::left, colored);
    line += "  " + paint(Cell{without_controls(cell.text), cell.tone}, colored);
    end_line(out, std::move(line));
  }
  return out;
}

}  // namespace peering::cli
