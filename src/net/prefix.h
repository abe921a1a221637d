// IP prefixes as values.
#pragma once

#include "net/address.h"

namespace peering::net {

/// An address and a length; bits after the length are always zero.
class Prefix {
 public:
  /// 0.0.0.0/0.
  Prefix() = default;
  /// Sets host bits to zero. `length` is cut to the family's bits.
  Prefix(const Address& address, int length);

  /// For who decodes many: the address as two words in memory order (`Address`) with every bit after
  /// `length`, which is at most the family's, set to zero.
  Prefix(Family family, std::uint64_t first, std::uint64_t second, int length)
      : address_(family, first, second), length_(static_cast<std::uint8_t>(length)) {}

  /// "203.0.113.0/24". Refuses a missing length, a length out of range and host bits; the message says
  /// which rule and, for host bits, what the prefix would be.
  static Result<Prefix> parse(std::string_view text);
  /// The same, but host bits are set to zero instead of refused.
  static Result<Prefix> parse_lenient(std::string_view text);

  const Address& address() const { return address_; }
  int length() const { return length_; }
  Family family() const { return address_.family(); }
  bool contains(const Address& address) const;
  /// True for itself and every more-specific.
  bool covers(const Prefix& other) const;
  /// Same address, at most `length` bits.
  Prefix truncated(int length) const;
  /// "203.0.113.0/24", RFC 5952 for IPv6.
  std::string to_string() const;

  /// IPv4 before IPv6, then by address, then shorter first.
  friend auto operator<=>(const Prefix&, const Prefix&) = default;
  friend bool operator==(const Prefix&, const Prefix&) = default;

 private:
  Address address_;
  std::uint8_t length_ = 0;
};

}  // namespace peering::net

template <>
struct std::hash<peering::net::Prefix> {
  std::size_t operator()(const peering::net::Prefix& p) const noexcept {
    return std::hash<peering::net::Address>{}(p.address()) * 31 + static_cast<std::size_t>(p.length());
  }
};
