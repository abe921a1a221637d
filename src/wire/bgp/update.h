// UPDATE messages (RFC 4271 section 4.3) for IPv4 and IPv6 unicast, as values.
//
// Decoding never fails half-way: RFC 7606 says what each kind of damage costs, by name, and the result
// carries it. `discard_attribute`: the attribute is left out. `treat_as_withdraw`: the routes of the message
// are withdrawals. `reset_session`: nothing of the message can be trusted; whoever holds the session decides
// (a BMP station skips the message, a BGP speaker sends a NOTIFICATION).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/prefix.h"
#include "wire/bgp/message.h"
#include "wire/bgp/path_attributes.h"

namespace peering::wire::bgp {

/// Who sent the bytes, seen from their reader. RFC 7606 judges some attributes by it.
enum class Neighbor : std::uint8_t {
  unknown,   ///< the bytes come from an archive or a monitored router: attributes of every kind may be there
  internal,  ///< of the same AS or the same confederation
  external,
};

/// What both ends agreed on and the bytes do not say.
struct SessionFacts {
  bool four_octet_asn = true;  ///< AS numbers in AS_PATH and AGGREGATOR have four bytes
  bool add_path_ipv4 = false;  ///< RFC 7911 for IPv4 unicast
  bool add_path_ipv6 = false;  ///< RFC 7911 for IPv6 unicast
  /// IPv4 routes without NEXT_HOP are no fault. A router that reports its own tables by BMP leaves it out
  /// where the route has an IPv6 next hop (FRR); the route is there all the same.
  bool next_hop_optional = false;
  /// Multicast routes (SAFI 2) have path identifiers where the unicast routes of their family have them.
  bool add_path_multicast = true;
  bool extended_next_hop = true;  ///< RFC 8950: IPv4 routes in MP_REACH_NLRI may have an IPv6 next hop
  Neighbor neighbor = Neighbor::unknown;
};

/// Whether the prefixes of a family have path identifiers (RFC 7911).
inline bool has_path_ids(const SessionFacts& facts, net::Family family, bool multicast) {
  const bool unicast = family == net::Family::ipv4 ? facts.add_path_ipv4 : facts.add_path_ipv6;
  return unicast && (!multicast || facts.add_path_multicast);
}

/// One route in a message.
struct Nlri {
  net::Prefix prefix;
  std::uint32_t path_id = 0;  ///< 0 without add-path
  friend bool operator==(const Nlri&, const Nlri&) = default;
};

enum class Outcome : std::uint8_t { discard_attribute, treat_as_withdraw, reset_session };
std::string_view to_string(Outcome outcome);

/// One fault of a message.
struct Issue {
  std::uint8_t attribute = 0;  ///< type code; 0: the message itself
  Outcome outcome = Outcome::discard_attribute;
  std::string_view reason;  ///< static text
  friend bool operator==(const Issue&, const Issue&) = default;
};

/// Routes that came along and are not read, or that no routing table holds: an UPDATE may announce those of
/// one family and withdraw those of another.
struct OtherFamilies {
  std::optional<FamilyId> announced, withdrawn;
  friend bool operator==(const OtherFamilies&, const OtherFamilies&) = default;
};

struct Update {
  PathAttributes attributes;       ///< `next_hop` is that of the IPv4 routes in `announced`
  std::vector<Nlri> announced;     ///< the NLRI field: IPv4
  std::vector<Nlri> withdrawn;     ///< the withdrawn routes field: IPv4
  std::vector<Nlri> mp_announced;  ///< MP_REACH_NLRI, IPv4 or IPv6 unicast
  std::vector<Nlri> mp_withdrawn;  ///< MP_UNREACH_NLRI
  std::optional<net::Address> mp_next_hop;
  std::optional<net::Address> mp_link_local_next_hop;  ///< beside the global one (RFC 2545 section 3)
  std::vector<Nlri>
      multicast_announced;  ///< MP_REACH_NLRI of SAFI 2: shown in dumps, never in a routing table
  std::vector<Nlri> multicast_withdrawn;
  std::optional<FamilyId> end_of_rib;  ///< RFC 4724 section 2
  OtherFamilies other_families;
  std::vector<Issue> issues;

  /// The worst outcome, if any.
  std::optional<Outcome> outcome() const;
  friend bool operator==(const Update&, const Update&) = default;
};

/// Decodes the body of an UPDATE (after the 19-byte header). After `treat_as_withdraw` all routes that could
/// be read are in `withdrawn` and `mp_withdrawn` and none is announced; after `reset_session` there are no
/// routes at all.
Update decode_update(std::span<const std::uint8_t> body, const SessionFacts& facts);
/// The same into a value whose memory is used again: for who decodes many.
void decode_update_into(std::span<const std::uint8_t> body, const SessionFacts& facts, Update& out);

/// A whole UPDATE message. The routes of `mp_announced` go into MP_REACH_NLRI and those of `mp_withdrawn`
/// into MP_UNREACH_NLRI, which come first (RFC 7606 section 5.1); all routes of one of them are of one
/// family. `limit_exceeded` above 65535 bytes; the caller splits.
Result<std::vector<std::uint8_t>> encode_update(const Update& update, const SessionFacts& facts);

/// The End-of-RIB marker of a family (RFC 4724 section 2).
std::vector<std::uint8_t> encode_end_of_rib(FamilyId family);

}  // namespace peering::wire::bgp
