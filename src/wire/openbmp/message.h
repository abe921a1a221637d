// OpenBMP's envelope around BMP: what collectors put in front of each message before they write it to Kafka
// (OpenBMP's message bus API, "raw BMP"). RouteViews publishes its BMP so.
//
// The binary header, version 1.7, says which collector wrote the message and which router it is from:
//   "OBMP", major, minor, header length (2), message length (4), flags, object type, seconds (4),
//   microseconds (4), collector hash (16), collector name (2 + text), router hash (16), router address (16),
//   router group (2 + text), row count (4)
// Older collectors wrote the same as lines of text, "R_HASH_ID: …", ended by an empty line. Behind either
// comes one BMP message or several.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/address.h"

namespace peering::wire::openbmp {

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::uint8_t object_bmp_raw = 12;
/// Longer headers are refused: two names of at most 65535 bytes do not make it so long.
inline constexpr std::size_t header_bytes_max = 4096;

struct Message {
  std::uint8_t object = 0;  ///< `object_bmp_raw`, or something of the collector itself
  TimePoint time{};         ///< when the collector had it; zero: not said
  std::string collector;    ///< its name, else its hash in hex; control characters replaced by '?'
  std::string router_hash;  ///< in hex
  std::optional<net::Address> router_address;
  std::string router_group;  ///< empty: none
  Bytes body;                ///< the BMP messages; refers to the bytes decoded
};

/// Errors (`invalid_argument`): no known header, a version other than 1, lengths that do not fit the bytes.
Result<Message> decode_message(Bytes bytes);

}  // namespace peering::wire::openbmp
