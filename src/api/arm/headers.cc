#include "api/arm/headers.h"

#include <algorithm>

#include "api/arm/names.h"
#include "base/digest.h"

namespace peering::api::arm {

namespace {

constexpr std::size_t echoed_bytes_max = 128;

// A caller's id goes back in a header field: visible characters only, and not too many.
bool may_be_echoed(std::string_view value) {
  return !value.empty() && value.size() <= echoed_bytes_max &&
         std::ranges::all_of(value, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string compact_time(TimePoint at) {
  std::string text = format_rfc3339(std::chrono::floor<std::chrono::seconds>(at));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

}  // namespace

void add_common_headers(const http::Request& request, TimePoint at, http::Response& response) {
  const auto caller_correlation = request.headers.get("x-ms-correlation-request-id");
  const std::string correlation = caller_correlation && may_be_echoed(*caller_correlation)
                                      ? std::string(*caller_correlation)
                                      : random_uuid();
  http::Headers& headers = response.headers;
  if (!headers.get("Cache-Control")) {
    headers.set("Cache-Control", "no-cache");
    headers.set("Pragma", "no-cache");
    headers.set("Expires", "-1");
  }
  headers.set("x-ms-request-id", random_uuid());
  headers.set("x-ms-correlation-request-id", correlation);
  headers.set("x-ms-routing-request-id", fmt::format("LOCAL:{}:{}", compact_time(at), correlation));
  headers.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  headers.set("X-Content-Type-Options", "nosniff");
  const auto wanted = request.headers.get("x-ms-return-client-request-id");
  const auto client_id = request.headers.get("x-ms-client-request-id");
  if (wanted && client_id && same_name(*wanted, "true") && may_be_echoed(*client_id)) {
    headers.set("x-ms-client-request-id", *client_id);
  }
}

}  // namespace peering::api::arm
