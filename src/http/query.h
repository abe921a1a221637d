// Paths and queries of request targets: split first, decode once (RFC 3986 section 2.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace peering::http {

/// A request target taken apart. Segments and parameters are percent-decoded once; empty segments are left
/// out.
struct Target {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> parameters;

  /// The first parameter of the name, compared without case (ARM's `$expand` may come as `%24Expand`).
  std::optional<std::string_view> parameter(std::string_view name) const;
};

/// Most segments and parameters of one target.
inline constexpr std::size_t target_parts_max = 128;

/// Takes "/a/b%20c?d=e" apart. Refuses broken percent-encoding, NUL bytes, what is no UTF-8 and more than
/// `target_parts_max` parts.
Result<Target> parse_target(std::string_view target);

/// Decodes %XX; `plus_is_blank` also '+'. Refuses NUL bytes and what is no UTF-8 then.
Result<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);
/// Encodes everything but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace peering::http
