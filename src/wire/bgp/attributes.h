// Path attributes found and judged in place (RFC 4271 section 4.3): a table says what is known about each,
// RFC 7606 says what each fault costs. Nothing is copied: who needs a value reads it from the bytes, which
// are known to be good.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wire/bgp/update.h"

namespace peering::wire::bgp {

/// Attribute type codes (IANA registry).
enum class AttributeCode : std::uint8_t {
  origin = 1,
  as_path = 2,
  next_hop = 3,
  multi_exit_disc = 4,
  local_pref = 5,
  atomic_aggregate = 6,
  aggregator = 7,
  communities = 8,
  originator_id = 9,
  cluster_list = 10,
  mp_reach_nlri = 14,
  mp_unreach_nlri = 15,
  extended_communities = 16,
  as4_path = 17,
  as4_aggregator = 18,
  large_communities = 32,
  only_to_customer = 35,
};

/// MP_REACH_NLRI or MP_UNREACH_NLRI (RFC 4760), judged.
struct MpRoutes {
  FamilyId family;
  /// Of the prefixes in `routes`; nothing for families that are not read (then `routes` is not judged).
  std::optional<net::Family> address_family;
  std::span<const std::uint8_t> routes;
  std::size_t count = 0;  ///< prefixes in `routes`
  std::optional<net::Address> next_hop;

  /// SAFI 2: shown in dumps, never in a routing table.
  bool multicast() const { return family.safi == 2; }
};

/// How MP_REACH_NLRI is written: as in UPDATEs, or the next hop alone (RFC 6396 section 4.3.4; the whole form
/// is taken there too, since many write it).
enum class MpReachForm : std::uint8_t { whole, next_hop };

/// The attributes of one message or table entry. Refers to the bytes it was read from.
class AttributeScan {
 public:
  static constexpr std::size_t code_max = 35;

  /// True for an attribute that is there and good.
  bool has(AttributeCode code) const { return (seen_ >> static_cast<unsigned>(code) & 1) != 0; }
  /// True when `code` is the only attribute.
  bool only(AttributeCode code) const {
    return seen_ == std::uint64_t{1} << static_cast<unsigned>(code) && issues.empty();
  }
  /// The bytes of an attribute that is there and good, else nothing.
  std::span<const std::uint8_t> value(AttributeCode code) const {
    return has(code) ? sent(code) : std::span<const std::uint8_t>();
  }
  /// The bytes of an attribute that is there, good or not: for showing what was sent.
  std::span<const std::uint8_t> sent(AttributeCode code) const {
    return values_[static_cast<std::size_t>(code)];
  }
  void keep(AttributeCode code, std::span<const std::uint8_t> value, bool good) {
    seen_ |= std::uint64_t{good} << static_cast<unsigned>(code);
    values_[static_cast<std::size_t>(code)] = value;
  }

  std::optional<MpRoutes> reach;    ///< MP_REACH_NLRI
  std::optional<MpRoutes> unreach;  ///< MP_UNREACH_NLRI
  std::vector<Issue> issues;

 private:
  std::uint64_t seen_ = 0;
  std::array<std::span<const std::uint8_t>, code_max + 1> values_{};
};

/// Finds and judges the attributes in `field` and adds them to `out`.
void scan_attributes(std::span<const std::uint8_t> field, const SessionFacts& facts, MpReachForm form,
                     AttributeScan& out);

/// The AS_PATH, merged with AS4_PATH where the session has two-octet numbers (RFC 6793 section 4.2.3). What
/// `out` held is replaced, its memory used again.
void read_as_path(const AttributeScan& scan, const SessionFacts& facts, AsPath& out);

/// Appends the segments of an AS_PATH value; false when it is malformed, then with what was read until there.
bool append_as_path(std::span<const std::uint8_t> value, std::size_t asn_bytes, AsPath& out);

/// The AGGREGATOR, with AS4_AGGREGATOR taken in (RFC 6793 section 4.2.3); nothing when there is none.
std::optional<Aggregator> read_aggregator(const AttributeScan& scan, const SessionFacts& facts);

/// Every value. `next_hop` is NEXT_HOP only.
void read_path_attributes(const AttributeScan& scan, const SessionFacts& facts, PathAttributes& out);

/// A big-endian number of at most four bytes.
inline std::uint32_t number_of(std::span<const std::uint8_t> bytes) {
  std::uint32_t out = 0;
  for (const std::uint8_t b : bytes) out = out << 8 | b;
  return out;
}

}  // namespace peering::wire::bgp
