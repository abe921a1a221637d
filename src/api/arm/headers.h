// The header fields that every answer carries.
#pragma once

#include <string>

#include "base/time.h"
#include "http/message.h"

namespace peering::api::arm {

/// Adds request ids, cache rules and security fields. `at` is the time of the answer.
void add_common_headers(const http::Request& request, TimePoint at, http::Response& response);

}  // namespace peering::api::arm
