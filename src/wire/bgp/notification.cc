#include "wire/bgp/notification.h"

#include <array>
#include <span>

#include <fmt/format.h>

#include "base/utf8.h"

namespace peering::wire::bgp {

namespace {

constexpr std::size_t words_bytes_max = 255;

// By subcode; 0 has no name of its own. Empty: deprecated or not assigned.
constexpr std::array<std::string_view, 4> header_names = {"", "connection not synchronized",
                                                          "bad message length", "bad message type"};
constexpr std::array<std::string_view, 12> open_names = {"",
                                                         "unsupported version number",
                                                         "bad peer AS",
                                                         "bad BGP identifier",
                                                         "unsupported optional parameter",
                                                         "",
                                                         "unacceptable hold time",
                                                         "unsupported capability",
                                                         "",
                                                         "",
                                                         "",
                                                         "role mismatch"};
constexpr std::array<std::string_view, 12> update_names = {"",
                                                           "malformed attribute list",
                                                           "unrecognized well-known attribute",
                                                           "missing well-known attribute",
                                                           "attribute flags error",
                                                           "attribute length error",
                                                           "invalid ORIGIN attribute",
                                                           "",
                                                           "invalid NEXT_HOP attribute",
                                                           "optional attribute error",
                                                           "invalid network field",
                                                           "malformed AS_PATH"};
constexpr std::array<std::string_view, 4> machine_names = {"", "unexpected message in OpenSent",
                                                           "unexpected message in OpenConfirm",
                                                           "unexpected message in Established"};
constexpr std::array<std::string_view, 11> cease_names = {"",
                                                          "maximum number of prefixes reached",
                                                          "administrative shutdown",
                                                          "peer de-configured",
                                                          "administrative reset",
                                                          "connection rejected",
                                                          "other configuration change",
                                                          "connection collision resolution",
                                                          "out of resources",
                                                          "hard reset",
                                                          "BFD down"};
constexpr std::array<std::string_view, 2> refresh_names = {"", "invalid message length"};

struct CodeNames {
  std::string_view label, text;
  std::span<const std::string_view> subcodes;
};
constexpr std::array<CodeNames, 8> codes = {
    {{"unknown", "", {}},
     {"message_header", "message header error", header_names},
     {"open", "OPEN message error", open_names},
     {"update", "UPDATE message error", update_names},
     {"hold_timer_expired", "hold timer expired", {}},
     {"finite_state_machine", "finite state machine error", machine_names},
     {"cease", "cease", cease_names},
     {"route_refresh", "ROUTE-REFRESH message error", refresh_names}}};

// C0 and C1 controls, and the marks that turn or break lines.
bool is_control(std::string_view character) {
  if (character.size() == 1) return static_cast<std::uint8_t>(character[0]) < 0x20 || character[0] == 0x7f;
  const auto second = static_cast<std::uint8_t>(character[1]);
  if (character.size() == 2) return character[0] == '\xc2' && second < 0xa0;
  const auto third = static_cast<std::uint8_t>(character[2]);
  if (character.size() != 3 || character[0] != '\xe2') return false;
  return (second == 0x80 && ((third >= 0xa8 && third <= 0xae) || third == 0x8e || third == 0x8f)) ||
         (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

std::string sanitized(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t count = utf8_character_bytes(text);
    if (count == 0 || is_control(text.substr(0, count))) {
      out += '?';
    } else {
      out += text.substr(0, count);
    }
    text.remove_prefix(std::max<std::size_t>(count, 1));
  }
  return out;
}

bool has_words(std::uint8_t code, std::uint8_t subcode) {
  return code == static_cast<std::uint8_t>(NotificationCode::cease) &&
         (subcode == static_cast<std::uint8_t>(CeaseSubcode::administrative_shutdown) ||
          subcode == static_cast<std::uint8_t>(CeaseSubcode::administrative_reset));
}

}  // namespace

std::string describe(std::uint8_t code, std::uint8_t subcode) {
  if (code == 0 || code >= codes.size()) return fmt::format("code {}, subcode {}", code, subcode);
  const CodeNames& names = codes[code];
  if (subcode == 0) return std::string(names.text);
  if (subcode < names.subcodes.size() && !names.subcodes[subcode].empty()) {
    return fmt::format("{}: {}", names.text, names.subcodes[subcode]);
  }
  return fmt::format("{}: subcode {}", names.text, subcode);
}

std::string_view code_name(std::uint8_t code) { return codes[code < codes.size() ? code : 0].label; }

std::optional<std::string> shutdown_communication(const Notification& notification) {
  const auto& data = notification.data;
  if (!has_words(notification.code, notification.subcode) || data.empty()) return std::nullopt;
  const std::size_t length = data[0];
  if (length == 0 || length > data.size() - 1) return std::nullopt;
  return sanitized({reinterpret_cast<const char*>(data.data()) + 1, length});
}

Notification cease(CeaseSubcode subcode, std::string_view words) {
  Notification out{static_cast<std::uint8_t>(NotificationCode::cease), static_cast<std::uint8_t>(subcode)};
  if (words.empty() || !has_words(out.code, out.subcode)) return out;
  std::size_t size = 0;
  while (size < words.size()) {
    const std::size_t next = std::max<std::size_t>(utf8_character_bytes(words.substr(size)), 1);
    if (size + next > words_bytes_max) break;
    size += next;
  }
  out.data.push_back(static_cast<std::uint8_t>(size));
  out.data.insert(out.data.end(), words.begin(), words.begin() + static_cast<std::ptrdiff_t>(size));
  return out;
}

bool is_hard_reset(const Notification& notification) {
  return notification.code == static_cast<std::uint8_t>(NotificationCode::cease) &&
         notification.subcode == static_cast<std::uint8_t>(CeaseSubcode::hard_reset);
}

Notification without_hard_reset(const Notification& notification) {
  if (!is_hard_reset(notification) || notification.data.size() < 2) return notification;
  return *decode_notification(notification.data);
}

std::string to_text(const Notification& notification) {
  const Notification inner = without_hard_reset(notification);
  std::string out = describe(inner.code, inner.subcode);
  if (is_hard_reset(notification) && inner != notification) out = "hard reset, " + out;
  if (const auto words = shutdown_communication(inner)) out += ", \"" + *words + "\"";
  return out;
}

}  // namespace peering::wire::bgp
