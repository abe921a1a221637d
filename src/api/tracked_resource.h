// What resources with a region and tags have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"

namespace peering::api {

/// The region that a PUT names, in the spelling of the resource that is there. 400 `LocationRequired`; 409
/// `InvalidResourceLocation` where it is another one: resources do not move.
arm::Expected<std::string> read_location(const json::value& body, const std::optional<Record>& before);

/// An empty object is left out of a document.
void set_or_erase(json::object& document, std::string_view key, json::object value);

/// A whole PATCH of tags: merges them into the resource and answers with it as `show` makes it.
arm::Answer patch_tags(Call& call, std::string_view type, json::object (*show)(const Call&, const Record&));

}  // namespace peering::api
