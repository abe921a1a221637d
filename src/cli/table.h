// Tables for people: aligned columns, numbers to the right, colours only where they mean something.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace peering::cli {

enum class Align : std::uint8_t { left, right };
/// A colour by meaning, not by name.
enum class Tone : std::uint8_t { plain, good, caution, bad, dim };

/// One piece of text in a table. Control characters are replaced, so that a server's text cannot steer the
/// terminal.
struct Cell {
  std::string text;
  Tone tone = Tone::plain;
  friend bool operator==(const Cell&, const Cell&) = default;
};

struct Heading {
  std::string text;
  Align align = Align::left;
};

/// Every row has as many cells as there are headings. Columns whose cells are all empty are left out.
/// `colored` adds ANSI colours. Ends with a line break; no blanks at line ends.
std::string render_table(const std::vector<Heading>& headings, const std::vector<std::vector<Cell>>& rows,
                         bool colored);

/// Two columns, name and value, for one thing.
std::string render_fields(const std::vector<std::pair<std::string, Cell>>& fields, bool colored);

/// Columns that a UTF-8 text takes on a terminal: one a code point, none for combining marks, two for wide
/// East Asian characters.
std::size_t display_width(std::string_view text);

/// The text in its tone.
std::string paint(const Cell& cell, bool colored);

}  // namespace peering::cli
