#include "wire/bmp/encode.h"

#include "base/byte_cursor.h"

namespace peering::wire::bmp {

namespace {

constexpr std::uint8_t written_as_ipv6 = 0x80;

ByteWriter begin(MessageType type) {
  ByteWriter out;
  out.u8(version);
  out.u32(0);
  out.u8(static_cast<std::uint8_t>(type));
  return out;
}

Frame finish(ByteWriter out) {
  out.patch_u32(1, static_cast<std::uint32_t>(out.size()));
  return std::move(out).take();
}

void information(ByteWriter& out, std::uint16_t type, std::string_view value) {
  out.u16(type);
  out.u16(static_cast<std::uint16_t>(value.size()));
  out.text(value);
}

void address(ByteWriter& out, const net::Address& value) {
  if (value.is_v4()) {
    for (int i = 0; i < 12; ++i) out.u8(0);
  }
  out.bytes(value.bytes());
}

void per_peer(ByteWriter& out, const PerPeerHeader& peer) {
  out.u8(static_cast<std::uint8_t>(peer.type));
  const bool ipv6 = !peer.is_loc_rib() && !peer.address.is_v4();
  out.u8(static_cast<std::uint8_t>(peer.flags | (ipv6 ? written_as_ipv6 : 0)));
  out.u64(peer.distinguisher);
  address(out, peer.address);
  out.u32(peer.asn);
  out.bytes(peer.bgp_identifier.bytes());
  const std::int64_t us = to_us(peer.time);
  out.u32(static_cast<std::uint32_t>(us / 1'000'000));
  out.u32(static_cast<std::uint32_t>(us % 1'000'000));
}

}  // namespace

Frame encode_initiation(std::string_view system_name, std::string_view system_description) {
  ByteWriter out = begin(MessageType::initiation);
  information(out, tlv::system_description, system_description);
  information(out, tlv::system_name, system_name);
  return finish(std::move(out));
}

Frame encode_termination(std::uint16_t reason) {
  ByteWriter out = begin(MessageType::termination);
  out.u16(1);
  out.u16(2);
  out.u16(reason);
  return finish(std::move(out));
}

Frame encode_route_monitoring(const PerPeerHeader& peer, Bytes update) {
  ByteWriter out = begin(MessageType::route_monitoring);
  per_peer(out, peer);
  out.bytes(update);
  return finish(std::move(out));
}

Frame encode_peer_up(const PerPeerHeader& peer, const net::Address& local_address, std::uint16_t local_port,
                     std::uint16_t remote_port, Bytes sent_open, Bytes received_open,
                     std::string_view table_name) {
  ByteWriter out = begin(MessageType::peer_up);
  per_peer(out, peer);
  address(out, local_address);
  out.u16(local_port);
  out.u16(remote_port);
  out.bytes(sent_open);
  out.bytes(received_open);
  if (!table_name.empty()) information(out, tlv::table_name, table_name);
  return finish(std::move(out));
}

Frame encode_peer_down(const PerPeerHeader& peer, std::uint8_t reason, Bytes data) {
  ByteWriter out = begin(MessageType::peer_down);
  per_peer(out, peer);
  out.u8(reason);
  out.bytes(data);
  return finish(std::move(out));
}

namespace {

void statistic(ByteWriter& out, const Statistic& value) {
  out.u16(value.type);
  if (value.family) {
    out.u16(11);
    out.u16(static_cast<std::uint16_t>(*value.family >> 8));
    out.u8(static_cast<std::uint8_t>(*value.family));
    out.u64(value.value);
  } else if (statistic_form(value.type) == StatisticForm::counter) {
    out.u16(4);
    out.u32(static_cast<std::uint32_t>(value.value));
  } else {
    out.u16(8);
    out.u64(value.value);
  }
}

}  // namespace

Frame encode_statistics(const PerPeerHeader& peer, const std::vector<Statistic>& statistics) {
  ByteWriter out = begin(MessageType::statistics_report);
  per_peer(out, peer);
  out.u32(static_cast<std::uint32_t>(statistics.size()));
  for (const Statistic& value : statistics) statistic(out, value);
  return finish(std::move(out));
}

Frame encode_route_mirroring(const PerPeerHeader& peer, const std::vector<Tlv>& mirrored) {
  ByteWriter out = begin(MessageType::route_mirroring);
  per_peer(out, peer);
  for (const Tlv& one : mirrored) {
    out.u16(one.type);
    out.u16(static_cast<std::uint16_t>(one.value.size()));
    out.bytes(one.value);
  }
  return finish(std::move(out));
}

}  // namespace peering::wire::bmp
