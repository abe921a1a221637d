#include "wire/bgp/attribute_judges.h"

#include "base/byte_cursor.h"
#include "wire/bgp/prefixes.h"

namespace peering::wire::bgp::judges {

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

namespace {

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
    out.next_hop.emplace(bytes.first<4>());
  } else if (bytes.size() == 16 || bytes.size() == 32) {
    out.next_hop.emplace(bytes.first<16>());
    if (bytes.size() == 32) out.link_local_next_hop.emplace(bytes.last<16>());
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

Fault read_mp_reach(Bytes value, const SessionFacts& facts, MpReachForm form, MpRoutes& reach) {
  ByteReader reader(value);
  // A whole MP_REACH_NLRI begins with the address family, whose first byte is always zero.
  if (form == MpReachForm::next_hop && !value.empty() && value[0] != 0) {
    const bool good = read_next_hop(reader.bytes(reader.u8()), reach) && reader.ok();
    return good ? nullptr : "the next hop's length is not 4, 16 or 32";
  }
  reach.family.afi = reader.u16();
  reach.family.safi = reader.u8();
  const Bytes next_hop = reader.bytes(reader.u8());
  reader.skip(1);  // reserved
  if (!reader.ok()) return "it is shorter than its next hop";
  reach.address_family = readable_family(reach.family);
  read_next_hop(next_hop, reach);
  if (reach.address_family && !next_hop_fits(reach, facts)) {
    return "the next hop's length is not one of its family";
  }
  return judge_routes(reader, facts, reach);
}

Fault read_mp_unreach(Bytes value, const SessionFacts& facts, MpRoutes& unreach) {
  ByteReader reader(value);
  unreach.family.afi = reader.u16();
  unreach.family.safi = reader.u8();
  if (!reader.ok()) return "it is shorter than 3 bytes";
  unreach.address_family = readable_family(unreach.family);
  return judge_routes(reader, facts, unreach);
}

}  // namespace

Fault judge_mp_reach(Bytes value, const SessionFacts& facts, MpReachForm form, AttributeScan& out) {
  MpRoutes& reach = out.reach.emplace();
  const Fault fault = read_mp_reach(value, facts, form, reach);
  if (fault) out.reach.reset();
  return fault;
}

Fault judge_mp_unreach(Bytes value, const SessionFacts& facts, AttributeScan& out) {
  MpRoutes& unreach = out.unreach.emplace();
  const Fault fault = read_mp_unreach(value, facts, unreach);
  if (fault) out.unreach.reset();
  return fault;
}

}  // namespace peering::wire::bgp::judges
