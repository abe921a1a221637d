#include "api/arm/body.h"

#include <algorithm>
#include <limits>

#include "api/arm/json_with_comments.h"
#include "api/arm/names.h"
#include "base/strict_json.h"

namespace peering::api::arm {

namespace {

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

const json::value* present_member(const json::value& value, std::string_view key) {
  const json::value* member = find(value, key);
  return member && !member->is_null() ? member : nullptr;
}

}  // namespace

Expected<json::value> read_object(const http::Request& request) {
  const std::string_view encoding = request.headers.get("Content-Encoding").value_or("");
  if (!encoding.empty() && !same_name(encoding, "identity")) {
    return refuse(415, "UnsupportedMediaType",
                  invalid("Content-Encoding", encoding, "resources come as they are (identity)").message);
  }
  if (request.body.empty()) {
    return refuse(400, "InvalidRequestContent", "The request content is missing: a JSON object is expected.");
  }
  auto value = parse_json_strictly(request.body);
  if (!value) {
    return refuse(400, "InvalidRequestContent",
                  fmt::format("The request content was invalid: {}.", value.error().message));
  }
  if (!value->is_object()) return bad_content("body", request.body, "a JSON object");
  return std::move(*value);
}

Expected<json::value> read_object_with_comments(const http::Request& request) {
  auto strict = read_object(request);
  if (strict || strict.error().status != 400) return strict;
  http::Request rewritten;
  rewritten.body = without_comments(request.body);
  auto out = read_object(rewritten);
  return out ? std::move(out) : std::move(strict);
}

Expected<json::value> read_object_or_nothing(const http::Request& request) {
  if (request.body.empty()) return json::value(json::object());
  return read_object(request);
}

Expected<json::object> object_member(const json::value& value, std::string_view key, std::string_view path) {
  const json::value* member = present_member(value, key);
  if (!member) return json::object();
  if (!member->is_object()) return bad_content(path, json::serialize(*member), "an object");
  return member->get_object();
}

Expected<std::optional<std::string>> text_member(const json::value& value, std::string_view key,
                                                 std::string_view path, std::size_t bytes_max) {
  const json::value* member = present_member(value, key);
  if (!member) return std::optional<std::string>{};
  if (!member->is_string()) return bad_content(path, json::serialize(*member), "a text");
  const std::string_view text = view(member->get_string());
  if (text.size() > bytes_max) return bad_content(path, text, fmt::format("at most {} bytes", bytes_max));
  if (has_control_character(text)) return bad_content(path, text, "a text without control characters");
  return std::optional<std::string>(text);
}

Expected<std::string> required_text(const json::value& value, std::string_view key, std::string_view path,
                                    std::size_t bytes_max) {
  auto text = text_member(value, key, path, bytes_max);
  if (!text) return tl::unexpected(text.error());
  if (!*text || (*text)->empty()) return bad_content(path, "", "it is required");
  return std::move(**text);
}

Expected<std::optional<std::int64_t>> number_member(const json::value& value, std::string_view key,
                                                    std::string_view path) {
  const json::value* member = present_member(value, key);
  if (!member) return std::optional<std::int64_t>{};
  if (member->is_int64()) return std::optional<std::int64_t>(member->get_int64());
  return bad_content(path, json::serialize(*member), "a whole number");
}

Expected<std::optional<bool>> bool_member(const json::value& value, std::string_view key,
                                          std::string_view path) {
  const json::value* member = present_member(value, key);
  if (!member) return std::optional<bool>{};
  if (!member->is_bool()) return bad_content(path, json::serialize(*member), "true or false");
  return std::optional<bool>(member->get_bool());
}

Expected<void> only_members(const json::object& value, std::string_view path,
                            std::span<const std::string_view> known) {
  for (const auto& member : value) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::ranges::find(known, key) == known.end()) {
      return bad_content(fmt::format("{}{}{}", path, path.empty() ? "" : ".", key),
                         json::serialize(member.value()), "no such field is known");
    }
  }
  return {};
}

json::value merge_patch(const json::value& target, const json::value& patch) {
  if (!patch.is_object()) return patch;
  json::object out = target.is_object() ? target.get_object() : json::object();
  for (const auto& member : patch.get_object()) {
    if (member.value().is_null()) {
      out.erase(member.key());
      continue;
    }
    const json::value* existing = out.if_contains(member.key());
    out[member.key()] = merge_patch(existing ? *existing : json::value(), member.value());
  }
  return out;
}

}  // namespace peering::api::arm
