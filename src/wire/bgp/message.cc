#include "wire/bgp/message.h"

#include <algorithm>

#include "base/byte_cursor.h"

namespace peering::wire::bgp {

namespace {

constexpr std::uint8_t parameter_capabilities = 2;
constexpr std::uint8_t extended_parameters = 255;  // RFC 9072
constexpr std::uint8_t capability_multiprotocol = 1;
constexpr std::uint8_t capability_extended_message = 6;
constexpr std::uint8_t capability_four_octet_asn = 65;
constexpr std::uint8_t capability_add_path = 69;

void read_add_path(ByteReader value, Open& out) {
  while (value.left() >= 4) {
    const FamilyId family{value.u16(), value.u8()};
    const std::uint8_t mode = value.u8();
    if (mode < 1 || mode > 3) continue;  // RFC 7911 section 4: as if it were not there
    out.add_path.push_back({family, (mode & 1) != 0, (mode & 2) != 0});
  }
}

void read_capability(std::uint8_t code, ByteReader value, Open& out) {
  if (code == capability_multiprotocol && value.left() == 4) {
    const std::uint16_t afi = value.u16();
    value.skip(1);
    out.families.push_back({afi, value.u8()});
  } else if (code == capability_four_octet_asn && value.left() == 4) {
    out.four_octet_asn = true;
    out.asn = value.u32();
  } else if (code == capability_extended_message) {
    out.extended_message = true;
  } else if (code == capability_add_path) {
    read_add_path(value, out);
  }
}

Result<void> read_capabilities(ByteReader list, Open& out) {
  while (!list.empty()) {
    const std::uint8_t code = list.u8();
    ByteReader value = list.sub(list.u8());
    if (!list.ok())
      return fail(ErrorCode::invalid_argument, "OPEN: capability {} is longer than its list", code);
    read_capability(code, value, out);
  }
  return {};
}

}  // namespace

Result<Message> decode_message(std::span<const std::uint8_t> bytes, bool what_follows) {
  if (bytes.size() < header_bytes) {
    return fail(ErrorCode::invalid_argument, "BGP message: {} bytes are less than the header's 19",
                bytes.size());
  }
  if (!std::all_of(bytes.begin(), bytes.begin() + 16, [](std::uint8_t b) { return b == 0xff; })) {
    return fail(ErrorCode::invalid_argument, "BGP message: the marker is not all ones");
  }
  const std::size_t length = static_cast<std::size_t>(bytes[16]) << 8 | bytes[17];
  if (length < header_bytes || length > bytes.size() || (!what_follows && length != bytes.size())) {
    return fail(ErrorCode::invalid_argument, "BGP message: length {} does not fit {} bytes", length,
                bytes.size());
  }
  if (bytes[18] < 1 || bytes[18] > 5) {
    return fail(ErrorCode::invalid_argument, "BGP message: unknown type {}", bytes[18]);
  }
  return Message{static_cast<MessageType>(bytes[18]), bytes.subspan(header_bytes, length - header_bytes)};
}

Result<Open> decode_open(std::span<const std::uint8_t> body) {
  ByteReader reader(body);
  Open out;
  out.version = reader.u8();
  out.asn = reader.u16();
  out.hold_time_s = reader.u16();
  out.bgp_identifier = net::Address::v4(reader.u32());
  std::size_t parameters = reader.u8();
  if (!reader.ok()) return fail(ErrorCode::invalid_argument, "OPEN: {} bytes are too few", body.size());
  if (out.version != 4) return fail(ErrorCode::invalid_argument, "OPEN: version {} is not 4", out.version);
  bool extended = false;
  if (parameters != 0 && !reader.empty() && reader.rest()[0] == extended_parameters) {
    reader.skip(1);
    parameters = reader.u16();
    extended = true;
  }
  ByteReader list = reader.sub(parameters);
  if (!reader.ok()) {
    return fail(ErrorCode::invalid_argument,
                "OPEN: optional parameters of {} bytes are longer than the message", parameters);
  }
  while (!list.empty()) {
    const std::uint8_t type = list.u8();
    ByteReader value = list.sub(extended ? list.u16() : list.u8());
    if (!list.ok())
      return fail(ErrorCode::invalid_argument, "OPEN: parameter {} is longer than its list", type);
    if (type != parameter_capabilities) continue;
    if (auto done = read_capabilities(value, out); !done) return tl::unexpected(done.error());
  }
  return out;
}

namespace {

void capability(ByteWriter& out, std::uint8_t code, std::span<const std::uint8_t> value) {
  out.u8(code);
  out.u8(static_cast<std::uint8_t>(value.size()));
  out.bytes(value);
}

// Several when one cannot hold them all.
void add_path_capabilities(ByteWriter& out, std::span<const Open::AddPath> entries) {
  constexpr std::size_t entries_max = 255 / 4;
  while (!entries.empty()) {
    ByteWriter value;
    const auto now = entries.first(std::min(entries.size(), entries_max));
    for (const Open::AddPath& entry : now) {
      value.u16(entry.family.afi);
      value.u8(entry.family.safi);
      value.u8(static_cast<std::uint8_t>((entry.can_receive ? 1 : 0) | (entry.can_send ? 2 : 0)));
    }
    capability(out, capability_add_path, value.data());
    entries = entries.subspan(now.size());
  }
}

std::vector<std::uint8_t> capabilities_of(const Open& open) {
  ByteWriter out;
  for (const FamilyId& family : open.families) {
    ByteWriter value;
    value.u16(family.afi);
    value.u8(0);
    value.u8(family.safi);
    capability(out, capability_multiprotocol, value.data());
  }
  if (open.four_octet_asn) {
    ByteWriter value;
    value.u32(open.asn);
    capability(out, capability_four_octet_asn, value.data());
  }
  if (open.extended_message) capability(out, capability_extended_message, {});
  add_path_capabilities(out, open.add_path);
  return std::move(out).take();
}

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

std::vector<std::uint8_t> encode_open(const Open& open) {
  const std::vector<std::uint8_t> capabilities = capabilities_of(open);
  ByteWriter body;
  body.u8(open.version);
  body.u16(static_cast<std::uint16_t>(open.asn > 65535 ? net::as_trans : open.asn));
  body.u16(open.hold_time_s);
  body.bytes(open.bgp_identifier.bytes());
  const std::size_t size = capabilities.size();
  if (size == 0) {
    body.u8(0);
  } else if (size + 2 < extended_parameters) {
    body.u8(static_cast<std::uint8_t>(size + 2));
    body.u8(parameter_capabilities);
    body.u8(static_cast<std::uint8_t>(size));
  } else {  // RFC 9072 section 2
    body.u8(extended_parameters);
    body.u8(extended_parameters);
    body.u16(static_cast<std::uint16_t>(size + 3));
    body.u8(parameter_capabilities);
    body.u16(static_cast<std::uint16_t>(size));
  }
  body.bytes(capabilities);
  return framed(MessageType::open, body.data());
}

Result<Notification> decode_notification(std::span<const std::uint8_t> body) {
  if (body.size() < 2)
    return fail(ErrorCode::invalid_argument, "NOTIFICATION: {} bytes are too few", body.size());
  return Notification{body[0], body[1]};
}

std::vector<std::uint8_t> encode_notification(const Notification& notification) {
  const std::uint8_t body[] = {notification.code, notification.subcode};
  return framed(MessageType::notification, body);
}

}  // namespace peering::wire::bgp
