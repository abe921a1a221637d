// The body of an OPEN, written: the other way is `decode_open`. Used by `encode_open` only.
#pragma once

#include <cstdint>
#include <vector>

#include "wire/bgp/message.h"

namespace peering::wire::bgp {

/// What follows the header. Extended optional parameters (RFC 9072) where the plain form cannot hold them.
std::vector<std::uint8_t> encode_open_body(const Open& open);

}  // namespace peering::wire::bgp
