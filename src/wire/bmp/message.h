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

/// Codes of information TLVs; each kind of message has its own (RFC 7854 sections 4.4 and 4.5, RFC 9069
/// section 5.2.1, RFC 9736 section 3).
namespace tlv {
inline constexpr std::uint16_t text = 0;
inline constexpr std::uint16_t system_description = 1;  ///< initiation
inline constexpr std::uint16_t system_name = 2;         ///< initiation
inline constexpr std::uint16_t termination_reason = 1;
inline constexpr std::uint16_t table_name = 3;   ///< peer up and peer down
inline constexpr std::uint16_t admin_label = 4;  ///< peer up
inline constexpr std::uint16_t mirrored_message = 0;
inline constexpr std::uint16_t mirroring_information = 1;
}  // namespace tlv

struct RouteMonitoring {
  PerPeerHeader peer;
  Bytes update;  ///< a whole BGP message
};

/// How the value of a statistic is written: a 32-bit counter, a 64-bit gauge, or such a gauge after the AFI
/// and SAFI that it is about.
enum class StatisticForm : std::uint8_t { unknown, counter, gauge, family_gauge };
/// Of the types that RFC 7854 section 4.8 and RFC 8671 section 6.2 define (0 to 17).
StatisticForm statistic_form(std::uint16_t type);
/// "rejected_prefixes"; empty for a type that is not known.
std::string_view statistic_name(std::uint16_t type);

/// One value of a statistics report (RFC 7854 section 4.8). Types that are not known are read by their width
/// where it is 4, 8 or 11 bytes.
struct Statistic {
  std::uint16_t type = 0;
  std::uint64_t value = 0;
  std::optional<std::uint32_t> family;  ///< AFI << 8 | SAFI
  /// The bytes as sent; empty for one that is made to be encoded.
  Bytes sent;

  /// False for a type that is not known, and for one that is written in another form than its own.
  bool known() const;
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
  /// Of reason 2: the event of the state machine (RFC 4271 section 8.1); 0 where none is relevant.
  std::optional<std::uint16_t> event() const;
  /// Of reason 6; none when they cannot be read.
  std::vector<Tlv> information() const;
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
  /// RFC 9736 section 3.
  std::optional<std::string> admin_label() const;
};
struct Initiation {
  std::vector<Tlv> information;  ///< 0 text, 1 sysDescr, 2 sysName
  std::optional<std::string> system_name() const;
  std::optional<std::string> system_description() const;
};
/// RFC 7854 section 4.5.
enum class TerminationReason : std::uint16_t {
  administratively_closed = 0,
  unspecified = 1,
  out_of_resources = 2,
  redundant_connection = 3,
  permanently_closed = 4,  ///< the router will not come back
};
struct Termination {
  std::vector<Tlv> information;  ///< 0 text, 1 reason
  /// A `TerminationReason` or one that is not known.
  std::optional<std::uint16_t> reason() const;
};
/// RFC 7854 section 4.7.
struct RouteMirroring {
  PerPeerHeader peer;
  std::vector<Tlv> mirrored;
  /// The mirrored BGP messages, as they came.
  std::vector<Bytes> messages() const;
  /// The first mirrored message was treated as an error (RFC 7606).
  bool errored_message() const;
  /// The router could not mirror messages before these.
  bool messages_lost() const;
};
/// A type this decoder does not know: reported and skipped.
struct UnknownMessage {
  std::uint8_t type = 0;
};

using Message = std::variant<RouteMonitoring, StatisticsReport, PeerDown, PeerUp, Initiation, Termination,
                             RouteMirroring, UnknownMessage>;

/// The header of a message about a peer, else null.
const PerPeerHeader* peer_of(const Message& message);

/// How many TLVs and statistics of a message are of types that this decoder does not know. They are in the
/// message as they came.
std::size_t unknown_values(const Message& message);

/// The length of the frame that `bytes` begin with; 0 when more bytes are needed. Errors (`invalid_argument`,
/// and nothing after them can be trusted): a version other than 3, a length below 6 or above
/// `message_bytes_max`.
Result<std::size_t> split_frame(Bytes bytes);

/// Decodes one whole frame. An error names what is wrong; the frame after it can still be read.
Result<Message> decode_message(Bytes frame);

}  // namespace peering::wire::bmp
