// An UPDATE, or the attributes of a table's entry, as they were sent: found in place and not judged. For
// showing what a file holds, where a route with a fault is still a route that somebody announced. Who keeps
// routes uses `bgp::decode_update` instead, which says what each fault costs (RFC 7606).
//
// The way of reading is that of bgpdump: a short value is filled up with zeros, a long one is cut, what lies
// behind damage is left out, of several MP_REACH_NLRI for one family the first counts.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "net/address.h"

namespace peering::wire::mrt {

/// Routes of one family in MP_REACH_NLRI or MP_UNREACH_NLRI (RFC 4760).
struct SentRoutes {
  std::span<const std::uint8_t> next_hop;  ///< 4, 16 or 32 bytes; empty: of another length, or a withdrawal
  std::span<const std::uint8_t> routes;    ///< prefixes, not judged
};

/// Refers to the bytes it was read from.
class SentAttributes {
 public:
  /// IPv4 unicast, multicast, both; then the same of IPv6.
  static constexpr std::size_t families = 6;
  static constexpr std::size_t ipv4_unicast = 0, ipv6_unicast = 3;
  static net::Family family_of(std::size_t index) {
    return index < 3 ? net::Family::ipv4 : net::Family::ipv6;
  }

  bool has(std::uint8_t code) const { return code <= code_max && (there_ >> code & 1) != 0; }
  /// The attribute's bytes; nothing when it is not there.
  std::span<const std::uint8_t> value(std::uint8_t code) const {
    return has(code) ? values_[code] : std::span<const std::uint8_t>();
  }
  /// The attribute's first bytes as a number, filled up with zeros.
  std::uint32_t number(std::uint8_t code, std::size_t at = 0, std::size_t bytes = 4) const;
  const SentRoutes* reach(std::size_t family) const { return part(reach_there_, reach_, family); }
  const SentRoutes* unreach(std::size_t family) const { return part(unreach_there_, unreach_, family); }
  bool any_reach() const { return reach_there_ != 0; }
  bool any_unreach() const { return unreach_there_ != 0; }
  /// What is damaged; empty when nothing is. Static text.
  std::string_view fault() const { return fault_; }

  void read(std::span<const std::uint8_t> field);
  void drop_multiprotocol() { reach_there_ = unreach_there_ = 0; }

 private:
  static constexpr std::uint8_t code_max = 31;
  using Parts = std::array<SentRoutes, families>;

  static const SentRoutes* part(unsigned there, const Parts& parts, std::size_t family) {
    return (there >> family & 1) != 0 ? &parts[family] : nullptr;
  }
  void read_reach(std::span<const std::uint8_t> value);
  void read_unreach(std::span<const std::uint8_t> value);

  std::uint32_t there_ = 0;
  unsigned reach_there_ = 0, unreach_there_ = 0;
  std::array<std::span<const std::uint8_t>, code_max + 1> values_;
  Parts reach_, unreach_;
  std::string_view fault_;
};

struct SentUpdate {
  std::span<const std::uint8_t> withdrawn, announced;  ///< IPv4 prefixes, not judged
  SentAttributes attributes;
  std::string_view fault;  ///< of the message; empty when its fields are whole

  /// `body`: after the 19-byte header.
  void read(std::span<const std::uint8_t> body);
};

/// The most prefixes of one field that are shown.
inline constexpr std::size_t sent_prefixes_max = 8192;

/// Calls `visit(bytes, length, path_id)` for the prefixes of a field, up to damage: `bytes` has 16, those
/// after the prefix are zero. Gives false when the field is damaged. A length above 128 is damage that is
/// read on: as in bgpdump, where the 17th byte falls onto the length, that is shown.
template <class Visit>
bool for_each_sent_prefix(std::span<const std::uint8_t> field, bool add_path, Visit&& visit) {
  const std::uint8_t* at = field.data();
  const std::uint8_t* const end = at + field.size();
  bool whole = true;
  for (std::size_t count = 0; at < end; ++count) {
    if (count == sent_prefixes_max) return false;
    std::uint32_t path_id = 0;
    if (add_path) {
      if (end - at < 5) return false;
      path_id = static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
                static_cast<std::uint32_t>(at[2]) << 8 | at[3];
      at += 4;
    }
    const unsigned length = *at++;
    const auto bytes = static_cast<std::ptrdiff_t>((length + 7) / 8);
    if (bytes > end - at) return false;
    unsigned shown = length;
    if (length > 128) {
      whole = false;
      shown = at[16];
    }
    std::array<std::uint8_t, 16> prefix{};
    for (std::ptrdiff_t i = 0; i < std::min<std::ptrdiff_t>(bytes, 16); ++i)
      prefix[static_cast<std::size_t>(i)] = at[i];
    at += bytes;
    visit(prefix.data(), shown, path_id);
  }
  return whole;
}

}  // namespace peering::wire::mrt
