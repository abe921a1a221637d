// Writing UPDATEs.
#include <algorithm>

#include "base/byte_cursor.h"
#include "wire/bgp/attributes.h"

namespace peering::wire::bgp {

namespace {

constexpr std::uint8_t transitive = 0x40;
constexpr std::uint8_t optional = 0x80;
constexpr std::uint8_t extended_length = 0x10;
constexpr net::Asn two_octet_max = 65535;

void attribute(ByteWriter& out, std::uint8_t flags, AttributeCode code, std::span<const std::uint8_t> value) {
  const bool wide = value.size() > 255;
  out.u8(static_cast<std::uint8_t>(flags | (wide ? extended_length : 0)));
  out.u8(static_cast<std::uint8_t>(code));
  if (wide) {
    out.u16(static_cast<std::uint16_t>(value.size()));
  } else {
    out.u8(static_cast<std::uint8_t>(value.size()));
  }
  out.bytes(value);
}

void number(ByteWriter& out, std::uint8_t flags, AttributeCode code, std::uint32_t value) {
  ByteWriter bytes;
  bytes.u32(value);
  attribute(out, flags, code, bytes.data());
}

void asn(ByteWriter& out, net::Asn value, bool four_octet) {
  if (four_octet) {
    out.u32(value);
  } else {
    out.u16(static_cast<std::uint16_t>(value > two_octet_max ? net::as_trans : value));
  }
}

// A segment of more than 255 numbers (merging with AS4_PATH can make one) becomes several.
void as_path(ByteWriter& out, const AsPath& path, bool four_octet, AttributeCode code, std::uint8_t flags) {
  constexpr std::size_t segment_max = 255;
  ByteWriter bytes;
  std::size_t at = 0;
  for (const AsPath::Segment& segment : path.segments) {
    for (std::size_t left = segment.count; left > 0;) {
      const std::size_t count = std::min(left, segment_max);
      bytes.u8(static_cast<std::uint8_t>(segment.type));
      bytes.u8(static_cast<std::uint8_t>(count));
      for (std::size_t i = 0; i < count; ++i) asn(bytes, path.asns[at++], four_octet);
      left -= count;
    }
  }
  attribute(out, flags, code, bytes.data());
}

void prefixes(ByteWriter& out, const std::vector<Nlri>& routes, bool add_path) {
  for (const Nlri& route : routes) {
    if (add_path) out.u32(route.path_id);
    out.u8(static_cast<std::uint8_t>(route.prefix.length()));
    out.bytes(route.prefix.address().bytes().first(static_cast<std::size_t>(route.prefix.length() + 7) / 8));
  }
}

FamilyId family_of(const std::vector<Nlri>& routes) {
  return routes.front().prefix.family() == net::Family::ipv4 ? ipv4_unicast : ipv6_unicast;
}

bool add_path_of(const std::vector<Nlri>& routes, const SessionFacts& facts) {
  return routes.front().prefix.family() == net::Family::ipv4 ? facts.add_path_ipv4 : facts.add_path_ipv6;
}

void family(ByteWriter& out, FamilyId id) {
  out.u16(id.afi);
  out.u8(id.safi);
}

void mp_attributes(ByteWriter& out, const Update& update, const SessionFacts& facts) {
  if (!update.mp_announced.empty()) {
    ByteWriter bytes;
    family(bytes, family_of(update.mp_announced));
    const net::Address next_hop = update.mp_next_hop.value_or(net::Address());
    const auto& link_local = update.mp_link_local_next_hop;
    bytes.u8(
        static_cast<std::uint8_t>(next_hop.bytes().size() + (link_local ? link_local->bytes().size() : 0)));
    bytes.bytes(next_hop.bytes());
    if (link_local) bytes.bytes(link_local->bytes());
    bytes.u8(0);
    prefixes(bytes, update.mp_announced, add_path_of(update.mp_announced, facts));
    attribute(out, optional, AttributeCode::mp_reach_nlri, bytes.data());
  }
  if (!update.mp_withdrawn.empty()) {
    ByteWriter bytes;
    family(bytes, family_of(update.mp_withdrawn));
    prefixes(bytes, update.mp_withdrawn, add_path_of(update.mp_withdrawn, facts));
    attribute(out, optional, AttributeCode::mp_unreach_nlri, bytes.data());
  }
}

void aggregator(ByteWriter& out, const Aggregator& value, bool four_octet, AttributeCode code) {
  ByteWriter bytes;
  asn(bytes, value.asn, four_octet);
  bytes.bytes(value.address.bytes());
  attribute(out, optional | transitive, code, bytes.data());
}

void communities(ByteWriter& out, const PathAttributes& a) {
  ByteWriter plain, extended, large;
  for (const std::uint32_t community : a.communities) plain.u32(community);
  for (const std::uint64_t community : a.extended_communities) extended.u64(community);
  for (const LargeCommunity& community : a.large_communities) {
    large.u32(community.global);
    large.u32(community.local1);
    large.u32(community.local2);
  }
  constexpr std::uint8_t flags = optional | transitive;
  if (plain.size() > 0) attribute(out, flags, AttributeCode::communities, plain.data());
  if (extended.size() > 0) attribute(out, flags, AttributeCode::extended_communities, extended.data());
  if (large.size() > 0) attribute(out, flags, AttributeCode::large_communities, large.data());
}

// AS4_PATH holds no confederation segments (RFC 6793 section 4.2.2).
AsPath without_confederations(const AsPath& path) {
  AsPath out;
  auto asns = path.asns.begin();
  for (const AsPath::Segment& segment : path.segments) {
    if (segment.type == SegmentType::as_sequence || segment.type == SegmentType::as_set) {
      out.segments.push_back(segment);
      out.asns.insert(out.asns.end(), asns, asns + segment.count);
    }
    asns += segment.count;
  }
  return out;
}

// What a speaker of two-octet numbers passes on untouched (RFC 6793 section 4.2.2).
void as4_attributes(ByteWriter& out, const PathAttributes& a) {
  const AsPath path = without_confederations(a.as_path);
  if (std::ranges::any_of(path.asns, [](net::Asn n) { return n > two_octet_max; })) {
    as_path(out, path, true, AttributeCode::as4_path, optional | transitive);
  }
  if (a.aggregator && a.aggregator->asn > two_octet_max) {
    aggregator(out, *a.aggregator, true, AttributeCode::as4_aggregator);
  }
}

void path_attributes(ByteWriter& out, const Update& update, const SessionFacts& facts) {
  const PathAttributes& a = update.attributes;
  mp_attributes(out, update, facts);  // first: RFC 7606 section 5.1
  if (!update.announced.empty() || !update.mp_announced.empty()) {
    const auto origin = static_cast<std::uint8_t>(a.origin);
    attribute(out, transitive, AttributeCode::origin, std::span(&origin, 1));
    as_path(out, a.as_path, facts.four_octet_asn, AttributeCode::as_path, transitive);
    if (a.next_hop) attribute(out, transitive, AttributeCode::next_hop, a.next_hop->bytes());
    if (a.multi_exit_disc) number(out, optional, AttributeCode::multi_exit_disc, *a.multi_exit_disc);
    if (a.local_pref) number(out, transitive, AttributeCode::local_pref, *a.local_pref);
    if (a.atomic_aggregate) attribute(out, transitive, AttributeCode::atomic_aggregate, {});
    if (a.aggregator) aggregator(out, *a.aggregator, facts.four_octet_asn, AttributeCode::aggregator);
    communities(out, a);
    if (!facts.four_octet_asn) as4_attributes(out, a);
    if (a.only_to_customer)
      number(out, optional | transitive, AttributeCode::only_to_customer, *a.only_to_customer);
  }
}

std::vector<std::uint8_t> framed(std::span<const std::uint8_t> withdrawn,
                                 std::span<const std::uint8_t> attributes,
                                 std::span<const std::uint8_t> announced) {
  ByteWriter out;
  for (int i = 0; i < 16; ++i) out.u8(0xff);
  out.u16(
      static_cast<std::uint16_t>(header_bytes + 4 + withdrawn.size() + attributes.size() + announced.size()));
  out.u8(static_cast<std::uint8_t>(MessageType::update));
  out.u16(static_cast<std::uint16_t>(withdrawn.size()));
  out.bytes(withdrawn);
  out.u16(static_cast<std::uint16_t>(attributes.size()));
  out.bytes(attributes);
  out.bytes(announced);
  return std::move(out).take();
}

}  // namespace

Result<std::vector<std::uint8_t>> encode_update(const Update& update, const SessionFacts& facts) {
  ByteWriter withdrawn, attributes, announced;
  prefixes(withdrawn, update.withdrawn, facts.add_path_ipv4);
  path_attributes(attributes, update, facts);
  prefixes(announced, update.announced, facts.add_path_ipv4);
  const std::size_t total = header_bytes + 4 + withdrawn.size() + attributes.size() + announced.size();
  if (total > message_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "an UPDATE of {} bytes does not fit into {}", total,
                message_bytes_max);
  }
  return framed(withdrawn.data(), attributes.data(), announced.data());
}

std::vector<std::uint8_t> encode_end_of_rib(FamilyId id) {
  if (id == ipv4_unicast) return framed({}, {}, {});
  ByteWriter value, attributes;
  family(value, id);
  attribute(attributes, optional, AttributeCode::mp_unreach_nlri, value.data());
  return framed({}, attributes.data(), {});
}

}  // namespace peering::wire::bgp
