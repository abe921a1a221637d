// Tables between enumerators and the names that are served, read both ways.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace peering::model {

template <class E, std::size_t N>
using NameTable = std::array<std::pair<E, std::string_view>, N>;

/// The name of a value; empty when the table lacks it.
template <class E, std::size_t N>
constexpr std::string_view name_of(const NameTable<E, N>& table, E value) {
  for (const auto& [entry, name] : table) {
    if (entry == value) return name;
  }
  return {};
}

/// The value of a name, compared without case (ASCII).
template <class E, std::size_t N>
std::optional<E> value_of(const NameTable<E, N>& table, std::string_view text) {
  const auto same = [](char a, char b) {
    const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return fold(a) == fold(b);
  };
  for (const auto& [entry, name] : table) {
    if (name.size() != text.size()) continue;
    bool equal = true;
    for (std::size_t i = 0; i < name.size() && equal; ++i) equal = same(name[i], text[i]);
    if (equal) return entry;
  }
  return std::nullopt;
}

}  // namespace peering::model
