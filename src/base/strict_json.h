// JSON from strangers: a text that says a member of one object twice has two meanings, and gets none.
#pragma once

#include <string_view>

#include "base/json.h"

namespace peering {

/// As `parse_json`; an object that names a member twice is an error that names the member. RFC 8259 section 4
/// leaves open which of the two counts, so that a reader before this one may have judged the other.
Result<json::value> parse_json_strictly(std::string_view text);

}  // namespace peering
