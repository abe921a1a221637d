// Fields of prefixes (RFC 4271 section 4.3, RFC 7911 section 3): judged first, then read without a check.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "base/byte_cursor.h"
#include "net/prefix.h"

namespace peering::wire::bgp {

/// How many prefixes the field holds. Nothing when it is malformed: a length above the family's bits, or one
/// that needs more bytes than there are.
inline std::optional<std::size_t> count_prefixes(std::span<const std::uint8_t> field, net::Family family,
                                                 bool add_path) {
  const int bits_max = net::address_bits(family);
  const std::size_t path_id_bytes = add_path ? 4 : 0;
  const std::uint8_t* at = field.data();
  const std::uint8_t* const end = at + field.size();
  std::size_t count = 0;
  for (; at != end; ++count) {
    if (static_cast<std::size_t>(end - at) < path_id_bytes + 1) return std::nullopt;
    at += path_id_bytes;
    const int bits = *at++;
    const std::size_t bytes = static_cast<std::size_t>(bits + 7) / 8;
    if (bits > bits_max || static_cast<std::size_t>(end - at) < bytes) return std::nullopt;
    at += bytes;
  }
  return count;
}

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

/// What may be read around a field: the message that it stands in, or itself. A word is then loaded without
/// asking how many of its bytes belong to a prefix.
class Surroundings {
 public:
  explicit Surroundings(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  /// The bytes from `at` to the end, at most eight, as a word in memory order; what follows them is zero.
  std::uint64_t word(const std::uint8_t* at) const {
    std::uint64_t out = 0;
    if (bytes_.size() < 8) {
      std::memcpy(&out, at, static_cast<std::size_t>(bytes_.data() + bytes_.size() - at));
      return out;
    }
    const std::uint8_t* const last = bytes_.data() + bytes_.size() - 8;
    const std::uint8_t* const from = at < last ? at : last;
    std::memcpy(&out, from, 8);
    const auto before = 4 * static_cast<unsigned>(at - from);  // half of the bits that come before: 0 to 32
    if constexpr (std::endian::native == std::endian::little) return out >> before >> before;
    return out << before << before;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

/// Calls `visit(const PrefixWords&)` for every prefix of a field that `count_prefixes` found good. The field
/// lies in `around`.
template <class Visit>
void for_each_prefix_words(std::span<const std::uint8_t> field, std::span<const std::uint8_t> around,
                           bool add_path, Visit&& visit) {
  const Surroundings bytes(around);
  const std::uint8_t* at = field.data();
  const std::uint8_t* const end = at + field.size();
  PrefixWords prefix;
  while (at < end) {
    if (add_path) {
      prefix.path_id = big_endian_at<std::uint32_t>(at);
      at += 4;
    }
    prefix.length = *at++;
    prefix.first = bytes.word(at) & leading_ones(prefix.length);
    prefix.second = prefix.length > 64 ? bytes.word(at + 8) & leading_ones(prefix.length - 64) : 0;
    at += static_cast<std::size_t>(prefix.length + 7) / 8;
    visit(prefix);
  }
}

/// The same with `visit(const RawPrefix&)`.
template <class Visit>
void for_each_prefix(std::span<const std::uint8_t> field, bool add_path, Visit&& visit) {
  for_each_prefix_words(field, field, add_path, [&](const PrefixWords& words) {
    RawPrefix raw;
    std::memcpy(raw.bytes.data(), &words.first, 8);
    std::memcpy(raw.bytes.data() + 8, &words.second, 8);
    raw.length = words.length;
    raw.path_id = words.path_id;
    visit(raw);
  });
}

}  // namespace peering::wire::bgp
