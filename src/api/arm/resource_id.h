// ARM resource ids: `/subscriptions/{s}/resourceGroups/{g}/providers/{namespace}/{type}/{name}/…`, and the
// part that every request path shares with them.
//
// Ids compare without case; the casing of creation is kept and served. In the store a resource's key is its
// id in lower case.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace peering::api::arm {

/// One `providers/{namespace}/type/name/type/name…` part of a path.
struct ProviderPart {
  std::string name_space;
  std::vector<std::string> types;  ///< one more than `names` when the path ends in a type (a collection)
  std::vector<std::string> names;
  friend bool operator==(const ProviderPart&, const ProviderPart&) = default;
};

/// A path of the ARM tree, split. Segments are decoded and keep their casing.
struct ResourceId {
  std::string subscription;    ///< empty: above the subscriptions
  std::string resource_group;  ///< empty: not in one
  std::vector<ProviderPart> providers;
  friend bool operator==(const ResourceId&, const ResourceId&) = default;
};

/// Splits a path into segments that were decoded once; an error for a path without leading '/', with a
/// broken percent encoding, or with a segment that is empty, "." or "..", no UTF-8, or has '/', '\\' or a
/// control character. One trailing '/' is ignored, and one empty segment right behind a provider's namespace.
Result<std::vector<std::string>> split_path(std::string_view path);

/// Recognises the ARM form; nothing when the path is not of it.
std::optional<ResourceId> parse_resource_id(std::span<const std::string> segments);

/// "Microsoft.Peering/peeringServices/prefixes"; of subscriptions and groups ARM's own.
std::string type_of(const ResourceId& id);

/// "/a/b": the segments joined again, not encoded.
std::string join_path(std::span<const std::string> segments);

/// The id of what a resource or scope lies in: everything before the last two segments (and before
/// "/providers/{namespace}" where that is what remains). Empty at the top.
std::string_view parent_of(std::string_view id);

/// The last segment.
std::string_view name_of(std::string_view id);

/// True when `target` is `scope` or lies in it; both in lower case. "/" covers everything.
bool covers(std::string_view scope, std::string_view target);

}  // namespace peering::api::arm
