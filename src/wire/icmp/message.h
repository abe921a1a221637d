// ICMP echoes as bytes and back (RFC 792, RFC 4443), and what error messages mean.
//
// All requests of one identifier have the same checksum: their first two bytes of data make up for the
// sequence number. Load balancers that hash type, code and checksum then send all of them along one path.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace peering::wire::icmp {

inline constexpr std::size_t header_bytes = 8;

/// An echo request or reply. `data` refers to bytes of somebody else.
struct Echo {
  bool reply = false;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  std::span<const std::uint8_t> data;
};

/// RFC 1071 over the bytes.
std::uint16_t checksum(std::span<const std::uint8_t> bytes);

/// The message with its checksum. For IPv6 that field is zero: only the kernel knows both addresses.
std::vector<std::uint8_t> encode_echo(net::Family family, const Echo& echo);

/// An ICMP message that is an echo; nothing for every other one, and for what is too short. The checksum is
/// not looked at: the kernel did.
std::optional<Echo> decode_echo(net::Family family, std::span<const std::uint8_t> message);

/// What an IPv4 packet carries: raw sockets give the header too. Empty when the header is broken.
std::span<const std::uint8_t> ipv4_payload(std::span<const std::uint8_t> packet);

/// Data that balances the sequence number, then the cookie, then bytes that count upwards; at least 10 bytes.
std::vector<std::uint8_t> balanced_data(std::uint16_t sequence, std::uint64_t cookie, std::size_t size);
/// Does the data begin as `balanced_data` makes it?
bool is_balanced(std::uint16_t sequence, std::uint64_t cookie, std::span<const std::uint8_t> data);

enum class Meaning : std::uint8_t { expired, port_unreachable, unreachable, other };

/// What an error message says. `text` is what ping prints.
struct Problem {
  Meaning meaning = Meaning::other;
  std::string_view text;
  /// What traceroute prints behind the time: "!H", "!X"; empty for what ends no path.
  std::string_view mark;
};
Problem problem_of(net::Family family, std::uint8_t type, std::uint8_t code);

}  // namespace peering::wire::icmp
