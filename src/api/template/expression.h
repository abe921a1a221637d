// The expressions of ARM templates: what stands between `[` and `]` in a text.
//
//   [concat('office-', parameters('site'), variables('names')[0].suffix)]
//
// A text is an expression when it begins with '[' and ends with ']'; "[[…" is a text that begins with one
// bracket. Parsing looks at nothing but the text; functions are known to evaluator.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace peering::api::tmpl {

inline constexpr std::size_t expression_bytes_max = 24'576;
inline constexpr int expression_depth_max = 64;

/// A piece of an expression.
struct Node {
  enum class Kind : std::uint8_t {
    text,    ///< 'a literal'
    number,  ///< a whole number
    call,    ///< `text`(children…)
    member,  ///< child.`text`
    index,   ///< child[child]
  };
  Kind kind = Kind::text;
  std::string text;
  std::int64_t number = 0;
  std::vector<Node> children;
  std::size_t at = 0;  ///< where it begins, in bytes of the text with its bracket
};

bool is_expression(std::string_view text);
/// What a text that is no expression stands for: "[[a]" is "[a]".
std::string literal_of(std::string_view text);

/// Parses a text of which `is_expression` holds. Errors name the place.
Result<Node> parse_expression(std::string_view text);

}  // namespace peering::api::tmpl
