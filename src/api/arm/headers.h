// The header fields that every answer carries.
#pragma once

#include <string>

#include "base/time.h"
#include "http/message.h"

namespace peering::api::arm {

/// What tells one request from another.
struct RequestIds {
  std::string request;      ///< ours, new for every request
  std::string correlation;  ///< the caller's where she sent one that may go back, else ours
  std::string client;       ///< `x-ms-client-request-id`; empty: none, or none that may go back
};
RequestIds request_ids(const http::Request& request);

/// Adds request ids, cache rules and security fields. `at` is the time of the answer.
void add_common_headers(const http::Request& request, const RequestIds& ids, TimePoint at,
                        http::Response& response);

}  // namespace peering::api::arm
