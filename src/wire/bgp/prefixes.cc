#include "wire/bgp/prefixes.h"

namespace peering::wire::bgp {

std::optional<std::size_t> count_prefixes(std::span<const std::uint8_t> field, net::Family family,
                                          bool add_path) {
  const int bits_max = net::address_bits(family);
  const std::size_t path_id_bytes = add_path ? 4 : 0;
  std::size_t count = 0;
  for (std::size_t at = 0; at < field.size(); ++count) {
    if (field.size() - at < path_id_bytes + 1) return std::nullopt;
    at += path_id_bytes;
    const int bits = field[at++];
    const std::size_t bytes = static_cast<std::size_t>(bits + 7) / 8;
    if (bits > bits_max || field.size() - at < bytes) return std::nullopt;
    at += bytes;
  }
  return count;
}

}  // namespace peering::wire::bgp
