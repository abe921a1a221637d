#include "wire/bmp/message.h"

#include <algorithm>

#include "base/byte_cursor.h"
#include "wire/bgp/message.h"

namespace peering::wire::bmp {

namespace {

constexpr std::uint8_t flag_ipv6 = 0x80;
constexpr std::size_t text_bytes_max = 255;
constexpr std::uint16_t mirroring_errored = 0;
constexpr std::uint16_t mirroring_lost = 1;

tl::unexpected<Error> malformed(std::string_view what, std::string_view rule) {
  return fail(ErrorCode::invalid_argument, "BMP {}: {}", what, rule);
}

net::Address address_of(Bytes sixteen, bool ipv6) {
  if (ipv6) return net::Address::v6(sixteen.first<16>());
  return net::Address::v4(sixteen.last<4>());
}

PerPeerHeader read_peer(ByteReader& reader) {
  PerPeerHeader out;
  out.type = static_cast<PeerType>(reader.u8());
  out.flags = reader.u8();
  out.distinguisher = reader.u64();
  const Bytes address = reader.bytes(16);
  if (address.size() == 16)
    out.address = address_of(address, !out.is_loc_rib() && (out.flags & flag_ipv6) != 0);
  out.asn = reader.u32();
  out.bgp_identifier = net::Address::v4(reader.u32());
  const std::int64_t seconds = reader.u32();
  const std::int64_t microseconds = reader.u32();
  out.time = time_from_us(seconds * 1'000'000 + std::min<std::int64_t>(microseconds, 999'999));
  return out;
}

Result<std::vector<Tlv>> read_tlvs(ByteReader& reader, std::string_view what) {
  std::vector<Tlv> out;
  while (!reader.empty()) {
    Tlv one;
    one.type = reader.u16();
    one.value = reader.bytes(reader.u16());
    if (!reader.ok()) return malformed(what, "an information TLV is longer than the message");
    out.push_back(one);
  }
  return out;
}

// The next whole BGP message, by its own length field.
Result<Bytes> read_bgp(ByteReader& reader, std::string_view what) {
  const auto message = bgp::decode_message(reader.rest(), true);
  if (!message) return malformed(what, message.error().message);
  return reader.bytes(message->body.size() + bgp::header_bytes);
}

Result<Message> read_route_monitoring(const PerPeerHeader& peer, ByteReader& reader) {
  return RouteMonitoring{peer, reader.rest()};
}

Result<Message> read_statistics(const PerPeerHeader& peer, ByteReader& reader) {
  StatisticsReport out{peer, {}};
  std::uint32_t left = reader.u32();
  for (; left > 0 && !reader.empty(); --left) {
    Statistic statistic;
    statistic.type = reader.u16();
    statistic.sent = reader.bytes(reader.u16());
    if (!reader.ok()) return malformed("statistics report", "a statistic is longer than the message");
    ByteReader value(statistic.sent);
    if (value.left() == 11) statistic.family = static_cast<std::uint32_t>(value.u16()) << 8 | value.u8();
    if (value.left() == 4) statistic.value = value.u32();
    if (value.left() == 8) statistic.value = value.u64();
    out.statistics.push_back(statistic);
  }
  if (left > 0 || !reader.ok()) return malformed("statistics report", "fewer statistics than announced");
  return out;
}

Result<Message> read_peer_down(const PerPeerHeader& peer, ByteReader& reader) {
  const std::uint8_t reason = reader.u8();
  if (!reader.ok()) return malformed("peer down", "the reason is missing");
  return PeerDown{peer, reason, reader.rest()};
}

Result<Message> read_peer_up(const PerPeerHeader& peer, ByteReader& reader) {
  PeerUp out;
  out.peer = peer;
  const Bytes local = reader.bytes(16);
  out.local_port = reader.u16();
  out.remote_port = reader.u16();
  if (!reader.ok()) return malformed("peer up", "it is shorter than its fixed part");
  out.local_address = address_of(local, (peer.flags & flag_ipv6) != 0 && !peer.is_loc_rib());
  auto sent = read_bgp(reader, "peer up, sent OPEN");
  if (!sent) return tl::unexpected(sent.error());
  auto received = read_bgp(reader, "peer up, received OPEN");
  if (!received) return tl::unexpected(received.error());
  out.sent_open = *sent;
  out.received_open = *received;
  auto information = read_tlvs(reader, "peer up");
  if (!information) return tl::unexpected(information.error());
  out.information = std::move(*information);
  return out;
}

Result<Message> read_mirroring(const PerPeerHeader& peer, ByteReader& reader) {
  auto tlvs = read_tlvs(reader, "route mirroring");
  if (!tlvs) return tl::unexpected(tlvs.error());
  return RouteMirroring{peer, std::move(*tlvs)};
}

Result<Message> read_about_peer(MessageType type, ByteReader& reader) {
  const PerPeerHeader peer = read_peer(reader);
  if (!reader.ok()) return malformed("message", "it is shorter than the per-peer header's 42 bytes");
  if (static_cast<std::uint8_t>(peer.type) > 3) {
    return malformed("per-peer header",
                     fmt::format("peer type {} is not known", static_cast<int>(peer.type)));
  }
  switch (type) {
    case MessageType::route_monitoring:
      return read_route_monitoring(peer, reader);
    case MessageType::statistics_report:
      return read_statistics(peer, reader);
    case MessageType::peer_down:
      return read_peer_down(peer, reader);
    case MessageType::peer_up:
      return read_peer_up(peer, reader);
    default:
      return read_mirroring(peer, reader);
  }
}

const Tlv* tlv_of(const std::vector<Tlv>& tlvs, std::uint16_t type) {
  const auto found = std::find_if(tlvs.begin(), tlvs.end(), [&](const Tlv& one) { return one.type == type; });
  return found == tlvs.end() ? nullptr : &*found;
}

std::optional<std::string> text_of(const std::vector<Tlv>& tlvs, std::uint16_t type) {
  const Tlv* found = tlv_of(tlvs, type);
  return found ? std::optional(found->text()) : std::nullopt;
}

bool mirroring_says(const RouteMirroring& message, std::uint16_t code) {
  return std::ranges::any_of(message.mirrored, [&](const Tlv& one) {
    return one.type == tlv::mirroring_information && one.value.size() == 2 &&
           ByteReader(one.value).u16() == code;
  });
}

}  // namespace

std::string Tlv::text() const {
  std::string out;
  for (const std::uint8_t b : value.first(std::min(value.size(), text_bytes_max))) {
    out += b < 0x20 || b == 0x7f ? '?' : static_cast<char>(b);
  }
  return out;
}

std::optional<std::string> Initiation::system_name() const { return text_of(information, tlv::system_name); }

std::optional<std::string> Initiation::system_description() const {
  return text_of(information, tlv::system_description);
}

std::optional<std::string> PeerUp::table_name() const { return text_of(information, tlv::table_name); }

std::optional<std::string> PeerUp::admin_label() const { return text_of(information, tlv::admin_label); }

std::vector<Tlv> PeerDown::information() const {
  if (reason != static_cast<std::uint8_t>(PeerDownReason::local_system_closed)) return {};
  ByteReader reader(data);
  auto tlvs = read_tlvs(reader, "peer down");
  return tlvs ? std::move(*tlvs) : std::vector<Tlv>();
}

std::optional<std::string> PeerDown::table_name() const { return text_of(information(), tlv::table_name); }

std::optional<std::uint16_t> PeerDown::event() const {
  const bool has_event = reason == static_cast<std::uint8_t>(PeerDownReason::local_without_notification);
  if (!has_event || data.size() < 2) return std::nullopt;
  return ByteReader(data).u16();
}

std::vector<Bytes> RouteMirroring::messages() const {
  std::vector<Bytes> out;
  for (const Tlv& one : mirrored) {
    if (one.type == tlv::mirrored_message) out.push_back(one.value);
  }
  return out;
}

bool RouteMirroring::errored_message() const { return mirroring_says(*this, mirroring_errored); }

bool RouteMirroring::messages_lost() const { return mirroring_says(*this, mirroring_lost); }

std::optional<bgp::Notification> PeerDown::notification() const {
  if (reason != static_cast<std::uint8_t>(PeerDownReason::local_notification) &&
      reason != static_cast<std::uint8_t>(PeerDownReason::remote_notification)) {
    return std::nullopt;
  }
  const auto message = bgp::decode_message(data);
  if (!message || message->type != bgp::MessageType::notification) return std::nullopt;
  const auto notification = bgp::decode_notification(message->body);
  return notification ? std::optional(*notification) : std::nullopt;
}

std::optional<std::uint16_t> Termination::reason() const {
  const Tlv* found = tlv_of(information, tlv::termination_reason);
  if (!found || found->value.size() != 2) return std::nullopt;
  return ByteReader(found->value).u16();
}

Result<std::size_t> split_frame(Bytes bytes) {
  if (!bytes.empty() && bytes[0] != version) {
    return malformed("frame", fmt::format("version {} is not 3", bytes[0]));
  }
  if (bytes.size() < common_header_bytes) return std::size_t{0};
  ByteReader reader(bytes.subspan(1));
  const std::size_t length = reader.u32();
  if (length < common_header_bytes || length > message_bytes_max) {
    return malformed("frame", fmt::format("length {} is not between {} and {}", length, common_header_bytes,
                                          message_bytes_max));
  }
  return length <= bytes.size() ? length : std::size_t{0};
}

Result<Message> decode_message(Bytes frame) {
  const auto length = split_frame(frame);
  if (!length) return tl::unexpected(length.error());
  if (*length == 0 || *length != frame.size()) return malformed("frame", "it is not one whole message");
  const std::uint8_t type = frame[5];
  ByteReader reader(frame.subspan(common_header_bytes));
  if (type > static_cast<std::uint8_t>(MessageType::route_mirroring)) return UnknownMessage{type};
  if (type == static_cast<std::uint8_t>(MessageType::initiation) ||
      type == static_cast<std::uint8_t>(MessageType::termination)) {
    auto tlvs = read_tlvs(reader, type == 4 ? "initiation" : "termination");
    if (!tlvs) return tl::unexpected(tlvs.error());
    if (type == 4) return Initiation{std::move(*tlvs)};
    return Termination{std::move(*tlvs)};
  }
  return read_about_peer(static_cast<MessageType>(type), reader);
}

}  // namespace peering::wire::bmp
