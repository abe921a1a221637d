#include "wire/bgp/message.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/byte_cursor.h"
#include "wire/bgp/open_body.h"

namespace peering::wire::bgp {

namespace {

bool good_marker(std::span<const std::uint8_t> bytes) {
  std::uint64_t words[2];
  std::memcpy(words, bytes.data(), sizeof words);
  return (words[0] & words[1]) == ~std::uint64_t{0};
}

std::size_t length_of(std::span<const std::uint8_t> bytes) {
  return static_cast<std::size_t>(bytes[16]) << 8 | bytes[17];
}

// RFC 4271 section 4: by type, from 1.
constexpr std::array<std::size_t, 6> shortest = {0, 29, 23, 21, 19, 23};

// Writes the header around a body.
std::vector<std::uint8_t> framed(MessageType type, std::span<const std::uint8_t> body) {
  ByteWriter out;
  for (int i = 0; i < 16; ++i) out.u8(0xff);
  out.u16(static_cast<std::uint16_t>(header_bytes + body.size()));
  out.u8(static_cast<std::uint8_t>(type));
  out.bytes(body);
  return std::move(out).take();
}

}  // namespace

Result<Message> decode_message(std::span<const std::uint8_t> bytes, bool what_follows) {
  if (bytes.size() < header_bytes) {
    return fail(ErrorCode::invalid_argument, "BGP message: {} bytes are less than the header's 19",
                bytes.size());
  }
  if (!good_marker(bytes)) {
    return fail(ErrorCode::invalid_argument, "BGP message: the marker is not all ones");
  }
  const std::size_t length = length_of(bytes);
  if (length < header_bytes || length > bytes.size() || (!what_follows && length != bytes.size())) {
    return fail(ErrorCode::invalid_argument, "BGP message: length {} does not fit {} bytes", length,
                bytes.size());
  }
  if (bytes[18] < 1 || bytes[18] > 5) {
    return fail(ErrorCode::invalid_argument, "BGP message: unknown type {}", bytes[18]);
  }
  return Message{static_cast<MessageType>(bytes[18]), bytes.subspan(header_bytes, length - header_bytes)};
}

tl::expected<std::size_t, Notification> message_length(std::span<const std::uint8_t> bytes, bool extended) {
  if (bytes.size() < header_bytes) return 0;
  if (!good_marker(bytes)) return tl::unexpected(Notification{1, 1});
  const std::uint8_t type = bytes[18];
  if (type < 1 || type > 5) return tl::unexpected(Notification{1, 3, {type}});
  const std::size_t length = length_of(bytes);
  const bool may_be_long = extended && type != 1 && type != 4;
  const std::size_t longest = may_be_long ? message_bytes_max : plain_message_bytes_max;
  const bool keepalive_with_body = type == 4 && length != header_bytes;
  if (length < shortest[type] || length > longest || keepalive_with_body) {
    return tl::unexpected(Notification{1, 2, {bytes[16], bytes[17]}});
  }
  return length;
}

Result<Notification> decode_notification(std::span<const std::uint8_t> body) {
  if (body.size() < 2)
    return fail(ErrorCode::invalid_argument, "NOTIFICATION: {} bytes are too few", body.size());
  return Notification{body[0], body[1], {body.begin() + 2, body.end()}};
}

std::vector<std::uint8_t> encode_notification(const Notification& notification) {
  constexpr std::size_t data_max = plain_message_bytes_max - header_bytes - 2;
  ByteWriter body;
  body.u8(notification.code);
  body.u8(notification.subcode);
  body.bytes(std::span(notification.data).first(std::min(notification.data.size(), data_max)));
  return framed(MessageType::notification, body.data());
}

std::vector<std::uint8_t> encode_keepalive() { return framed(MessageType::keepalive, {}); }

Result<RouteRefresh> decode_route_refresh(std::span<const std::uint8_t> body) {
  if (body.size() < 4) {
    return fail(ErrorCode::invalid_argument, "ROUTE-REFRESH: {} bytes are too few", body.size());
  }
  ByteReader reader(body);
  RouteRefresh out;
  out.family.afi = reader.u16();
  out.subtype = reader.u8();
  out.family.safi = reader.u8();
  return out;
}

std::vector<std::uint8_t> encode_route_refresh(const RouteRefresh& refresh) {
  ByteWriter body;
  body.u16(refresh.family.afi);
  body.u8(refresh.subtype);
  body.u8(refresh.family.safi);
  return framed(MessageType::route_refresh, body.data());
}

std::vector<std::uint8_t> encode_open(const Open& open) {
  return framed(MessageType::open, encode_open_body(open));
}

}  // namespace peering::wire::bgp
