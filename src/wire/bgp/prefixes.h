// Fields of prefixes (RFC 4271 section 4.3, RFC 7911 section 3): judged first, then read without a check.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "net/prefix.h"

namespace peering::wire::bgp {

/// How many prefixes the field holds. Nothing when it is malformed: a length above the family's bits, or one
/// that needs more bytes than there are.
std::optional<std::size_t> count_prefixes(std::span<const std::uint8_t> field, net::Family family,
                                          bool add_path);

/// One prefix as it lies in a field: 16 bytes in network order, bits after the length set to zero.
struct RawPrefix {
  std::array<std::uint8_t, 16> bytes{};
  int length = 0;
  std::uint32_t path_id = 0;  ///< 0 without add-path

  net::Prefix prefix(net::Family family) const {
    const net::Address address =
        family == net::Family::ipv4 ? net::Address::v4(std::span(bytes).first<4>()) : net::Address::v6(bytes);
    return {address, length};
  }
};

/// Calls `visit(const RawPrefix&)` for every prefix of a field that `count_prefixes` found good.
template <class Visit>
void for_each_prefix(std::span<const std::uint8_t> field, bool add_path, Visit&& visit) {
  const std::uint8_t* at = field.data();
  const std::uint8_t* const end = at + field.size();
  while (at < end) {
    RawPrefix raw;
    if (add_path) {
      raw.path_id = static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
                    static_cast<std::uint32_t>(at[2]) << 8 | at[3];
      at += 4;
    }
    raw.length = *at++;
    const std::size_t count = static_cast<std::size_t>(raw.length + 7) / 8;
    std::memcpy(raw.bytes.data(), at, count);
    at += count;
    if (const int odd = raw.length % 8; odd != 0) {
      raw.bytes[count - 1] &= static_cast<std::uint8_t>(0xff << (8 - odd));
    }
    visit(raw);
  }
}

}  // namespace peering::wire::bgp
