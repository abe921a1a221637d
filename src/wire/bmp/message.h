// BMP messages (RFC 7854, RFC 8671 for Adj-RIB-Out, RFC 9069 for Loc-RIB) as values that refer to the bytes
// they were read from. A station reads frames with `split_frame`, then each with `decode_message`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/address.h"
#include "wire/bgp/message.h"

namespace peering::wire::bmp {

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::uint8_t version = 3;
inline constexpr std::size_t common_header_bytes = 6;
inline constexpr std::size_t per_peer_header_bytes = 42;
/// The longest message a station accepts: two extended OPENs or one extended UPDATE with room for TLVs.
inline constexpr std::size_t message_bytes_max = 256 * 1024;

/// RFC 7854 section 10.1.
enum class MessageType : std::uint8_t {
  route_monitoring = 0,
  statistics_report = 1,
  peer_down = 2,
  peer_up = 3,
  initiation = 4,
  termination = 5,
  route_mirroring = 6,
};

/// RFC 7854 section 10.2, RFC 9069 section 4.1.
enum class PeerType : std::uint8_t { global_instance = 0, rd_instance = 1, local_instance = 2, loc_rib = 3 };

/// The 42 bytes before every message about a peer (RFC 7854 section 4.2).
struct PerPeerHeader {
  PeerType type = PeerType::global_instance;
  std::uint8_t flags = 0;
  std::uint64_t distinguisher = 0;
  net::Address address;  ///< unspecified for Loc-RIB
  net::Asn asn = 0;
  net::Address bgp_identifier;
  TimePoint time{};  ///< zero: the router gives none

  bool is_loc_rib() const { return type == PeerType::loc_rib; }
  /// L flag: after inbound policy (RFC 7854), after outbound policy with the O flag (RFC 8671).
  bool post_policy() const { return !is_loc_rib() && (flags & 0x40) != 0; }
  /// A flag: AS_PATH in the legacy two-octet form.
  bool two_octet_as_path() const { return !is_loc_rib() && (flags & 0x20) != 0; }
  /// O flag (RFC 8671).
  bool adj_rib_out() const { return !is_loc_rib() && (flags & 0x10) != 0; }
  /// F flag of Loc-RIB (RFC 9069): only part of the table.
  bool filtered() const { return is_loc_rib() && (flags & 0x80) != 0; }
  friend bool operator==(const PerPeerHeader&, const PerPeerHeader&) = default;
};

/// Type, length, value (RFC 7854 section 4.4).
struct Tlv {
  std::uint16_t type = 0;
  Bytes value;
  /// The value as text, control characters replaced by '?', at most 255 bytes.
  std::string text() const;
};

struct RouteMonitoring {
  PerPeerHeader peer;
  Bytes update;  ///< a whole BGP message
};
/// One counter of a statistics report (RFC 7854 section 4.8); AFI/SAFI gauges carry the family in `family`.
struct Statistic {
  std::uint16_t type = 0;
  std::uint64_t value = 0;
  std::optional<std::uint32_t> family;  ///< AFI << 8 | SAFI
};
struct StatisticsReport {
  PerPeerHeader peer;
  std::vector<Statistic> statistics;
};
/// RFC 7854 section 4.9, RFC 9069 section 5.3.
enum class PeerDownReason : std::uint8_t {
  local_notification = 1,
  local_without_notification = 2,
  remote_notification = 3,
  remote_without_notification = 4,
  no_longer_monitored = 5,
  local_system_closed = 6,  ///< Loc-RIB; TLVs follow
};
struct PeerDown {
  PerPeerHeader peer;
  std::uint8_t reason = 0;  ///< a `PeerDownReason` or one that is not known
  Bytes data;
  /// Of reasons 1 and 3; nothing when it is not there or cannot be read.
  std::optional<bgp::Notification> notification() const;
  /// Of reason 6.
  std::optional<std::string> table_name() const;
};
struct PeerUp {
  PerPeerHeader peer;
  net::Address local_address;
  std::uint16_t local_port = 0, remote_port = 0;
  Bytes sent_open;      ///< a whole BGP message
  Bytes received_open;  ///< likewise
  std::vector<Tlv> information;
  /// VRF or table name (RFC 9069 section 5.2.1).
  std::optional<std::string> table_name() const;
};
struct Initiation {
  std::vector<Tlv> information;  ///< 0 text, 1 sysDescr, 2 sysName
  std::optional<std::string> system_name() const;
  std::optional<std::string> system_description() const;
};
struct Termination {
  std::vector<Tlv> information;  ///< 0 text, 1 reason
  std::optional<std::uint16_t> reason() const;
};
struct RouteMirroring {
  PerPeerHeader peer;
  std::vector<Tlv> mirrored;
};
/// A type this decoder does not know: reported and skipped.
struct UnknownMessage {
  std::uint8_t type = 0;
};

using Message = std::variant<RouteMonitoring, StatisticsReport, PeerDown, PeerUp, Initiation, Termination,
                             RouteMirroring, UnknownMessage>;

/// The length of the frame that `bytes` begin with; 0 when more bytes are needed. Errors (`invalid_argument`,
/// and nothing after them can be trusted): a version other than 3, a length below 6 or above
/// `message_bytes_max`.
Result<std::size_t> split_frame(Bytes bytes);

/// Decodes one whole frame. An error names what is wrong; the frame after it can still be read.
Result<Message> decode_message(Bytes frame);

}  // namespace peering::wire::bmp
