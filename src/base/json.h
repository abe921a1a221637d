// JSON by Boost.JSON: parsing without exceptions and the few accessors every room needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"

namespace peering {

namespace json = boost::json;

/// Parses one JSON text (RFC 8259), nesting at most 32. The error names the byte offset.
Result<json::value> parse_json(std::string_view text);

/// Member of an object, or nullptr when `value` is no object or has no such member.
const json::value* find(const json::value& value, std::string_view key);
/// Follows keys: `find(v, "properties", "prefix")`.
template <class... Keys>
const json::value* find(const json::value& value, std::string_view key, Keys... keys) {
  const json::value* inner = find(value, key);
  return inner ? find(*inner, keys...) : nullptr;
}
/// The text of a string member, or nothing.
std::optional<std::string> find_string(const json::value& value, std::string_view key);

/// Indented by two blanks, for people.
std::string pretty(const json::value& value);

}  // namespace peering
