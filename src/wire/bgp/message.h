// The frame of every BGP message (RFC 4271 section 4.1, RFC 8654 for lengths above 4096) and the small
// messages: OPEN, NOTIFICATION, KEEPALIVE, ROUTE-REFRESH. What a NOTIFICATION says is in `notification.h`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace peering::wire::bgp {

enum class MessageType : std::uint8_t {
  open = 1,
  update = 2,
  notification = 3,
  keepalive = 4,
  route_refresh = 5
};

inline constexpr std::size_t header_bytes = 19;
/// RFC 8654: the largest message with extended messages.
inline constexpr std::size_t message_bytes_max = 65535;
/// RFC 4271: the largest without.
inline constexpr std::size_t plain_message_bytes_max = 4096;

/// Address families as (AFI, SAFI), RFC 4760.
struct FamilyId {
  std::uint16_t afi = 1;
  std::uint8_t safi = 1;
  friend auto operator<=>(const FamilyId&, const FamilyId&) = default;
};
inline constexpr FamilyId ipv4_unicast{1, 1};
inline constexpr FamilyId ipv6_unicast{2, 1};

/// One message: its type and what follows the header. Refers to the bytes it was read from.
struct Message {
  MessageType type = MessageType::keepalive;
  std::span<const std::uint8_t> body;
};

/// RFC 4271 section 4.5. `data` belongs to the code and subcode.
struct Notification {
  std::uint8_t code = 0, subcode = 0;
  std::vector<std::uint8_t> data = {};
  friend bool operator==(const Notification&, const Notification&) = default;
};

/// Reads one whole message. Errors (`invalid_argument`): a marker that is not all ones, a length below 19, or
/// one that is not the number of bytes given, an unknown type. `what_follows` lets bytes stand after the
/// message.
Result<Message> decode_message(std::span<const std::uint8_t> bytes, bool what_follows = false);

/// The length of the message that `bytes` begin with, from its header alone; 0 while the header is not whole.
/// The error is the NOTIFICATION that RFC 4271 section 6.1 asks for: marker, type, or a length that the type
/// cannot have. `extended`: RFC 8654 was agreed (OPEN and KEEPALIVE stay below 4096 all the same).
tl::expected<std::size_t, Notification> message_length(std::span<const std::uint8_t> bytes, bool extended);

/// A capability or optional parameter that is kept as it came.
struct Unread {
  std::uint8_t code = 0;
  std::vector<std::uint8_t> value;
  friend bool operator==(const Unread&, const Unread&) = default;
};

/// RFC 9234 section 4.1: what the sender of the OPEN is to its neighbour.
enum class Role : std::uint8_t {
  provider = 0,
  route_server = 1,
  route_server_client = 2,
  customer = 3,
  peer = 4
};

/// An OPEN (RFC 4271 section 4.2) with its capabilities (RFC 5492). Of a capability that must stand once the
/// last is taken. One whose length is wrong is kept as one that is not known.
struct Open {
  std::uint8_t version = 4;
  net::Asn asn = 0;  ///< from the four-octet capability where present (RFC 6793)
  std::uint16_t hold_time_s = 0;
  net::Address bgp_identifier;
  bool four_octet_asn = false;
  bool extended_message = false;        ///< RFC 8654
  bool route_refresh = false;           ///< RFC 2918
  bool enhanced_route_refresh = false;  ///< RFC 7313
  std::vector<FamilyId> families;  ///< multiprotocol capability; IPv4 unicast is meant when there is none
  struct AddPath {                 ///< RFC 7911
    FamilyId family;
    bool can_receive = false, can_send = false;
    friend bool operator==(const AddPath&, const AddPath&) = default;
  };
  std::vector<AddPath> add_path;
  /// RFC 8950: routes of `afi` and `safi` may have next hops of `next_hop_afi`.
  struct ExtendedNextHop {
    std::uint16_t afi = 1, safi = 1, next_hop_afi = 2;
    friend bool operator==(const ExtendedNextHop&, const ExtendedNextHop&) = default;
  };
  std::vector<ExtendedNextHop> extended_next_hop;
  /// RFC 4724, RFC 8538.
  struct GracefulRestart {
    struct Entry {
      FamilyId family;
      bool forwarding_kept = false;
      friend bool operator==(const Entry&, const Entry&) = default;
    };
    bool restarted = false;      ///< the sender has just restarted
    bool notification = false;   ///< a NOTIFICATION is no reason to forget routes (RFC 8538)
    std::uint16_t time_s = 0;    ///< 0 to 4095: how long a restart may take
    std::vector<Entry> entries;  ///< none: the sender only helps others
    friend bool operator==(const GracefulRestart&, const GracefulRestart&) = default;
  };
  std::optional<GracefulRestart> graceful_restart;
  /// RFC 9494.
  struct LongLived {
    FamilyId family;
    bool forwarding_kept = false;
    std::uint32_t stale_time_s = 0;  ///< 24 bits
    friend bool operator==(const LongLived&, const LongLived&) = default;
  };
  std::optional<std::vector<LongLived>> long_lived;
  /// RFC 9234. More than one different role contradicts itself; values above 4 have no name.
  std::vector<std::uint8_t> roles;
  /// Host and domain name (draft-walton-bgp-hostname-capability), as sent: any bytes.
  struct HostName {
    std::string host, domain;
    friend bool operator==(const HostName&, const HostName&) = default;
  };
  std::optional<HostName> host_name;
  std::vector<Unread> other_capabilities;
  std::vector<Unread> other_parameters;  ///< optional parameters that are no capabilities
  friend bool operator==(const Open&, const Open&) = default;
};

/// Reads the body of an OPEN, also with RFC 9072 extended parameters.
Result<Open> decode_open(std::span<const std::uint8_t> body);
/// A whole OPEN message.
std::vector<std::uint8_t> encode_open(const Open& open);

Result<Notification> decode_notification(std::span<const std::uint8_t> body);
/// A whole NOTIFICATION message; data above what 4096 bytes hold is cut off.
std::vector<std::uint8_t> encode_notification(const Notification& notification);

/// A whole KEEPALIVE message.
std::vector<std::uint8_t> encode_keepalive();

/// RFC 2918; RFC 7313 for what is not a request.
struct RouteRefresh {
  FamilyId family;
  std::uint8_t subtype = 0;  ///< 0: a request, 1: here begins what was asked for, 2: here it ends
  friend bool operator==(const RouteRefresh&, const RouteRefresh&) = default;
};
/// Errors: fewer than four bytes. What follows (RFC 5291) is not read.
Result<RouteRefresh> decode_route_refresh(std::span<const std::uint8_t> body);
std::vector<std::uint8_t> encode_route_refresh(const RouteRefresh& refresh);

}  // namespace peering::wire::bgp
