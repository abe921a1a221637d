// How answers look: JSON and YAML as the server gave them, tables and tab-separated values as columns picked
// by path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cli/settings.h"
#include "cli/table.h"

namespace peering::cli {

/// How a column's value is written in tables.
enum class Show : std::uint8_t {
  text,          ///< as it is; lists joined by commas
  time,          ///< RFC 3339 cut to seconds: "2026-11-25 12:30:07"
  level,         ///< Information, Warning, Error, Critical, with their tones
  state,         ///< states, good and bad ones with their tones
  milliseconds,  ///< from microseconds, two decimals
  number,        ///< to the right
};

struct Column {
  std::string_view title;
  std::string_view path;  ///< "properties.prefix"; "" is the value itself
  Show show = Show::text;
};
using Columns = std::vector<Column>;

/// The value at a dotted path, or nullptr.
const json::value* value_at(const json::value& value, std::string_view path);
/// One cell of a table.
Cell cell_of(const json::value& item, const Column& column);
/// A value in one piece of text: texts without quotes, lists joined by commas, objects as
/// name=value, null as nothing.
std::string plain_text(const json::value& value);

/// A list in the format; tab-separated values have no heading, and tabs and line breaks in them become
/// blanks.
std::string format_list(const json::array& items, const Columns& columns, const Settings& settings);
/// One thing: in tables one line a field.
std::string format_one(const json::value& item, const Columns& columns, const Settings& settings);

}  // namespace peering::cli
