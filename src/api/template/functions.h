// The functions of template expressions that need nothing but their arguments.
//
// Names compare without case. Indices and lengths of texts count bytes' characters: UTF-8 code points.
#pragma once

#include <span>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace peering::api::tmpl {

using Arguments = std::span<const json::value>;

/// One function: how many arguments it takes, and what it gives. Errors name the argument and the rule.
struct Function {
  std::string_view name;
  std::size_t least, most;
  Result<json::value> (*run)(Arguments arguments);
};

inline constexpr std::size_t any_number = 256;
/// Most items of a list that a function makes.
inline constexpr std::size_t items_max = 10'000;
/// Most bytes of a text that a function makes.
inline constexpr std::size_t text_bytes_max = 4 * 1024 * 1024;

/// The function of the name; null: there is none.
const Function* find_function(std::string_view name);

std::span<const Function> text_functions();
std::span<const Function> list_functions();
std::span<const Function> number_functions();

/// `2` as "an integer", for messages.
std::string_view kind_name(const json::value& value);
/// Equal as templates compare: objects whatever the order of their members.
bool same_value(const json::value& a, const json::value& b);
/// The argument as a text, a whole number or truth, or an error that names its place.
Result<std::string> text_argument(Arguments arguments, std::size_t index);
Result<std::int64_t> number_argument(Arguments arguments, std::size_t index);
Result<bool> truth_argument(Arguments arguments, std::size_t index);
/// `invalid_argument` for an argument.
tl::unexpected<Error> wrong_argument(std::size_t index, const json::value& value, std::string_view expected);

}  // namespace peering::api::tmpl
