// Conditions that a client attaches to a change: `If-Match` and `If-None-Match` (RFC 9110 sections 13.1.1 and
// 13.1.2).
#pragma once

#include <optional>
#include <string>

#include "api/arm/failure.h"

namespace peering::api::arm {

/// 412 `PreconditionFailed` unless the conditions of a change hold. `etag` is that of what is there, without
/// quotes; absent: nothing is. Weak tags never match.
Expected<void> check_preconditions(const http::Request& request, const std::optional<std::string>& etag);

/// The field's value: the tag in quotes.
std::string etag_field(const std::string& etag);

}  // namespace peering::api::arm
