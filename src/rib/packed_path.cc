#include "rib/packed_path.h"

namespace peering::rib::packed {

PackedView as_path(PackedView packed) {
  constexpr auto wanted = static_cast<std::uint8_t>(wire::bgp::AttributeCode::as_path);
  constexpr std::uint8_t long_length = 255;
  for (std::size_t at = 0; at + 2 <= packed.size();) {
    const std::uint8_t code = packed[at];
    std::size_t length = packed[at + 1];
    at += 2;
    if (length == long_length) {
      length = number(packed, at);
      at += 4;
    }
    if (code == wanted) return packed.subspan(at, length);
    if (code > wanted) break;
    at += length;
  }
  return {};
}

}  // namespace peering::rib::packed
