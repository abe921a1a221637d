#include "wire/bgp/attribute_judges.h"

#include "base/byte_cursor.h"
#include "wire/bgp/prefixes.h"

namespace peering::wire::bgp {

namespace {

using Bytes = std::span<const std::uint8_t>;

Fault judge_origin(Bytes value) {
  if (value.size() != 1) return "the length is not 1";
  return value[0] <= 2 ? nullptr : "the value is above 2";
}

Fault judge_four_bytes(Bytes value) { return value.size() == 4 ? nullptr : "the length is not 4"; }

template <std::size_t size>
Fault judge_list(Bytes value) {
  if (value.empty()) return "the list is empty";
  return value.size() % size == 0 ? nullptr : "the length is not a multiple of the entries' size";
}

// True when one of `count` numbers is AS 0, which makes a path malformed (RFC 7607 section 2).
template <std::size_t asn_bytes>
bool has_as_zero(const std::uint8_t* at, std::size_t count) {
  bool found = false;
  for (std::size_t i = 0; i < count; ++i, at += asn_bytes) {
    std::uint32_t number = 0;
    std::memcpy(&number, at, asn_bytes);
    found |= number == 0;
  }
  return found;
}

constexpr bool is_confederation(std::uint8_t type) {
  return type == static_cast<std::uint8_t>(SegmentType::confed_sequence) ||
         type == static_cast<std::uint8_t>(SegmentType::confed_set);
}

// RFC 7606 section 7.2. An external neighbour is outside the confederation (RFC 5065 section 5).
template <std::size_t asn_bytes>
Fault judge_path(Bytes value, bool confederations) {
  const std::uint8_t* at = value.data();
  const std::uint8_t* const end = at + value.size();
  while (at != end) {
    if (end - at < 2) return "a byte is left after the last segment";
    const std::uint8_t type = at[0];
    const std::size_t count = at[1];
    at += 2;
    if (type < 1 || type > 4) return "a segment's type is not known";
    if (count == 0) return "a segment is empty";
    if (static_cast<std::size_t>(end - at) < count * asn_bytes)
      return "a segment is longer than the attribute";
    if (is_confederation(type) && !confederations) return "a confederation's segment from outside of it";
    if (has_as_zero<asn_bytes>(at, count)) return "it contains AS 0";
    at += count * asn_bytes;
  }
  return nullptr;
}

Fault judge_as_path(Bytes value, const SessionFacts& facts) {
  const bool confederations = facts.neighbor != Neighbor::external;
  return facts.four_octet_asn ? judge_path<4>(value, confederations) : judge_path<2>(value, confederations);
}

// RFC 6793 section 6: too short for one number is malformed, unlike AS_PATH.
Fault judge_as4_path(Bytes value) { return value.empty() ? "it is empty" : judge_path<4>(value, true); }

Fault judge_aggregator(Bytes value, std::size_t asn_bytes) {
  if (value.size() != asn_bytes + 4) return "the length is not that of an AS number and an address";
  return number_of(value.first(asn_bytes)) != 0 ? nullptr : "it contains AS 0";
}

// RFC 4271 section 6.3: a host's address. Only who speaks to the neighbour asks: in tables of others 0.0.0.0
// stands for "here".
Fault judge_next_hop(Bytes value, const SessionFacts& facts) {
  if (value.size() != 4) return "the length is not 4";
  if (facts.neighbor == Neighbor::unknown) return nullptr;
  const bool host = value[0] < 224 && number_of(value) != 0;
  return host ? nullptr : "it is not the address of a host";
}

// RFC 7311 section 3: TLVs whose lengths count their own three bytes; type 1 holds a 64-bit metric.
Fault judge_aigp(Bytes value) {
  ByteReader reader(value);
  while (!reader.empty()) {
    const std::uint8_t type = reader.u8();
    const std::size_t length = reader.u16();
    if (!reader.ok() || length < 3) return "a TLV's length is less than 3";
    reader.skip(length - 3);
    if (!reader.ok()) return "a TLV is longer than the attribute";
    if (type == 1 && length != 11) return "the metric's length is not 11";
  }
  return nullptr;
}

// RFC 6368 section 5: an AS number and attributes, whose lengths must end where the value ends.
Fault judge_attr_set(Bytes value) {
  ByteReader reader(value);
  reader.skip(4);
  while (reader.ok() && !reader.empty()) {
    const std::uint8_t flags = reader.u8();
    reader.skip(1);
    reader.skip((flags & 0x10) != 0 ? reader.u16() : reader.u8());
  }
  return reader.ok() ? nullptr : "an attribute in it is longer than it";
}

// The family of prefixes that are read at all: unicast, and multicast for dumps.
std::optional<net::Family> readable_family(FamilyId id) {
  if (id.safi != 1 && id.safi != 2) return std::nullopt;
  if (id.afi == ipv4_unicast.afi) return net::Family::ipv4;
  if (id.afi == ipv6_unicast.afi) return net::Family::ipv6;
  return std::nullopt;
}

// 4 bytes, 16, or 32 with the link-local one after the global one (RFC 2545 section 3).
bool read_next_hop(Bytes bytes, MpRoutes& out) {
  if (bytes.size() == 4) {
    out.next_hop = net::Address::v4(bytes.first<4>());
  } else if (bytes.size() == 16 || bytes.size() == 32) {
    out.next_hop = net::Address::v6(bytes.first<16>());
    if (bytes.size() == 32) out.link_local_next_hop = net::Address::v6(bytes.last<16>());
  } else {
    return false;
  }
  return true;
}

// IPv6 routes never have an IPv4 next hop (RFC 2545 section 3), IPv4 routes have an IPv6 one where that was
// agreed on (RFC 8950 section 3).
bool next_hop_fits(const MpRoutes& reach, const SessionFacts& facts) {
  if (!reach.next_hop) return false;
  if (*reach.address_family == net::Family::ipv6) return !reach.next_hop->is_v4();
  return reach.next_hop->is_v4() || facts.extended_next_hop;
}

// Routes of families that are not read are not looked at.
Fault judge_routes(ByteReader& reader, const SessionFacts& facts, MpRoutes& out) {
  out.routes = reader.rest();
  if (!out.address_family) return nullptr;
  const auto count = count_prefixes(out.routes, *out.address_family,
                                    has_path_ids(facts, *out.address_family, out.multicast()));
  out.count = count.value_or(0);
  return count ? nullptr : "a prefix is malformed";
}

Fault judge_lone_next_hop(Bytes value, AttributeScan& out) {
  ByteReader reader(value);
  MpRoutes reach;
  const bool good = read_next_hop(reader.bytes(reader.u8()), reach) && reader.ok();
  if (!good) return "the next hop's length is not 4, 16 or 32";
  out.reach = reach;
  return nullptr;
}

Fault judge_mp_reach(Bytes value, const SessionFacts& facts, MpReachForm form, AttributeScan& out) {
  // A whole MP_REACH_NLRI begins with the address family, whose first byte is always zero.
  if (form == MpReachForm::next_hop && !value.empty() && value[0] != 0)
    return judge_lone_next_hop(value, out);
  ByteReader reader(value);
  MpRoutes reach;
  reach.family.afi = reader.u16();
  reach.family.safi = reader.u8();
  const Bytes next_hop = reader.bytes(reader.u8());
  reader.skip(1);  // reserved
  if (!reader.ok()) return "it is shorter than its next hop";
  reach.address_family = readable_family(reach.family);
  read_next_hop(next_hop, reach);
  if (reach.address_family && !next_hop_fits(reach, facts))
    return "the next hop's length is not one of its family";
  const Fault fault = judge_routes(reader, facts, reach);
  if (!fault) out.reach = reach;
  return fault;
}

Fault judge_mp_unreach(Bytes value, const SessionFacts& facts, AttributeScan& out) {
  ByteReader reader(value);
  MpRoutes unreach;
  unreach.family.afi = reader.u16();
  unreach.family.safi = reader.u8();
  if (!reader.ok()) return "it is shorter than 3 bytes";
  unreach.address_family = readable_family(unreach.family);
  const Fault fault = judge_routes(reader, facts, unreach);
  if (!fault) out.unreach = unreach;
  return fault;
}

}  // namespace

Fault judge_value(AttributeCode code, Bytes value, const SessionFacts& facts, MpReachForm form,
                  AttributeScan& out) {
  switch (code) {
    case AttributeCode::origin:
      return judge_origin(value);
    case AttributeCode::as_path:
      return judge_as_path(value, facts);
    case AttributeCode::next_hop:
      return judge_next_hop(value, facts);
    case AttributeCode::multi_exit_disc:
    case AttributeCode::local_pref:
    case AttributeCode::originator_id:
    case AttributeCode::only_to_customer:
      return judge_four_bytes(value);
    case AttributeCode::atomic_aggregate:
      return value.empty() ? nullptr : "the length is not 0";
    case AttributeCode::aggregator:
      return judge_aggregator(value, facts.four_octet_asn ? 4 : 2);
    case AttributeCode::as4_aggregator:
      return judge_aggregator(value, 4);
    case AttributeCode::communities:
    case AttributeCode::cluster_list:
      return judge_list<4>(value);
    case AttributeCode::extended_communities:
      return judge_list<8>(value);
    case AttributeCode::large_communities:
      return judge_list<12>(value);
    case AttributeCode::ipv6_extended_communities:
      return judge_list<20>(value);
    case AttributeCode::as4_path:
      return judge_as4_path(value);
    case AttributeCode::mp_reach_nlri:
      return judge_mp_reach(value, facts, form, out);
    case AttributeCode::mp_unreach_nlri:
      return judge_mp_unreach(value, facts, out);
    case AttributeCode::aigp:
      return judge_aigp(value);
    case AttributeCode::attr_set:
      return judge_attr_set(value);
    case AttributeCode::traffic_engineering:  // RFC 7606 section 7.13: nobody says what is malformed
      return nullptr;
  }
  return nullptr;
}

}  // namespace peering::wire::bgp
