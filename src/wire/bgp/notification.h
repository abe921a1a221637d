// What a NOTIFICATION says: names of codes (RFC 4271 section 4.5, RFC 4486, RFC 6608, RFC 7313, RFC 8538, RFC
// 9234), the words of an administrator (RFC 9003), and the one inside a hard reset (RFC 8538 section 3.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/bgp/message.h"

namespace peering::wire::bgp {

enum class NotificationCode : std::uint8_t {
  message_header = 1,
  open = 2,
  update = 3,
  hold_timer_expired = 4,
  finite_state_machine = 5,
  cease = 6,
  route_refresh = 7,
};

/// Subcodes of `cease` (RFC 4486, RFC 8538, RFC 9384).
enum class CeaseSubcode : std::uint8_t {
  maximum_number_of_prefixes = 1,
  administrative_shutdown = 2,
  peer_deconfigured = 3,
  administrative_reset = 4,
  connection_rejected = 5,
  other_configuration_change = 6,
  connection_collision = 7,
  out_of_resources = 8,
  hard_reset = 9,
  bfd_down = 10,
};

/// "cease: administrative shutdown"; numbers where there is no name. For logs and people.
std::string describe(std::uint8_t code, std::uint8_t subcode);

/// A name from a fixed set, for labels of metrics: "cease", "unknown".
std::string_view code_name(std::uint8_t code);

/// The words that came with a shutdown or reset (RFC 9003): at most 255 bytes, control characters and what is
/// no UTF-8 replaced by '?'. Nothing for other NOTIFICATIONs, without words, or with a length that lies.
std::optional<std::string> shutdown_communication(const Notification& notification);

/// A cease with words. Words above 255 bytes are cut at the end of a character.
Notification cease(CeaseSubcode subcode, std::string_view words = {});

/// Of a hard reset the NOTIFICATION inside, else the same.
Notification without_hard_reset(const Notification& notification);
bool is_hard_reset(const Notification& notification);

/// `describe` of what is inside, and its words: what a log line shows.
std::string to_text(const Notification& notification);

}  // namespace peering::wire::bgp
