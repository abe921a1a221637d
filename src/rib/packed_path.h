// The AS path of packed attributes, read in place.
#pragma once

#include "net/address.h"
#include "rib/packed_attributes.h"

namespace peering::rib {

namespace packed {

inline std::uint32_t number(PackedView bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

/// The value of AS_PATH; empty when there is none. `packed` must come from `pack_attributes`.
PackedView as_path(PackedView packed);

}  // namespace packed

/// True when `is_it(asn)` holds for an AS number of the path, members of sets and confederations included.
/// `attributes` must come from `pack_attributes`.
template <class IsIt>
bool any_asn_of_path(PackedView attributes, IsIt&& is_it) {
  const PackedView path = packed::as_path(attributes);
  for (std::size_t at = 0; at + 2 <= path.size();) {
    std::size_t count = path[at + 1];
    at += 2;
    if (count == 0) {  // a segment of more than 255
      count = packed::number(path, at);
      at += 4;
    }
    for (std::size_t i = 0; i < count; ++i, at += 4) {
      if (is_it(packed::number(path, at))) return true;
    }
  }
  return false;
}

}  // namespace peering::rib
