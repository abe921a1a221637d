// What the head of a request must be, beyond what the parser asks for.
//
// Where two readers of one head could understand it differently (a proxy in front of the server and the
// server, most of all), it is refused: two bodies' ends, two tokens, two hosts (RFC 9112 sections 3.2, 6 and
// 11.2).
#pragma once

#include <optional>
#include <string_view>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include "http/refusal.h"

namespace peering::http {

using RequestHead = boost::beast::http::request_header<>;

/// Longest request target in bytes.
inline constexpr std::size_t target_bytes_max = 16 * 1024;
/// Most fields of a head.
inline constexpr std::size_t head_fields_max = 128;

/// Why the head is refused: 400, 414 or 431; nothing when it is good.
std::optional<Refusal> check_head(const RequestHead& head);

/// "host", "host:port", "[::1]:port", or nothing at all (RFC 9110 section 7.2).
bool is_host(std::string_view value);

/// "http://host/path" (RFC 9112 section 3.2.2) as "/path"; any other target as it is.
std::string_view origin_form(std::string_view target);

}  // namespace peering::http
