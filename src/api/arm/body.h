// Reading request bodies: every wrong type is an answer that names the field.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/arm/failure.h"
#include "base/json.h"

namespace peering::api::arm {

/// The body as a JSON object; 400 `InvalidRequestContent` when it is anything else, 415 when it is
/// compressed. A member that comes twice is the last one.
Expected<json::value> read_object(const http::Request& request);
/// The same for a template, which may be JSON with comments (`json_with_comments.h`).
Expected<json::value> read_object_with_comments(const http::Request& request);
/// As `read_object`, but no body at all gives an empty object.
Expected<json::value> read_object_or_nothing(const http::Request& request);

/// A member that is an object; an absent or null one gives an empty object. `path` is how the member is
/// called in messages.
Expected<json::object> object_member(const json::value& value, std::string_view key, std::string_view path);

/// A member that is a text; nothing when absent or null. Control characters are refused, and texts over
/// `bytes_max`.
Expected<std::optional<std::string>> text_member(const json::value& value, std::string_view key,
                                                 std::string_view path, std::size_t bytes_max = 1024);
/// The same, required and not empty.
Expected<std::string> required_text(const json::value& value, std::string_view key, std::string_view path,
                                    std::size_t bytes_max = 1024);
/// A member that is a whole number; nothing when absent or null.
Expected<std::optional<std::int64_t>> number_member(const json::value& value, std::string_view key,
                                                    std::string_view path);
Expected<std::optional<bool>> bool_member(const json::value& value, std::string_view key,
                                          std::string_view path);
/// 400 that names the first member whose key is not in `known`.
Expected<void> only_members(const json::object& value, std::string_view path,
                            std::span<const std::string_view> known);

/// `patch` applied to `target` (RFC 7396).
json::value merge_patch(const json::value& target, const json::value& patch);

}  // namespace peering::api::arm
