// Writing BMP messages: what a router sends. For the simulator and for tests.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/bmp/message.h"

namespace peering::wire::bmp {

using Frame = std::vector<std::uint8_t>;

Frame encode_initiation(std::string_view system_name, std::string_view system_description);
/// `reason`: RFC 7854 section 4.5, e.g. 0 administratively closed.
Frame encode_termination(std::uint16_t reason);
/// `update`: a whole BGP message.
Frame encode_route_monitoring(const PerPeerHeader& peer, Bytes update);
/// Both OPENs are whole BGP messages. `table_name`: of a Loc-RIB, left out when empty.
Frame encode_peer_up(const PerPeerHeader& peer, const net::Address& local_address, std::uint16_t local_port,
                     std::uint16_t remote_port, Bytes sent_open, Bytes received_open,
                     std::string_view table_name = {});
/// `data`: the NOTIFICATION for reasons 1 and 3, two bytes for reason 2, TLVs for reason 6, else empty.
Frame encode_peer_down(const PerPeerHeader& peer, std::uint8_t reason, Bytes data);
/// The values of counters have 4 bytes, those with a family 11, all others 8.
Frame encode_statistics(const PerPeerHeader& peer, const std::vector<Statistic>& statistics);
/// TLVs of at most 65535 bytes each.
Frame encode_route_mirroring(const PerPeerHeader& peer, const std::vector<Tlv>& mirrored);

}  // namespace peering::wire::bmp
