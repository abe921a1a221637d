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

  net::Prefix prefix(net::Family family) const {
    std::uint64_t words[2];
    std::memcpy(words, bytes.data(), sizeof words);
    return {family, words[0], words[1], length};
  }
};

/// The same as two words in memory order: what stays in registers.
struct PrefixWords {
  std::uint64_t first = 0, second = 0;
  int length = 0;
  std::uint32_t path_id = 0;
};

/// Eight bytes in memory order of which the first `length` bits (0 to 64) are ones.
constexpr std::uint64_t leading_ones(int length) {
  const std::uint64_t ones = length >= 64 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> length);
  return std::endian::native == std::endian::little ? __builtin_bswap64(ones) : ones;
}

/// Up to eight bytes as a word in memory order, the others zero.
inline std::uint64_t load_bytes(const std::uint8_t* at, std::size_t count) {
  std::uint64_t word = 0;
  if (count >= 8) {
    std::memcpy(&word, at, 8);
  } else if (count >= 4 && std::endian::native == std::endian::little) {
    std::uint32_t front, back;  // they overlap
    std::memcpy(&front, at, 4);
    std::memcpy(&back, at + count - 4, 4);
    word = front | std::uint64_t{back} << (8 * (count - 4));
  } else if (count == 3 && std::endian::native == std::endian::little) {
    word = static_cast<std::uint64_t>(at[0] | at[1] << 8 | at[2] << 16);
  } else {
    auto* to = reinterpret_cast<std::uint8_t*>(&word);
    for (std::size_t i = 0; i < count; ++i) to[i] = at[i];
  }
  return word;
}

/// The bytes of a prefix of `length` bits, the bits after them zero. `left`: bytes that may be read from
/// `at`, at least (length + 7) / 8.
inline void load_prefix(const std::uint8_t* at, std::size_t left, PrefixWords& out) {
  out.first = load_bytes(at, left) & leading_ones(out.length);
  out.second = out.length > 64 ? load_bytes(at + 8, left - 8) & leading_ones(out.length - 64) : 0;
}

/// Calls `visit(const PrefixWords&)` for every prefix of a field that `count_prefixes` found good.
template <class Visit>
void for_each_prefix_words(std::span<const std::uint8_t> field, bool add_path, Visit&& visit) {
  const std::uint8_t* at = field.data();
  const std::uint8_t* const end = at + field.size();
  PrefixWords prefix;
  while (at < end) {
    if (add_path) {
      prefix.path_id = static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
                       static_cast<std::uint32_t>(at[2]) << 8 | at[3];
      at += 4;
    }
    prefix.length = *at++;
    load_prefix(at, static_cast<std::size_t>(end - at), prefix);
    at += static_cast<std::size_t>(prefix.length + 7) / 8;
    visit(prefix);
  }
}

/// The same with `visit(const RawPrefix&)`.
template <class Visit>
void for_each_prefix(std::span<const std::uint8_t> field, bool add_path, Visit&& visit) {
  for_each_prefix_words(field, add_path, [&](const PrefixWords& words) {
    RawPrefix raw;
    std::memcpy(raw.bytes.data(), &words.first, 8);
    std::memcpy(raw.bytes.data() + 8, &words.second, 8);
    raw.length = words.length;
    raw.path_id = words.path_id;
    visit(raw);
  });
}

}  // namespace peering::wire::bgp
