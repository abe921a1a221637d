// Ids from types and names, as templates and their functions make them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace peering::api::tmpl {

struct Target;

/// "A.B/types/subtypes" and the names "x", "y" (or "x/y") below a scope:
/// `<scope>/providers/A.B/types/x/subtypes/y`. Errors: another number of names than types.
Result<std::string> make_id(std::string_view scope, std::string_view type,
                            std::span<const std::string> names);

/// `resourceId`, `subscriptionResourceId`, `tenantResourceId` and `extensionResourceId`; `name` in lower
/// case.
Result<std::string> id_function(const Target& target, std::string_view name,
                                std::span<const json::value> arguments);

/// The pieces between '/'.
std::vector<std::string> split_names(std::string_view text);

}  // namespace peering::api::tmpl
