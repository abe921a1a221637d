// Tables in MRT records (RFC 6396 sections 4.2 and 4.3, RFC 8050 section 4): TABLE_DUMP, one entry a record,
// and TABLE_DUMP_V2, whose records name peers by their place in the PEER_INDEX_TABLE before them. Values
// refer to the bytes they were read from.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "wire/bgp/prefixes.h"
#include "wire/mrt/record.h"

namespace peering::wire::mrt {

/// One row of a PEER_INDEX_TABLE.
struct TablePeer {
  net::Address bgp_identifier;
  net::Address address;
  net::Asn asn = 0;
  friend bool operator==(const TablePeer&, const TablePeer&) = default;
};

struct PeerIndexTable {
  net::Address collector;
  std::string_view view;
  std::vector<TablePeer> peers;
};

/// One route of a table. Its attributes are read with `bgp::scan_attributes` and `MpReachForm::next_hop`.
struct TableEntry {
  std::uint16_t peer = 0;  ///< place in the PEER_INDEX_TABLE
  std::uint32_t originated_seconds = 0;
  std::uint32_t path_id = 0;
  Bytes attributes;
};

/// 4 or 16 bytes count.
using SentAddress = std::array<std::uint8_t, 16>;

/// All routes of one prefix.
struct TableRoutes {
  std::uint32_t sequence = 0;
  net::Family family = net::Family::ipv4;
  bool multicast = false;
  bool add_path = false;
  bgp::RawPrefix prefix;
  SentAddress sent_address{};  ///< of the prefix, with the bits after its length as they were written
  std::vector<TableEntry> entries;
};

/// One route of the old TABLE_DUMP.
struct OldTableEntry {
  net::Family family = net::Family::ipv4;
  bool four_octet_asn = false;  ///< subtypes 3 and 4, which some collectors wrote
  bgp::RawPrefix prefix;
  SentAddress sent_address{};
  std::uint32_t originated_seconds = 0;
  net::Address peer_address;
  net::Asn peer_asn = 0;
  Bytes attributes;
};

/// The routes of a RIB_GENERIC record of a family that is neither IPv4 nor IPv6, unicast or multicast.
struct OtherRoutes {
  bgp::FamilyId family;
  Bytes nlri;
  std::size_t entries = 0;
};

/// One row of a GEO_PEER_TABLE (RFC 6397): degrees, not a number when unknown.
struct GeoPeer {
  TablePeer peer;
  float latitude = 0, longitude = 0;
};
struct GeoPeerTable {
  net::Address collector;
  std::string_view view;
  float latitude = 0, longitude = 0;  ///< of the collector
  std::vector<GeoPeer> peers;
};

/// What TABLE_DUMP_V2's subtypes are.
enum class TableKind : std::uint8_t { peers, routes, generic, geo, other };
TableKind table_kind(const Record& record);

/// Errors name the record and what is damaged; the record after it can still be read.
Result<PeerIndexTable> decode_peer_index_table(const Record& record);
/// `out` is replaced, its memory used again.
Result<void> decode_table_routes(const Record& record, TableRoutes& out);
/// The family of a RIB_GENERIC record; nothing when it is cut off.
std::optional<bgp::FamilyId> generic_family(const Record& record);
/// True when `decode_table_routes` reads the family; else `decode_other_routes` does.
bool is_table_family(bgp::FamilyId family);
Result<OtherRoutes> decode_other_routes(const Record& record);
Result<GeoPeerTable> decode_geo_peer_table(const Record& record);
/// A TABLE_DUMP record.
Result<OldTableEntry> decode_old_table_entry(const Record& record);

}  // namespace peering::wire::mrt
