// Tables in MRT records (RFC 6396 sections 4.2 and 4.3, RFC 8050 section 4): TABLE_DUMP, one entry a record,
// and TABLE_DUMP_V2, whose records name peers by their place in the PEER_INDEX_TABLE before them. Values
// refer to the bytes they were read from.
#pragma once

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

/// All routes of one prefix.
struct TableRoutes {
  std::uint32_t sequence = 0;
  net::Family family = net::Family::ipv4;
  bool multicast = false;
  bool add_path = false;
  bgp::RawPrefix prefix;
  std::vector<TableEntry> entries;
};

/// One route of the old TABLE_DUMP.
struct OldTableEntry {
  net::Family family = net::Family::ipv4;
  bgp::RawPrefix prefix;
  std::uint32_t originated_seconds = 0;
  net::Address peer_address;
  net::Asn peer_asn = 0;
  Bytes attributes;  ///< with two-octet AS numbers
};

/// What TABLE_DUMP_V2's subtypes are.
enum class TableKind : std::uint8_t { peers, routes, other };
TableKind table_kind(const Record& record);

/// Errors name the record and what is damaged; the record after it can still be read.
Result<PeerIndexTable> decode_peer_index_table(const Record& record);
/// `out` is replaced, its memory used again.
Result<void> decode_table_routes(const Record& record, TableRoutes& out);
/// A TABLE_DUMP record.
Result<OldTableEntry> decode_old_table_entry(const Record& record);

}  // namespace peering::wire::mrt
