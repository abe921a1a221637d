// IPv4 and IPv6 addresses as values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace peering::net {

/// An autonomous system number (RFC 6793), 0 to 4294967295.
using Asn = std::uint32_t;
/// RFC 6793: stands in two-byte fields for a number that needs four bytes.
inline constexpr Asn as_trans = 23456;
/// True for numbers reserved for private use, documentation or nothing at all (IANA registry: 0, 23456,
/// 64496-65551, 4200000000-4294967295).
bool is_reserved(Asn asn);

enum class Family : std::uint8_t { ipv4, ipv6 };

/// Bits in an address of the family: 32 or 128.
constexpr int address_bits(Family family) { return family == Family::ipv4 ? 32 : 128; }

/// One IPv4 or IPv6 address. IPv4 uses the first four bytes; the others are zero. An IPv4-mapped IPv6
/// address stays IPv6 unless made by `unmapped()`.
class Address {
 public:
  Address() = default;
  static Address v4(std::uint32_t host_order);
  static Address v4(std::span<const std::uint8_t, 4> bytes) { return Address(bytes); }
  static Address v6(std::span<const std::uint8_t, 16> bytes) { return Address(bytes); }
  /// The same as constructors, which write in place where decoders keep many.
  explicit Address(std::span<const std::uint8_t, 4> bytes) { std::memcpy(bytes_.data(), bytes.data(), 4); }
  explicit Address(std::span<const std::uint8_t, 16> bytes) : family_(Family::ipv6) {
    std::memcpy(bytes_.data(), bytes.data(), 16);
  }
  /// Two words in memory order; of IPv4 only the first four bytes may be other than zero.
  Address(Family family, std::uint64_t first, std::uint64_t second) : family_(family) {
    std::memcpy(bytes_.data(), &first, 8);
    std::memcpy(bytes_.data() + 8, &second, 8);
  }

  /// Dotted quad or RFC 4291 text.
  static Result<Address> parse(std::string_view text);

  Family family() const { return family_; }
  bool is_v4() const { return family_ == Family::ipv4; }
  /// 4 or 16 bytes in network order.
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_v4() ? 4U : 16U}; }
  /// Bit `index` from the left, 0-based.
  bool bit(int index) const {
    return (bytes_[static_cast<std::size_t>(index >> 3)] >> (7 - (index & 7)) & 1) != 0;
  }
  /// The first 64 bits as a number (IPv4: in the top half).
  std::uint64_t high64() const;
  /// The last 64 bits of the 128 (IPv4: zero).
  std::uint64_t low64() const;
  /// The address with every bit after the first `length` set to zero.
  Address masked(int length) const;
  /// ::ffff:a.b.c.d as the IPv4 address; any other unchanged.
  Address unmapped() const;
  bool is_loopback() const;
  bool is_unspecified() const;
  /// RFC 5952 text.
  std::string to_string() const;

  friend auto operator<=>(const Address&, const Address&) = default;
  friend bool operator==(const Address&, const Address&) = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace peering::net

template <>
struct std::hash<peering::net::Address> {
  std::size_t operator()(const peering::net::Address& a) const noexcept {
    std::uint64_t h = a.high64() * 0x9E3779B97F4A7C15ULL;
    h ^= (a.low64() + 0x632BE59BD9B4E019ULL) * 0xD6E8FEB86659FD93ULL;
    return static_cast<std::size_t>(h ^ h >> 32);
  }
};
