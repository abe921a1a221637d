#include "api/arm/tags.h"

#include <algorithm>

#include "api/arm/names.h"

namespace peering::api::arm {

namespace {

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

// Counts code points, not bytes: continuation bytes of UTF-8 do not count.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

json::object::iterator find_tag(json::object& tags, std::string_view name) {
  return std::find_if(tags.begin(), tags.end(),
                      [&](const auto& tag) { return same_name({tag.key().data(), tag.key().size()}, name); });
}

Expected<void> check_name(std::string_view name) {
  if (name.empty() || characters(name) > tag_name_characters_max) {
    return bad_content("tags", name, "a tag's name has 1 to 512 characters");
  }
  if (has_control_character(name)) return bad_content("tags", name, "a name without control characters");
  return {};
}

Expected<void> check_value(std::string_view name, const json::value& value) {
  const std::string field = fmt::format("tags.{}", name);
  if (!value.is_string()) return bad_content(field, json::serialize(value), "a text");
  if (characters(view(value.get_string())) > tag_value_characters_max) {
    return bad_content(field, view(value.get_string()), "a tag's value has at most 256 characters");
  }
  if (has_control_character(view(value.get_string()))) {
    return bad_content(field, view(value.get_string()), "a text without control characters");
  }
  return {};
}

Expected<const json::object*> tags_member(const json::value& body) {
  const json::value* member = find(body, "tags");
  if (!member || member->is_null()) return nullptr;
  if (!member->is_object()) return bad_content("tags", json::serialize(*member), "an object of texts");
  return &member->get_object();
}

Expected<json::object> within_limit(json::object tags) {
  if (tags.size() > tags_max) {
    return bad_content("tags", fmt::format("{} tags", tags.size()), "at most 50 tags");
  }
  return tags;
}

}  // namespace

Expected<json::object> read_tags(const json::value& body) {
  const auto member = tags_member(body);
  if (!member) return tl::unexpected(member.error());
  json::object out;
  if (!*member) return out;
  for (const auto& tag : **member) {
    const std::string_view name(tag.key().data(), tag.key().size());
    if (auto ok = check_name(name); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_value(name, tag.value()); !ok) return tl::unexpected(ok.error());
    if (find_tag(out, name) != out.end()) {
      return bad_content("tags", name, "names of tags compare without case; this one is given twice");
    }
    out.emplace(tag.key(), tag.value());
  }
  return within_limit(std::move(out));
}

Expected<json::object> merge_tags(const json::object& current, const json::value& body) {
  const auto member = tags_member(body);
  if (!member) return tl::unexpected(member.error());
  json::object out = current;
  if (!*member) return out;
  for (const auto& tag : **member) {
    const std::string_view name(tag.key().data(), tag.key().size());
    if (auto ok = check_name(name); !ok) return tl::unexpected(ok.error());
    const auto existing = find_tag(out, name);
    if (tag.value().is_null()) {
      if (existing != out.end()) out.erase(existing);
      continue;
    }
    if (auto ok = check_value(name, tag.value()); !ok) return tl::unexpected(ok.error());
    if (existing != out.end()) {
      existing->value() = tag.value();
    } else {
      out.emplace(tag.key(), tag.value());
    }
  }
  return within_limit(std::move(out));
}

}  // namespace peering::api::arm
