// The Simple Two-way Active Measurement Protocol, unauthenticated mode (RFC 8762), with the session
// identifier of RFC 8972: the two packets as values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace peering::wire::stamp {

inline constexpr std::uint16_t port = 862;
inline constexpr std::size_t packet_bytes = 44;

/// 64 bits whose form the Error Estimate's Z bit says: NTP (seconds since 1900 and their fraction) or
/// truncated PTPv2 (seconds since 1970 and nanoseconds).
using Timestamp = std::uint64_t;
/// NTP form of nanoseconds since 1970.
Timestamp ntp_timestamp(std::chrono::nanoseconds since_1970);

/// "Not synchronised, NTP form, about a millisecond": what is sent here.
inline constexpr std::uint16_t error_estimate = 22U << 8 | 1U;
/// The Z bit: timestamps are PTPv2.
inline constexpr std::uint16_t ptp_bit = 1U << 14;

struct SenderPacket {
  std::uint32_t sequence = 0;
  Timestamp timestamp = 0;  ///< T1
  std::uint16_t error_estimate = stamp::error_estimate;
  std::uint16_t session = 0;
  friend bool operator==(const SenderPacket&, const SenderPacket&) = default;
};

struct ReflectorPacket {
  std::uint32_t sequence = 0;
  Timestamp timestamp = 0;  ///< T3
  std::uint16_t error_estimate = stamp::error_estimate;
  std::uint16_t session = 0;
  Timestamp received = 0;  ///< T2
  std::uint32_t sender_sequence = 0;
  Timestamp sender_timestamp = 0;  ///< T1
  std::uint16_t sender_error_estimate = 0;
  std::uint8_t sender_ttl = 0;
  friend bool operator==(const ReflectorPacket&, const ReflectorPacket&) = default;
};

std::vector<std::uint8_t> encode(const SenderPacket& packet);
std::vector<std::uint8_t> encode(const ReflectorPacket& packet);
/// Nothing for fewer than 44 bytes. What follows them (padding, TLVs) is not looked at.
std::optional<SenderPacket> decode_sender(std::span<const std::uint8_t> bytes);
std::optional<ReflectorPacket> decode_reflector(std::span<const std::uint8_t> bytes);

/// What a stateless reflector answers: the sender's own sequence number and fields.
ReflectorPacket reflect(const SenderPacket& packet, Timestamp received, std::uint8_t ttl);

/// T3 - T2, how long the reflector held the packet. Nothing when it claims less than none or a time that
/// cannot be.
std::optional<std::chrono::nanoseconds> hold_time(const ReflectorPacket& packet);

/// (T4 - T1) - (T3 - T2), where `elapsed` is T4 - T1 by the sender's clock. Nothing when the reflector claims
/// to have held the packet longer than it was away.
std::optional<std::chrono::nanoseconds> round_trip(const ReflectorPacket& packet,
                                                   std::chrono::nanoseconds elapsed);

}  // namespace peering::wire::stamp
