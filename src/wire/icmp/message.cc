#include "wire/icmp/message.h"

#include <algorithm>
#include <array>

#include "base/byte_cursor.h"

namespace peering::wire::icmp {

namespace {

constexpr std::uint8_t echo_request_v4 = 8, echo_reply_v4 = 0, echo_request_v6 = 128, echo_reply_v6 = 129;
constexpr std::size_t checksum_at = 2;
constexpr std::size_t balanced_bytes = 10;
constexpr std::size_t ipv4_header_bytes_min = 20;

struct Row {
  std::uint8_t type, code;
  Problem problem;
};

constexpr std::array<Row, 18> rows_v4 = {{
    {11, 0, {Meaning::expired, "Time to live exceeded", ""}},
    {11, 1, {Meaning::other, "Frag reassembly time exceeded", ""}},
    {3, 0, {Meaning::unreachable, "Destination Net Unreachable", "!N"}},
    {3, 1, {Meaning::unreachable, "Destination Host Unreachable", "!H"}},
    {3, 2, {Meaning::unreachable, "Destination Protocol Unreachable", "!P"}},
    {3, 3, {Meaning::port_unreachable, "Destination Port Unreachable", ""}},
    {3, 4, {Meaning::unreachable, "Frag needed and DF set", "!F"}},
    {3, 5, {Meaning::unreachable, "Source Route Failed", "!S"}},
    {3, 6, {Meaning::unreachable, "Destination Net Unknown", "!U"}},
    {3, 7, {Meaning::unreachable, "Destination Host Unknown", "!W"}},
    {3, 8, {Meaning::unreachable, "Source Host Isolated", "!I"}},
    {3, 9, {Meaning::unreachable, "Destination Net Prohibited", "!A"}},
    {3, 10, {Meaning::unreachable, "Destination Host Prohibited", "!Z"}},
    {3, 11, {Meaning::unreachable, "Destination Net Unreachable for Type of Service", "!Q"}},
    {3, 12, {Meaning::unreachable, "Destination Host Unreachable for Type of Service", "!T"}},
    {3, 13, {Meaning::unreachable, "Packet filtered", "!X"}},
    {3, 14, {Meaning::unreachable, "Precedence Violation", "!V"}},
    {3, 15, {Meaning::unreachable, "Precedence Cutoff", "!C"}},
}};

constexpr std::array<Row, 10> rows_v6 = {{
    {3, 0, {Meaning::expired, "Time exceeded: Hop limit", ""}},
    {3, 1, {Meaning::other, "Time exceeded: Defragmentation failure", ""}},
    {1, 0, {Meaning::unreachable, "Destination unreachable: No route", "!N"}},
    {1, 1, {Meaning::unreachable, "Destination unreachable: Administratively prohibited", "!X"}},
    {1, 2, {Meaning::unreachable, "Destination unreachable: Beyond scope of source address", "!S"}},
    {1, 3, {Meaning::unreachable, "Destination unreachable: Address unreachable", "!H"}},
    {1, 4, {Meaning::port_unreachable, "Destination unreachable: Port unreachable", ""}},
    {1, 5, {Meaning::unreachable, "Destination unreachable: Source address failed policy", "!X"}},
    {1, 6, {Meaning::unreachable, "Destination unreachable: Reject route to destination", "!X"}},
    {2, 0, {Meaning::unreachable, "Packet too big", "!F"}},
}};

}  // namespace

std::uint16_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? std::uint64_t{bytes[i]} << 8 : std::uint64_t{bytes[i]};
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::vector<std::uint8_t> encode_echo(net::Family family, const Echo& echo) {
  const bool v4 = family == net::Family::ipv4;
  const std::uint8_t request = v4 ? echo_request_v4 : echo_request_v6;
  const std::uint8_t reply = v4 ? echo_reply_v4 : echo_reply_v6;
  ByteWriter out;
  out.u8(echo.reply ? reply : request);
  out.u8(0);
  out.u16(0);
  out.u16(echo.identifier);
  out.u16(echo.sequence);
  out.bytes(echo.data);
  if (v4) out.patch_u16(checksum_at, checksum(out.data()));
  return std::move(out).take();
}

std::optional<Echo> decode_echo(net::Family family, std::span<const std::uint8_t> message) {
  ByteReader in(message);
  const std::uint8_t type = in.u8(), code = in.u8();
  in.skip(2);
  Echo out;
  out.identifier = in.u16();
  out.sequence = in.u16();
  if (!in.ok() || code != 0) return std::nullopt;
  const bool v4 = family == net::Family::ipv4;
  out.reply = type == (v4 ? echo_reply_v4 : echo_reply_v6);
  if (!out.reply && type != (v4 ? echo_request_v4 : echo_request_v6)) return std::nullopt;
  out.data = in.rest();
  return out;
}

std::span<const std::uint8_t> ipv4_payload(std::span<const std::uint8_t> packet) {
  if (packet.size() < ipv4_header_bytes_min || packet[0] >> 4 != 4) return {};
  const std::size_t header = std::size_t{packet[0] & 0x0fU} * 4;
  if (header < ipv4_header_bytes_min || header > packet.size()) return {};
  return packet.subspan(header);
}

std::vector<std::uint8_t> balanced_data(std::uint16_t sequence, std::uint64_t cookie, std::size_t size) {
  ByteWriter out;
  out.u16(static_cast<std::uint16_t>(~sequence));
  out.u64(cookie);
  while (out.size() < size) out.u8(static_cast<std::uint8_t>(out.size()));
  return std::move(out).take();
}

bool is_balanced(std::uint16_t sequence, std::uint64_t cookie, std::span<const std::uint8_t> data) {
  const std::vector<std::uint8_t> wanted = balanced_data(sequence, cookie, balanced_bytes);
  return data.size() >= balanced_bytes && std::ranges::equal(data.first(balanced_bytes), wanted);
}

Problem problem_of(net::Family family, std::uint8_t type, std::uint8_t code) {
  const std::span<const Row> rows =
      family == net::Family::ipv4 ? std::span<const Row>(rows_v4) : std::span<const Row>(rows_v6);
  for (const Row& row : rows) {
    if (row.type == type && row.code == code) return row.problem;
  }
  const bool unreachable = type == (family == net::Family::ipv4 ? 3 : 1);
  if (unreachable) return {Meaning::unreachable, "Destination Unreachable", "!?"};
  return {Meaning::other, "Unknown ICMP error", ""};
}

}  // namespace peering::wire::icmp
