#include "base/json.h"

#include <cmath>

namespace peering {

Result<json::value> parse_json(std::string_view text) {
  json::error_code error;
  json::stream_parser parser;
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error) {
    const std::size_t end = text.find_first_not_of(" \t\r\n", used);
    if (end != std::string_view::npos) {
      return fail(ErrorCode::invalid_argument, "no JSON: something follows the value at byte {}", end);
    }
    parser.finish(error);
  }
  if (error) {
    return fail(ErrorCode::invalid_argument, "no JSON: {} at byte {}", error.message(), used);
  }
  return parser.release();
}

const json::value* find(const json::value& value, std::string_view key) {
  const json::object* object = value.if_object();
  return object ? object->if_contains(key) : nullptr;
}

std::optional<std::string> find_string(const json::value& value, std::string_view key) {
  const json::value* member = find(value, key);
  const json::string* text = member ? member->if_string() : nullptr;
  if (!text) return std::nullopt;
  return std::string(text->data(), text->size());
}

namespace {

void pretty_into(const json::value& value, int indent, std::string& out) {
  const std::string pad(static_cast<std::size_t>(indent + 2), ' ');
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& member : *object) {
      if (!first) out += ",\n";
      first = false;
      out += pad + json::serialize(member.key()) + ": ";
      pretty_into(member.value(), indent + 2, out);
    }
    out += "\n" + std::string(static_cast<std::size_t>(indent), ' ') + "}";
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += "[\n";
    bool first = true;
    for (const auto& item : *array) {
      if (!first) out += ",\n";
      first = false;
      out += pad;
      pretty_into(item, indent + 2, out);
    }
    out += "\n" + std::string(static_cast<std::size_t>(indent), ' ') + "]";
  } else if (const double* number = value.if_double(); number && std::isfinite(*number)) {
    const std::string text = fmt::format("{}", *number);
    out += text;
    if (text.find_first_of(".e") == std::string::npos) out += ".0";  // stays what it is when it is read again
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string pretty(const json::value& value) {
  std::string out;
  pretty_into(value, 0, out);
  return out;
}

}  // namespace peering
