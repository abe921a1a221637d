#include "api/arm/resource_id.h"

#include <algorithm>

#include "api/arm/names.h"
#include "http/query.h"

namespace peering::api::arm {

namespace {

constexpr std::string_view segment_rule =
    "a segment is not empty, not '.' or '..', and has no '/', '\\' or control character";

// Decoded once.
Result<std::string> decoded_segment(std::string_view text) {
  auto out = http::percent_decode(text);
  if (!out) return out;
  const auto forbidden = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '/' || c == '\\' || byte < 0x20 || byte == 0x7f;
  };
  if (out->empty() || *out == "." || *out == ".." || std::ranges::any_of(*out, forbidden)) {
    return tl::unexpected(invalid("path", text, segment_rule));
  }
  return out;
}

// Reads `type/name/type/name…` up to the next "providers" in a type's place.
ProviderPart provider_part(std::span<const std::string> segments, std::size_t& at) {
  ProviderPart out;
  out.name_space = segments[at++];
  while (at < segments.size() && !same_name(segments[at], "providers")) {
    out.types.push_back(segments[at++]);
    if (at < segments.size()) out.names.push_back(segments[at++]);
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> split_path(std::string_view path) {
  if (!path.starts_with('/')) return tl::unexpected(invalid("path", path, "it begins with '/'"));
  path.remove_prefix(1);
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  std::vector<std::string> out;
  bool left_out = false;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    // Azure's clients leave the place of a parent empty: "/providers/Microsoft.Peering//peeringServices".
    const bool is_parent = !left_out && out.size() > 1 && same_name(out[out.size() - 2], "providers");
    if (slash == 0 && is_parent) {
      left_out = true;
    } else {
      auto segment = decoded_segment(path.substr(0, slash));
      if (!segment) return tl::unexpected(segment.error());
      out.push_back(std::move(*segment));
    }
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) return tl::unexpected(invalid("path", path, segment_rule));
  }
  return out;
}

std::optional<ResourceId> parse_resource_id(std::span<const std::string> segments) {
  ResourceId out;
  std::size_t at = 0;
  const auto keyword = [&](std::string_view word) {
    return at + 1 < segments.size() && same_name(segments[at], word);
  };
  const auto last = [&](std::string_view word) {
    return at + 1 == segments.size() && same_name(segments[at], word);
  };
  if (last("subscriptions") || last("tenants")) return out;
  if (keyword("subscriptions")) {
    out.subscription = segments[at + 1];
    at += 2;
    for (const char* list : {"resourceGroups", "providers", "locations", "resources", "tagNames"}) {
      if (last(list)) return out;
    }
    if (keyword("resourceGroups")) {
      out.resource_group = segments[at + 1];
      at += 2;
      if (last("exportTemplate") || last("resources")) return out;
    }
  }
  while (keyword("providers")) {
    ++at;
    out.providers.push_back(provider_part(segments, at));
  }
  if (at != segments.size() || segments.empty()) return std::nullopt;
  return out;
}

std::string type_of(const ResourceId& id) {
  if (id.providers.empty()) {
    return id.resource_group.empty() ? "Microsoft.Resources/subscriptions"
                                     : "Microsoft.Resources/subscriptions/resourceGroups";
  }
  std::string out = id.providers.back().name_space;
  for (const std::string& type : id.providers.back().types) out += "/" + type;
  return out;
}

std::string join_path(std::span<const std::string> segments) {
  std::string out;
  for (const std::string& segment : segments) out += "/" + segment;
  return out;
}

std::string_view parent_of(std::string_view id) {
  const auto cut = [](std::string_view text) {
    const std::size_t slash = text.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : text.substr(0, slash);
  };
  std::string_view parent = cut(cut(id));
  if (same_name(name_of(cut(parent)), "providers")) parent = cut(cut(parent));
  return parent;
}

std::string_view name_of(std::string_view id) { return id.substr(id.rfind('/') + 1); }

bool covers(std::string_view scope, std::string_view target) {
  if (scope == "/" || scope == target) return true;
  return target.size() > scope.size() && target.starts_with(scope) && target[scope.size()] == '/';
}

}  // namespace peering::api::arm
