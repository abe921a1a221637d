#include "cli/yaml.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace peering::cli {

namespace {

bool is_reserved_word(std::string_view text) {
  constexpr std::array<std::string_view, 9> words = {"true", "false", "null", "yes", "no",
                                                     "on",   "off",   "y",    "n"};
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return std::equal(word.begin(), word.end(), text.begin(), text.end(),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
  });
}

// Plain where no YAML reader can take it for anything but this text: it starts with a letter or a slash, and
// goes on with characters that have no meaning.
bool is_plain(std::string_view text) {
  if (text.empty() || text.back() == ' ' || is_reserved_word(text)) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!letter(text.front()) && text.front() != '/') return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') ||
           std::string_view("/._-+ ()").find(c) != std::string_view::npos;
  });
}

std::string scalar(const json::value& value) {
  if (const auto* text = value.if_string()) {
    const std::string_view plain(text->data(), text->size());
    if (is_plain(plain)) return std::string(plain);
  }
  return json::serialize(value);  // JSON's scalars are YAML's
}

bool is_block(const json::value& value) {
  return (value.is_object() && !value.get_object().empty()) ||
         (value.is_array() && !value.get_array().empty());
}

void write(const json::value& value, int indent, std::string& out);

void write_object(const json::object& object, int indent, std::string& out) {
  bool first = true;
  for (const auto& member : object) {
    if (!first) out += std::string(static_cast<std::size_t>(indent), ' ');
    first = false;
    out += scalar(json::string(member.key())) + ":";
    if (is_block(member.value())) {
      out += "\n" + std::string(static_cast<std::size_t>(indent + 2), ' ');
      write(member.value(), indent + 2, out);
    } else {
      out += " " + scalar(member.value()) + "\n";
    }
  }
}

void write_array(const json::array& array, int indent, std::string& out) {
  bool first = true;
  for (const json::value& item : array) {
    if (!first) out += std::string(static_cast<std::size_t>(indent), ' ');
    first = false;
    out += "- ";
    write(item, indent + 2, out);
  }
}

// Writes at the current column, which is `indent`.
void write(const json::value& value, int indent, std::string& out) {
  if (!is_block(value)) {
    out += scalar(value) + "\n";
  } else if (const auto* object = value.if_object()) {
    write_object(*object, indent, out);
  } else {
    write_array(value.get_array(), indent, out);
  }
}

}  // namespace

std::string to_yaml(const json::value& value) {
  std::string out;
  write(value, 0, out);
  return out;
}

}  // namespace peering::cli
