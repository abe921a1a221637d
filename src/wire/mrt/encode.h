// MRT records written (RFC 6396, RFC 8050): updates and session states as BGP4MP_ET, tables as TABLE_DUMP_V2.
// AS numbers of sessions have four bytes where
// the message allows it. BGP messages and attributes go in as they were received.
#pragma once

#include <optional>
#include <vector>

#include "base/byte_cursor.h"
#include "wire/mrt/table.h"

namespace peering::wire::mrt {

/// How a message is to be read: the subtype says it.
struct MessageForm {
  bool four_octet_asn = true;  ///< else its paths have two-octet numbers, and so has the record's session
  bool add_path = false;
  bool sent_by_collector = false;
};

/// One MESSAGE_AS4 of BGP4MP_ET, or what `form` makes of it. `message` is a whole BGP message with its
/// header. `invalid_argument` when the two addresses are not of one family.
Result<void> append_message(TimePoint time, const Session& session, const MessageForm& form, Bytes message,
                            ByteWriter& out);
/// STATE_CHANGE_AS4 of BGP4MP_ET.
Result<void> append_state_change(TimePoint time, const StateChange& change, ByteWriter& out);

/// PEER_INDEX_TABLE. `limit_exceeded` above 65535 peers or bytes of the view's name.
Result<void> append_peer_index_table(TimePoint time, const PeerIndexTable& table, ByteWriter& out);
/// RIB_IPV4_UNICAST and its kin, by `routes`. Attributes are written as they are: with four-octet AS numbers
/// and, for IPv6, MP_REACH_NLRI of the next hop alone (`table_attributes`). `limit_exceeded` above 65535
/// entries, or bytes of attributes.
Result<void> append_table_routes(TimePoint time, const TableRoutes& routes, ByteWriter& out);

/// The attributes of an UPDATE as a table has them (RFC 6396 section 4.3.4): MP_REACH_NLRI with the next hop
/// alone (left out without a next hop of 4, 16 or 32 bytes), MP_UNREACH_NLRI left out. `field`: whole
/// attributes; what is cut off is left out.
std::vector<std::uint8_t> table_attributes(Bytes field);

}  // namespace peering::wire::mrt
