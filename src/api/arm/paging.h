// Lists: `{"value": […], "nextLink": "…"}`, `$top`, and the opaque `$skipToken`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/arm/failure.h"
#include "api/arm/query.h"
#include "base/json.h"

namespace peering::api::arm {

inline constexpr std::size_t page_items_default = 100;
inline constexpr std::size_t page_items_max = 1000;

/// What a client asked for.
struct PageRequest {
  std::size_t limit = page_items_default;
  std::string after;  ///< the position inside the token; empty for the first page
};

/// Reads `$top` (1 to 1000) and `$skipToken`.
Expected<PageRequest> read_page(const Query& query, std::size_t limit_default = page_items_default);

/// A position as a token that clients do not look into, and back; nothing for a token we never made.
std::string make_skip_token(std::string_view position);
std::optional<std::string> read_skip_token(std::string_view token);

/// "https://host:port" as the client sees us. A proxy on this machine may say that it ends TLS.
std::string origin_of(const http::Request& request);

/// The absolute address of the next page: the request's own, with another `$skipToken`.
std::string next_link(const http::Request& request, const Query& query, std::string_view position);

/// 200 with the items, and the link when `position` is not empty.
http::Response list_response(const http::Request& request, const Query& query, json::array items,
                             std::string_view position);

/// 200 (or another status) with one JSON value.
http::Response json_response(int status, const json::value& body);
/// The same of a body that is text already.
http::Response json_text_response(int status, std::string body);

}  // namespace peering::api::arm
