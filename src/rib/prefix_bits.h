// A prefix as two numbers: what the inner loops of the table compute with.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "net/prefix.h"

namespace peering::rib {

static_assert(std::endian::native == std::endian::little);

/// The bits of the address from the top of `high` on (IPv4: its first 32); zero after `length`.
struct PrefixBits {
  std::uint64_t high = 0, low = 0;
  net::Family family = net::Family::ipv4;
  std::uint8_t length = 0;

  friend bool operator==(const PrefixBits&, const PrefixBits&) = default;

  /// Byte `index` of the address.
  unsigned byte(unsigned index) const {
    const std::uint64_t half = index < 8 ? high : low;
    return static_cast<unsigned>(half >> (56 - 8 * (index & 7)) & 0xff);
  }
};

/// From at least 16 bytes in network order whose bits after `length` are zero.
inline PrefixBits prefix_bits(const std::uint8_t* bytes, int length, net::Family family) {
  PrefixBits out;
  std::memcpy(&out.high, bytes, 8);
  std::memcpy(&out.low, bytes + 8, 8);
  out.high = __builtin_bswap64(out.high);
  out.low = __builtin_bswap64(out.low);
  out.family = family;
  out.length = static_cast<std::uint8_t>(length);
  return out;
}

inline PrefixBits prefix_bits(const net::Prefix& prefix) {
  const auto address = prefix.address().bytes();
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), address.data(), address.size());
  return prefix_bits(bytes.data(), prefix.length(), prefix.family());
}

inline net::Prefix to_prefix(const PrefixBits& bits) {
  if (bits.family == net::Family::ipv4) {
    return {net::Address::v4(static_cast<std::uint32_t>(bits.high >> 32)), bits.length};
  }
  std::array<std::uint8_t, 16> bytes;
  const std::uint64_t high = __builtin_bswap64(bits.high), low = __builtin_bswap64(bits.low);
  std::memcpy(bytes.data(), &high, 8);
  std::memcpy(bytes.data() + 8, &low, 8);
  return {net::Address::v6(bytes), bits.length};
}

/// Same address bits, cut to `length`, which is at most the length it has.
inline PrefixBits truncated(PrefixBits bits, unsigned length) {
  bits.high &= length >= 64 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> length);
  if (length <= 64) bits.low = 0;
  if (length > 64 && length < 128) bits.low &= ~(~std::uint64_t{0} >> (length - 64));
  bits.length = static_cast<std::uint8_t>(length);
  return bits;
}

}  // namespace peering::rib
