// Reading the catalogue's file: every mistake is named by its field, and the first one is kept.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace peering::api {

/// Walks the document and keeps the first error.
class CatalogReader {
 public:
  std::optional<Error> error;  ///< the first one

  /// Notes an error unless there is one already.
  void reject(std::string_view field, std::string_view value, std::string_view rule) {
    if (!error) error = invalid(field, value, rule);
  }
  /// A member that is a text; empty when it is absent or wrong.
  std::string text(const json::value& object, std::string_view key, std::string_view path, bool required) {
    const json::value* member = find(object, key);
    const std::string field = fmt::format("{}.{}", path, key);
    if (!member) {
      if (required) reject(field, "", "it is required");
      return {};
    }
    if (!member->is_string()) {
      reject(field, json::serialize(*member), "a text");
      return {};
    }
    std::string out(member->get_string());
    if (out.empty()) reject(field, out, "not empty");
    return out;
  }
  /// A member that is a list; an empty one when it is absent or wrong.
  const json::array& list(const json::value& object, std::string_view key, std::string_view path,
                          bool required) {
    static const json::array none;
    const json::value* member = find(object, key);
    const std::string field = fmt::format("{}.{}", path, key);
    if (!member && required) reject(field, "", "it is required");
    if (member && !member->is_array()) reject(field, json::serialize(*member), "a list");
    return member && member->is_array() ? member->get_array() : none;
  }
  /// `value` must be an object without other members.
  void keys(const json::value& value, std::string_view path, std::initializer_list<std::string_view> known) {
    if (!value.is_object()) return reject(path, json::serialize(value), "an object");
    for (const auto& member : value.get_object()) {
      const std::string_view key(member.key().data(), member.key().size());
      if (std::ranges::find(known, key) == known.end()) reject(path, key, "no such key is known");
    }
  }
  /// A member that is a whole number from 1 to 2147483647; nothing when it is absent or wrong.
  std::optional<std::int32_t> number(const json::value& object, std::string_view key, std::string_view path) {
    const json::value* member = find(object, key);
    if (!member) return std::nullopt;
    json::error_code wrong;
    const auto out = member->is_number() ? member->to_number<std::int32_t>(wrong) : 0;
    if (!wrong && out > 0) return out;
    reject(fmt::format("{}.{}", path, key), json::serialize(*member), "a number from 1 to 2147483647");
    return std::nullopt;
  }
};

}  // namespace peering::api
