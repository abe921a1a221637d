// Whole numbers and truth; and what all functions share.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "api/template/functions.h"
#include "model/registry.h"

namespace peering::api::tmpl {

namespace {

using Value = Result<json::value>;
using Operation = bool (*)(std::int64_t, std::int64_t, std::int64_t*);

Value calculate(Arguments a, Operation operation) {
  const auto left = number_argument(a, 0), right = number_argument(a, 1);
  if (!left) return tl::unexpected(left.error());
  if (!right) return tl::unexpected(right.error());
  std::int64_t out = 0;
  if (operation(*left, *right, &out)) {
    return fail(ErrorCode::invalid_argument, "the result of {} and {} is no whole number of 64 bits", *left,
                *right);
  }
  return out;
}

Value add(Arguments a) {
  return calculate(a, [](auto x, auto y, auto* out) { return __builtin_add_overflow(x, y, out); });
}
Value sub(Arguments a) {
  return calculate(a, [](auto x, auto y, auto* out) { return __builtin_sub_overflow(x, y, out); });
}
Value mul(Arguments a) {
  return calculate(a, [](auto x, auto y, auto* out) { return __builtin_mul_overflow(x, y, out); });
}

bool cannot_divide(std::int64_t x, std::int64_t y) {
  return y == 0 || (x == std::numeric_limits<std::int64_t>::min() && y == -1);
}
Value div(Arguments a) {
  return calculate(a, [](auto x, auto y, auto* out) {
    if (cannot_divide(x, y)) return true;
    *out = x / y;
    return false;
  });
}
Value mod(Arguments a) {
  return calculate(a, [](auto x, auto y, auto* out) {
    if (cannot_divide(x, y)) return true;
    *out = x % y;
    return false;
  });
}

Value extreme(Arguments a, bool largest) {
  const json::value& given = a[0];
  const Arguments numbers =
      a.size() == 1 && given.is_array() ? Arguments(given.get_array().data(), given.get_array().size()) : a;
  if (numbers.empty()) return wrong_argument(0, given, "numbers");
  std::int64_t out =
      largest ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto each = number_argument(numbers, i);
    if (!each) return tl::unexpected(each.error());
    out = largest ? std::max(out, *each) : std::min(out, *each);
  }
  return out;
}
Value min(Arguments a) { return extreme(a, false); }
Value max(Arguments a) { return extreme(a, true); }

Value range(Arguments a) {
  const auto start = number_argument(a, 0), count = number_argument(a, 1);
  if (!start) return tl::unexpected(start.error());
  if (!count) return tl::unexpected(count.error());
  if (*count < 0 || *count > static_cast<std::int64_t>(items_max)) {
    return wrong_argument(1, a[1], "a count from 0 to 10000");
  }
  if (*start < -2147483648LL || *start > 2147483647LL) return wrong_argument(0, a[0], "a number of 32 bits");
  json::array out;
  for (std::int64_t i = 0; i < *count; ++i) out.push_back(*start + i);
  return out;
}

Value to_int(Arguments a) {
  if (a[0].is_int64()) return a[0];
  const auto given = text_argument(a, 0);
  if (!given) return wrong_argument(0, a[0], "a whole number, or a text that is one");
  std::int64_t out = 0;
  const auto [stopped, error] = std::from_chars(given->data(), given->data() + given->size(), out);
  if (error != std::errc() || stopped != given->data() + given->size()) {
    return wrong_argument(0, a[0], "a whole number, or a text that is one");
  }
  return out;
}

Value to_bool(Arguments a) {
  if (a[0].is_bool()) return a[0];
  if (a[0].is_int64()) return a[0].get_int64() != 0;
  const std::string given = a[0].is_string() ? model::lower(std::string(a[0].get_string())) : "";
  if (given != "true" && given != "false") return wrong_argument(0, a[0], "true, false or a number");
  return given == "true";
}

Value negate(Arguments a) {
  const auto given = truth_argument(a, 0);
  if (!given) return tl::unexpected(given.error());
  return !*given;
}

// -1, 0 or 1 of two numbers or two texts.
Result<int> compare(Arguments a) {
  if (a[0].is_string() && a[1].is_string()) {
    const int order = a[0].get_string().compare(a[1].get_string());
    return order < 0 ? -1 : (order > 0 ? 1 : 0);
  }
  const auto left = number_argument(a, 0), right = number_argument(a, 1);
  if (!left) return tl::unexpected(left.error());
  if (!right) return tl::unexpected(right.error());
  return *left < *right ? -1 : (*left > *right ? 1 : 0);
}

template <class Holds>
Value comparison(Arguments a, Holds holds) {
  const auto order = compare(a);
  if (!order) return tl::unexpected(order.error());
  return json::value(holds(*order));
}
Value less(Arguments a) {
  return comparison(a, [](int order) { return order < 0; });
}
Value less_or_equals(Arguments a) {
  return comparison(a, [](int order) { return order <= 0; });
}
Value greater(Arguments a) {
  return comparison(a, [](int order) { return order > 0; });
}
Value greater_or_equals(Arguments a) {
  return comparison(a, [](int order) { return order >= 0; });
}

constexpr std::array<Function, 15> number_table = {{
    {"add", 2, 2, add},
    {"sub", 2, 2, sub},
    {"mul", 2, 2, mul},
    {"div", 2, 2, div},
    {"mod", 2, 2, mod},
    {"min", 1, any_number, min},
    {"max", 1, any_number, max},
    {"range", 2, 2, range},
    {"int", 1, 1, to_int},
    {"bool", 1, 1, to_bool},
    {"not", 1, 1, negate},
    {"less", 2, 2, less},
    {"lessOrEquals", 2, 2, less_or_equals},
    {"greater", 2, 2, greater},
    {"greaterOrEquals", 2, 2, greater_or_equals},
}};

}  // namespace

std::span<const Function> number_functions() { return number_table; }

const Function* find_function(std::string_view name) {
  const std::string wanted = model::lower(name);
  for (const auto functions : {text_functions(), list_functions(), number_functions()}) {
    for (const Function& each : functions) {
      if (model::lower(each.name) == wanted) return &each;
    }
  }
  return nullptr;
}

std::string_view kind_name(const json::value& value) {
  if (value.is_string()) return "a text";
  if (value.is_bool()) return "a truth value";
  if (value.is_number()) return "a number";
  if (value.is_array()) return "an array";
  return value.is_object() ? "an object" : "null";
}

bool same_value(const json::value& a, const json::value& b) { return a == b; }

tl::unexpected<Error> wrong_argument(std::size_t index, const json::value& value, std::string_view expected) {
  return tl::unexpected(invalid(fmt::format("argument {}", index + 1), json::serialize(value), expected));
}

Result<std::string> text_argument(Arguments arguments, std::size_t index) {
  const json::value& given = arguments[index];
  if (!given.is_string()) return wrong_argument(index, given, "a text");
  return std::string(given.get_string());
}

Result<std::int64_t> number_argument(Arguments arguments, std::size_t index) {
  const json::value& given = arguments[index];
  if (!given.is_int64()) return wrong_argument(index, given, "a whole number");
  return given.get_int64();
}

Result<bool> truth_argument(Arguments arguments, std::size_t index) {
  const json::value& given = arguments[index];
  if (!given.is_bool()) return wrong_argument(index, given, "true or false");
  return given.get_bool();
}

}  // namespace peering::api::tmpl
