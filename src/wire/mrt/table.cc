#include "wire/mrt/table.h"

#include <algorithm>

#include "base/byte_cursor.h"

namespace peering::wire::mrt {

namespace {

// Subtypes of TABLE_DUMP_V2 (RFC 6396 section 4.3, RFC 8050 section 4.2); 6 and 12 are RIB_GENERIC, 7 is
// GEO_PEER_TABLE.
constexpr std::uint16_t peer_index_table = 1;
constexpr std::uint16_t ipv4_unicast = 2;
constexpr std::uint16_t ipv6_multicast = 5;
constexpr std::uint16_t ipv4_unicast_add_path = 8;
constexpr std::uint16_t ipv6_multicast_add_path = 11;

// Bits of a peer's type.
constexpr std::uint8_t peer_ipv6 = 1;
constexpr std::uint8_t peer_four_octet_asn = 2;

// Subtypes of TABLE_DUMP are address families.
constexpr std::uint16_t old_ipv4 = 1;
constexpr std::uint16_t old_ipv6 = 2;

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

}  // namespace

TableKind table_kind(const Record& record) {
  if (record.subtype == peer_index_table) return TableKind::peers;
  return is_routes(record.subtype) ? TableKind::routes : TableKind::other;
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
  out.add_path = record.subtype >= ipv4_unicast_add_path;
  const int subtype = record.subtype - (out.add_path ? ipv4_unicast_add_path : ipv4_unicast);
  out.family = subtype < 2 ? net::Family::ipv4 : net::Family::ipv6;
  out.multicast = subtype % 2 == 1;
  out.entries.clear();
  ByteReader reader(record.body);
  out.sequence = reader.u32();
  const int bits = reader.u8();
  if (bits > net::address_bits(out.family)) {
    return malformed_record(record, fmt::format("a prefix length of {} is too large", bits));
  }
  out.prefix = raw_prefix(reader.bytes(static_cast<std::size_t>(bits + 7) / 8), bits);
  const std::uint16_t count = reader.u16();
  for (std::uint16_t i = 0; i < count; ++i) {
    TableEntry entry;
    entry.peer = reader.u16();
    entry.originated_seconds = reader.u32();
    if (out.add_path) entry.path_id = reader.u32();
    entry.attributes = reader.bytes(reader.u16());
    if (!reader.ok()) return malformed_record(record, "it is shorter than its list of entries");
    out.entries.push_back(entry);
  }
  if (!reader.ok()) return malformed_record(record, "it is shorter than a prefix and its entries");
  return {};
}

Result<OldTableEntry> decode_old_table_entry(const Record& record) {
  if (record.subtype != old_ipv4 && record.subtype != old_ipv6) {
    return malformed_record(record, "the address family is neither IPv4 nor IPv6");
  }
  OldTableEntry out;
  out.family = record.subtype == old_ipv4 ? net::Family::ipv4 : net::Family::ipv6;
  const std::size_t address_bytes = record.subtype == old_ipv4 ? 4 : 16;
  ByteReader reader(record.body);
  reader.skip(4);  // view, sequence
  const Bytes prefix = reader.bytes(address_bytes);
  const int bits = reader.u8();
  reader.skip(1);  // status: always 1
  out.originated_seconds = reader.u32();
  out.peer_address = address_of(reader.bytes(address_bytes));
  out.peer_asn = reader.u16();
  out.attributes = reader.bytes(reader.u16());
  if (!reader.ok()) return malformed_record(record, "it is shorter than an entry");
  if (bits > net::address_bits(out.family)) {
    return malformed_record(record, fmt::format("a prefix length of {} is too large", bits));
  }
  out.prefix = raw_prefix(prefix, bits);
  return out;
}

}  // namespace peering::wire::mrt
