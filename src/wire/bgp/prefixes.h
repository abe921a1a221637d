// Fields of prefixes (RFC 4271 section 4.3, RFC 7911 section 3): judged first, then read without a check.
#pragma once

#include <array>
#include <bit>
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

  net::Prefix prefix(net::Family family) const { return net::Prefix::masked_before(family, bytes, length); }
};

/// Eight bytes in memory order of which the first `length` bits (0 to 64) are ones.
constexpr std::uint64_t leading_ones(int length) {
  const std::uint64_t ones = length >= 64 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> length);
  return std::endian::native == std::endian::little ? __builtin_bswap64(ones) : ones;
}

/// Copies the bytes of a prefix of `length` bits and sets the bits after them to zero. `left`: bytes that may
/// be read from `at`, at least (length + 7) / 8. With sixteen the copy costs two loads.
inline void copy_prefix_bytes(const std::uint8_t* at, std::size_t left, int length,
                              std::array<std::uint8_t, 16>& out) {
  std::uint64_t words[2] = {0, 0};
  if (left >= sizeof words) {
    std::memcpy(words, at, sizeof words);
  } else {
    auto* to = reinterpret_cast<std::uint8_t*>(words);
    const std::size_t count = static_cast<std::size_t>(length + 7) / 8;
    for (std::size_t i = 0; i < count; ++i) to[i] = at[i];
  }
  words[0] &= leading_ones(length);
  words[1] = length > 64 ? words[1] & leading_ones(length - 64) : 0;
  std::memcpy(out.data(), words, sizeof words);
}

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
    copy_prefix_bytes(at, static_cast<std::size_t>(end - at), raw.length, raw.bytes);
    at += static_cast<std::size_t>(raw.length + 7) / 8;
    visit(raw);
  }
}

}  // namespace peering::wire::bgp
