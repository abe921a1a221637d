// Tags of tracked resources.
#pragma once

#include "api/arm/failure.h"
#include "base/json.h"

namespace peering::api::arm {

inline constexpr std::size_t tags_max = 50;
inline constexpr std::size_t tag_name_characters_max = 512;
inline constexpr std::size_t tag_value_characters_max = 256;

/// The `tags` member of a body for PUT: an object of texts within the limits; names that differ in case only
/// are an error. An absent or null member gives an empty object.
Expected<json::object> read_tags(const json::value& body);

/// The `tags` member of a PATCH body merged into `current` (RFC 7396): names compare without case, null
/// removes.
Expected<json::object> merge_tags(const json::object& current, const json::value& body);

}  // namespace peering::api::arm
