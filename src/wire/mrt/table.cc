#include "wire/mrt/table.h"

#include <algorithm>
#include <bit>

#include "base/byte_cursor.h"

namespace peering::wire::mrt {

namespace {

// Subtypes of TABLE_DUMP_V2 (RFC 6396 section 4.3, RFC 6397, RFC 8050 section 4.2).
constexpr std::uint16_t peer_index_table = 1;
constexpr std::uint16_t ipv4_unicast = 2;
constexpr std::uint16_t ipv6_multicast = 5;
constexpr std::uint16_t generic = 6;
constexpr std::uint16_t geo_peer_table = 7;
constexpr std::uint16_t ipv4_unicast_add_path = 8;
constexpr std::uint16_t ipv6_multicast_add_path = 11;
constexpr std::uint16_t generic_add_path = 12;

// Bits of a peer's type.
constexpr std::uint8_t peer_ipv6 = 1;
constexpr std::uint8_t peer_four_octet_asn = 2;

// Subtypes of TABLE_DUMP are address families.
constexpr std::uint16_t old_ipv4 = 1;
constexpr std::uint16_t old_ipv6 = 2;
constexpr std::uint16_t old_ipv4_as4 = 3;
constexpr std::uint16_t old_ipv6_as4 = 4;

bool is_generic(std::uint16_t subtype) { return subtype == generic || subtype == generic_add_path; }

bool is_routes(std::uint16_t subtype) {
  return (subtype >= ipv4_unicast && subtype <= ipv6_multicast) ||
         (subtype >= ipv4_unicast_add_path && subtype <= ipv6_multicast_add_path);
}

net::Address address_of(Bytes bytes) {
  if (bytes.size() == 16) return net::Address::v6(bytes.first<16>());
  if (bytes.size() == 4) return net::Address::v4(bytes.first<4>());
  return {};
}

TablePeer read_peer(ByteReader& reader) {
  const std::uint8_t type = reader.u8();
  TablePeer out;
  out.bgp_identifier = net::Address::v4(reader.u32());
  out.address = address_of(reader.bytes((type & peer_ipv6) != 0 ? 16 : 4));
  out.asn = (type & peer_four_octet_asn) != 0 ? reader.u32() : reader.u16();
  return out;
}

// Host bits, which some writers leave set, are cleared.
bgp::RawPrefix raw_prefix(Bytes bytes, int length) {
  bgp::RawPrefix out;
  out.length = length;
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    const int kept = length - static_cast<int>(8 * i);
    if (kept < 8) out.bytes[i] &= static_cast<std::uint8_t>(kept <= 0 ? 0 : 0xff << (8 - kept));
  }
  return out;
}

SentAddress sent_address(Bytes bytes) {
  SentAddress out{};
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

// False when bytes are missing.
bool read_entries(ByteReader& reader, bool add_path, std::vector<TableEntry>& out) {
  const std::uint16_t count = reader.u16();
  for (std::uint16_t i = 0; i < count && reader.ok(); ++i) {
    TableEntry entry;
    entry.peer = reader.u16();
    entry.originated_seconds = reader.u32();
    if (add_path) entry.path_id = reader.u32();
    entry.attributes = reader.bytes(reader.u16());
    if (reader.ok()) out.push_back(entry);
  }
  return reader.ok();
}

}  // namespace

TableKind table_kind(const Record& record) {
  if (record.subtype == peer_index_table) return TableKind::peers;
  if (record.subtype == geo_peer_table) return TableKind::geo;
  if (is_generic(record.subtype)) return TableKind::generic;
  return is_routes(record.subtype) ? TableKind::routes : TableKind::other;
}

bool is_table_family(bgp::FamilyId family) {
  return (family.afi == 1 || family.afi == 2) && (family.safi == 1 || family.safi == 2);
}

std::optional<bgp::FamilyId> generic_family(const Record& record) {
  ByteReader reader(record.body);
  reader.skip(4);  // sequence
  bgp::FamilyId out;
  out.afi = reader.u16();
  out.safi = reader.u8();
  if (!reader.ok()) return std::nullopt;
  return out;
}

Result<PeerIndexTable> decode_peer_index_table(const Record& record) {
  ByteReader reader(record.body);
  PeerIndexTable out;
  out.collector = net::Address::v4(reader.u32());
  const Bytes view = reader.bytes(reader.u16());
  out.view = {reinterpret_cast<const char*>(view.data()), view.size()};
  const std::uint16_t count = reader.u16();
  for (std::uint16_t i = 0; i < count && reader.ok(); ++i) out.peers.push_back(read_peer(reader));
  if (!reader.ok()) return malformed_record(record, "it is shorter than its list of peers");
  return out;
}

Result<void> decode_table_routes(const Record& record, TableRoutes& out) {
  ByteReader reader(record.body);
  out.sequence = reader.u32();
  out.add_path = record.subtype >= ipv4_unicast_add_path;
  if (is_generic(record.subtype)) {
    out.family = reader.u16() == 1 ? net::Family::ipv4 : net::Family::ipv6;
    out.multicast = reader.u8() == 2;
  } else {
    const int subtype = record.subtype - (out.add_path ? ipv4_unicast_add_path : ipv4_unicast);
    out.family = subtype < 2 ? net::Family::ipv4 : net::Family::ipv6;
    out.multicast = subtype % 2 == 1;
  }
  out.entries.clear();
  const int bits = reader.u8();
  if (bits > net::address_bits(out.family)) {
    return malformed_record(record, fmt::format("a prefix length of {} is too large", bits));
  }
  const Bytes prefix = reader.bytes(static_cast<std::size_t>(bits + 7) / 8);
  out.prefix = raw_prefix(prefix, bits);
  out.sent_address = sent_address(prefix);
  if (!read_entries(reader, out.add_path, out.entries)) {
    return malformed_record(record, "it is shorter than a prefix and its list of entries");
  }
  return {};
}

Result<OtherRoutes> decode_other_routes(const Record& record) {
  const auto family = generic_family(record);
  if (!family) return malformed_record(record, "it is shorter than a family");
  ByteReader reader(record.body.subspan(7));
  OtherRoutes out;
  out.family = *family;
  const std::size_t bits = reader.u8();
  if (!reader.ok() || reader.left() < (bits + 7) / 8) {
    return malformed_record(record, "it is shorter than its route");
  }
  out.nlri = record.body.subspan(7, 1 + (bits + 7) / 8);
  reader.skip((bits + 7) / 8);
  std::vector<TableEntry> entries;
  if (!read_entries(reader, record.subtype == generic_add_path, entries)) {
    return malformed_record(record, "it is shorter than its list of entries");
  }
  out.entries = entries.size();
  return out;
}

Result<GeoPeerTable> decode_geo_peer_table(const Record& record) {
  ByteReader reader(record.body);
  GeoPeerTable out;
  out.collector = net::Address::v4(reader.u32());
  const Bytes view = reader.bytes(reader.u16());
  out.view = {reinterpret_cast<const char*>(view.data()), view.size()};
  out.latitude = std::bit_cast<float>(reader.u32());
  out.longitude = std::bit_cast<float>(reader.u32());
  const std::uint16_t count = reader.u16();
  for (std::uint16_t i = 0; i < count && reader.ok(); ++i) {
    GeoPeer row;
    row.peer = read_peer(reader);
    row.latitude = std::bit_cast<float>(reader.u32());
    row.longitude = std::bit_cast<float>(reader.u32());
    out.peers.push_back(row);
  }
  if (!reader.ok()) return malformed_record(record, "it is shorter than its list of peers");
  return out;
}

Result<OldTableEntry> decode_old_table_entry(const Record& record) {
  if (record.subtype < old_ipv4 || record.subtype > old_ipv6_as4) {
    return malformed_record(record, "the address family is neither IPv4 nor IPv6");
  }
  OldTableEntry out;
  const bool is_ipv4 = record.subtype == old_ipv4 || record.subtype == old_ipv4_as4;
  out.family = is_ipv4 ? net::Family::ipv4 : net::Family::ipv6;
  out.four_octet_asn = record.subtype > old_ipv6;
  const std::size_t address_bytes = is_ipv4 ? 4 : 16;
  ByteReader reader(record.body);
  reader.skip(4);  // view, sequence
  const Bytes prefix = reader.bytes(address_bytes);
  const int bits = reader.u8();
  reader.skip(1);  // status: always 1
  out.originated_seconds = reader.u32();
  out.peer_address = address_of(reader.bytes(address_bytes));
  out.peer_asn = out.four_octet_asn ? reader.u32() : reader.u16();
  out.attributes = reader.bytes(reader.u16());
  if (!reader.ok()) return malformed_record(record, "it is shorter than an entry");
  if (bits > net::address_bits(out.family)) {
    return malformed_record(record, fmt::format("a prefix length of {} is too large", bits));
  }
  out.prefix = raw_prefix(prefix, bits);
  out.sent_address = sent_address(prefix);
  return out;
}

}  // namespace peering::wire::mrt
