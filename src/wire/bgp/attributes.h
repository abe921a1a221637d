// Path attributes found and judged in place (RFC 4271 section 4.3): a table says what is known about each,
// RFC 7606 says what each fault costs (docs/malformed.md has it line by line). Nothing is copied: who needs a
// value reads it from the bytes, which are known to be good.
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
  traffic_engineering = 24,
  ipv6_extended_communities = 25,
  aigp = 26,
  large_communities = 32,
  only_to_customer = 35,
  attr_set = 128,
};

/// MP_REACH_NLRI or MP_UNREACH_NLRI (RFC 4760), judged.
struct MpRoutes {
  FamilyId family;
  /// Of the prefixes in `routes`; nothing for families that are not read (then `routes` is not judged).
  std::optional<net::Family> address_family;
  std::span<const std::uint8_t> routes;
  std::size_t count = 0;  ///< prefixes in `routes`
  std::optional<net::Address> next_hop;
  std::optional<net::Address> link_local_next_hop;  ///< RFC 2545 section 3

  /// SAFI 2: shown in dumps, never in a routing table.
  bool multicast() const { return family.safi == 2; }
};

/// How MP_REACH_NLRI is written: as in UPDATEs, or the next hop alone (RFC 6396 section 4.3.4; the whole form
/// is taken there too, since many write it).
enum class MpReachForm : std::uint8_t { whole, next_hop };

/// The attributes of one message or table entry. Refers to the bytes it was read from.
class AttributeScan {
 public:
  static constexpr std::size_t code_max = 35;  ///< attributes above are judged, but not kept

  AttributeScan() {}  // not `= default`: `places_` holds nothing until `met_` says so

  /// True for an attribute that is there and good.
  bool has(AttributeCode code) const { return (seen_ >> static_cast<unsigned>(code) & 1) != 0; }
  /// True when one of `codes`, a sum of `bit_of`s, is there and good.
  bool has_any(std::uint64_t codes) const { return (seen_ & codes) != 0; }
  static constexpr std::uint64_t bit_of(AttributeCode code) {
    return std::uint64_t{1} << static_cast<unsigned>(code);
  }
  /// True when `code` is the only attribute.
  bool only(AttributeCode code) const { return total_ == 1 && has(code); }
  /// The bytes of an attribute that is there and good, else nothing.
  std::span<const std::uint8_t> value(AttributeCode code) const {
    return has(code) ? places_[static_cast<std::size_t>(code)].bytes() : std::span<const std::uint8_t>();
  }
  /// The bytes of an attribute that is there, good or not: for showing what was sent.
  std::span<const std::uint8_t> sent(AttributeCode code) const {
    const bool met = (met_ >> static_cast<unsigned>(code) & 1) != 0;
    return met ? places_[static_cast<std::size_t>(code)].bytes() : std::span<const std::uint8_t>();
  }

  /// What a reader notes on its way, in a value of its own: cheaper than in a scan that bytes might alias.
  struct Notes {
    std::uint64_t seen = 0, met = 0;
    std::size_t total = 0;
  };
  /// Keeps the place of an attribute with a code up to `code_max`.
  void place(AttributeCode code, std::span<const std::uint8_t> value, bool good, Notes& notes) {
    const auto index = static_cast<std::size_t>(code);
    notes.met |= std::uint64_t{1} << index;
    notes.seen |= std::uint64_t{good} << index;
    places_[index] = {value.data(), value.size()};
  }
  void note(const Notes& notes) {
    seen_ |= notes.seen;
    met_ |= notes.met;
    total_ += notes.total;
  }

  std::optional<MpRoutes> reach;    ///< MP_REACH_NLRI
  std::optional<MpRoutes> unreach;  ///< MP_UNREACH_NLRI
  std::vector<Issue> issues;

 private:
  struct Place {
    const std::uint8_t* data;
    std::size_t size;
    std::span<const std::uint8_t> bytes() const { return {data, size}; }
  };
  std::uint64_t seen_ = 0, met_ = 0;
  std::size_t total_ = 0;
  std::array<Place, code_max + 1> places_;
};

/// Finds and judges the attributes in `field` and adds them to `out`.
void scan_attributes(std::span<const std::uint8_t> field, const SessionFacts& facts, MpReachForm form,
                     AttributeScan& out);

/// The AS_PATH, merged with AS4_PATH where the session has two-octet numbers (RFC 6793 section 4.2.3). What
/// `out` held is replaced, its memory used again.
void read_as_path(const AttributeScan& scan, const SessionFacts& facts, AsPath& out);

/// `AsPath::first` of the path that `read_as_path` reads.
std::optional<net::Asn> first_as(const AttributeScan& scan, const SessionFacts& facts);

/// Appends the segments of an AS_PATH value; false when it is malformed, then with what was read until there.
bool append_as_path(std::span<const std::uint8_t> value, std::size_t asn_bytes, AsPath& out);

/// The AGGREGATOR, with AS4_AGGREGATOR taken in (RFC 6793 section 4.2.3); nothing when there is none.
std::optional<Aggregator> read_aggregator(const AttributeScan& scan, const SessionFacts& facts);

/// Every value. `next_hop` is NEXT_HOP only. What `out` held is replaced, its memory used again.
void read_path_attributes(const AttributeScan& scan, const SessionFacts& facts, PathAttributes& out);

/// A big-endian number of at most four bytes.
inline std::uint32_t number_of(std::span<const std::uint8_t> bytes) {
  std::uint32_t out = 0;
  for (const std::uint8_t b : bytes) out = out << 8 | b;
  return out;
}

}  // namespace peering::wire::bgp
