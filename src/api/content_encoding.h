// Undoing `Content-Encoding: gzip` and `zstd` without ever making more than was allowed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace peering::api {

/// Nothing was done to the body: there is no encoding, or `identity`.
bool is_identity(std::string_view encoding);

/// The decoded bytes. An empty or `identity` encoding gives a copy. Several gzip members or zstd frames one
/// after the other are one body (RFC 1952 section 2.2, RFC 8878 section 3.1). Errors: `invalid_argument` for
/// an unknown encoding, for broken or truncated data and for windows of zstd over 8 MiB, `limit_exceeded` for
/// more than `bytes_max` decoded bytes.
Result<std::string> decode_content(std::string_view encoding, std::string_view body, std::size_t bytes_max);

}  // namespace peering::api
