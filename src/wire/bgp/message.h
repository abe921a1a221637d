// The frame of every BGP message (RFC 4271 section 4.1, RFC 8654 for lengths above 4096) and the small
// messages: OPEN and NOTIFICATION.
#pragma once

#include <cstdint>
#include <span>
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

/// Reads one whole message. Errors (`invalid_argument`): a marker that is not all ones, a length below 19, or
/// one that is not the number of bytes given, an unknown type. `what_follows` lets bytes stand after the
/// message.
Result<Message> decode_message(std::span<const std::uint8_t> bytes, bool what_follows = false);

/// An OPEN (RFC 4271 section 4.2) with the capabilities that matter to a reader of routes (RFC 5492).
struct Open {
  std::uint8_t version = 4;
  net::Asn asn = 0;  ///< from the four-octet capability where present (RFC 6793)
  std::uint16_t hold_time_s = 0;
  net::Address bgp_identifier;
  bool four_octet_asn = false;
  bool extended_message = false;   ///< RFC 8654
  std::vector<FamilyId> families;  ///< multiprotocol capability; IPv4 unicast is meant when there is none
  struct AddPath {                 ///< RFC 7911
    FamilyId family;
    bool can_receive = false, can_send = false;
    friend bool operator==(const AddPath&, const AddPath&) = default;
  };
  std::vector<AddPath> add_path;
  friend bool operator==(const Open&, const Open&) = default;
};

/// Reads the body of an OPEN, also with RFC 9072 extended parameters. Unknown capabilities are skipped.
Result<Open> decode_open(std::span<const std::uint8_t> body);
/// A whole OPEN message.
std::vector<std::uint8_t> encode_open(const Open& open);

/// RFC 4271 section 4.5.
struct Notification {
  std::uint8_t code = 0, subcode = 0;
  friend bool operator==(const Notification&, const Notification&) = default;
};
Result<Notification> decode_notification(std::span<const std::uint8_t> body);
std::vector<std::uint8_t> encode_notification(const Notification& notification);

}  // namespace peering::wire::bgp
