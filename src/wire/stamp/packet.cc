#include "wire/stamp/packet.h"

#include "base/byte_cursor.h"

namespace peering::wire::stamp {

namespace {

constexpr std::int64_t nanoseconds_a_second = 1'000'000'000;
constexpr std::uint64_t seconds_1900_to_1970 = 2'208'988'800;
constexpr std::size_t sender_reserved_bytes = 28;

// Nanoseconds between two timestamps of one form; the sign is that of `to - from` across a wrap.
std::int64_t between(Timestamp from, Timestamp to, bool ptp) {
  if (!ptp) {
    const auto difference = static_cast<std::int64_t>(to - from);  // units of 2^-32 s
    const std::int64_t seconds = difference >> 32;
    const auto fraction = static_cast<std::uint64_t>(difference) & 0xffffffffU;
    return seconds * nanoseconds_a_second +
           static_cast<std::int64_t>(fraction * static_cast<std::uint64_t>(nanoseconds_a_second) >> 32);
  }
  const auto seconds = static_cast<std::int32_t>(static_cast<std::uint32_t>(to >> 32) -
                                                 static_cast<std::uint32_t>(from >> 32));
  const auto part = [](Timestamp t) { return static_cast<std::int64_t>(t & 0xffffffffU); };
  return seconds * nanoseconds_a_second + part(to) - part(from);
}

}  // namespace

Timestamp ntp_timestamp(std::chrono::nanoseconds since_1970) {
  const auto seconds = static_cast<std::uint64_t>(since_1970.count() / nanoseconds_a_second);
  const auto rest = static_cast<std::uint64_t>(since_1970.count() % nanoseconds_a_second);
  return (seconds + seconds_1900_to_1970) << 32 |
         (rest << 32) / static_cast<std::uint64_t>(nanoseconds_a_second);
}

std::vector<std::uint8_t> encode(const SenderPacket& packet) {
  ByteWriter out;
  out.u32(packet.sequence);
  out.u64(packet.timestamp);
  out.u16(packet.error_estimate);
  out.u16(packet.session);
  for (std::size_t i = 0; i < sender_reserved_bytes; ++i) out.u8(0);
  return std::move(out).take();
}

std::vector<std::uint8_t> encode(const ReflectorPacket& packet) {
  ByteWriter out;
  out.u32(packet.sequence);
  out.u64(packet.timestamp);
  out.u16(packet.error_estimate);
  out.u16(packet.session);
  out.u64(packet.received);
  out.u32(packet.sender_sequence);
  out.u64(packet.sender_timestamp);
  out.u16(packet.sender_error_estimate);
  out.u16(0);
  out.u8(packet.sender_ttl);
  out.u8(0);
  out.u16(0);
  return std::move(out).take();
}

std::optional<SenderPacket> decode_sender(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < packet_bytes) return std::nullopt;
  ByteReader in(bytes);
  SenderPacket out;
  out.sequence = in.u32();
  out.timestamp = in.u64();
  out.error_estimate = in.u16();
  out.session = in.u16();
  return out;
}

std::optional<ReflectorPacket> decode_reflector(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < packet_bytes) return std::nullopt;
  ByteReader in(bytes);
  ReflectorPacket out;
  out.sequence = in.u32();
  out.timestamp = in.u64();
  out.error_estimate = in.u16();
  out.session = in.u16();
  out.received = in.u64();
  out.sender_sequence = in.u32();
  out.sender_timestamp = in.u64();
  out.sender_error_estimate = in.u16();
  in.skip(2);
  out.sender_ttl = in.u8();
  return out;
}

ReflectorPacket reflect(const SenderPacket& packet, Timestamp received, std::uint8_t ttl) {
  ReflectorPacket out;
  out.sequence = packet.sequence;
  out.session = packet.session;
  out.received = received;
  out.sender_sequence = packet.sequence;
  out.sender_timestamp = packet.timestamp;
  out.sender_error_estimate = packet.error_estimate;
  out.sender_ttl = ttl;
  return out;
}

std::optional<std::chrono::nanoseconds> hold_time(const ReflectorPacket& packet) {
  const bool ptp = (packet.error_estimate & ptp_bit) != 0;
  if (ptp && ((packet.timestamp & 0xffffffffU) >= static_cast<std::uint64_t>(nanoseconds_a_second) ||
              (packet.received & 0xffffffffU) >= static_cast<std::uint64_t>(nanoseconds_a_second))) {
    return std::nullopt;
  }
  const std::int64_t held = between(packet.received, packet.timestamp, ptp);
  if (held < 0) return std::nullopt;
  return std::chrono::nanoseconds(held);
}

std::optional<std::chrono::nanoseconds> round_trip(const ReflectorPacket& packet,
                                                   std::chrono::nanoseconds elapsed) {
  const auto held = hold_time(packet);
  if (!held || *held > elapsed) return std::nullopt;
  return elapsed - *held;
}

}  // namespace peering::wire::stamp
