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

RequestIds request_ids(const http::Request& request) {
  const auto sent = [&](std::string_view name) {
    const auto value = request.headers.get(name);
    return std::string(value && may_be_echoed(*value) ? *value : std::string_view());
  };
  RequestIds out{random_uuid(), sent("x-ms-correlation-request-id"), sent("x-ms-client-request-id")};
  if (out.correlation.empty()) out.correlation = random_uuid();
  return out;
}

void add_common_headers(const http::Request& request, const RequestIds& ids, TimePoint at,
                        http::Response& response) {
  http::Headers& headers = response.headers;
  if (!headers.get("Cache-Control")) {
    headers.add("Cache-Control", "no-cache");
    headers.add("Pragma", "no-cache");
    headers.add("Expires", "-1");
  }
  headers.add("x-ms-request-id", ids.request);
  headers.add("x-ms-correlation-request-id", ids.correlation);
  headers.add("x-ms-routing-request-id", fmt::format("LOCAL:{}:{}", compact_time(at), ids.correlation));
  headers.add("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  headers.add("X-Content-Type-Options", "nosniff");
  const auto wanted = request.headers.get("x-ms-return-client-request-id");
  if (wanted && !ids.client.empty() && same_name(*wanted, "true")) {
    headers.set("x-ms-client-request-id", ids.client);
  }
}

}  // namespace peering::api::arm
