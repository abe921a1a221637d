#include "wire/mrt/sent_update.h"

#include <algorithm>

#include "base/byte_cursor.h"

namespace peering::wire::mrt {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t flag_extended_length = 0x10;
constexpr std::uint8_t type_mp_reach_nlri = 14, type_mp_unreach_nlri = 15;
constexpr std::size_t safis = 3;

// Where the family has its place; `families` for those that are not shown.
std::size_t place_of(unsigned afi, unsigned safi) {
  if (afi < 1 || afi > 2 || safi < 1 || safi > safis) return SentAttributes::families;
  return (afi - 1) * safis + safi - 1;
}

bool is_next_hop_length(std::size_t length) { return length == 4 || length == 16 || length == 32; }

// The next hop's length and bytes. Of a length that no next hop has only the length is read.
Bytes read_next_hop(ByteReader& reader) {
  const std::size_t length = reader.u8();
  return is_next_hop_length(length) ? reader.bytes(length) : Bytes();
}

}  // namespace

std::uint32_t SentAttributes::number(std::uint8_t code, std::size_t at, std::size_t bytes) const {
  const Bytes sent = value(code);
  std::uint32_t out = 0;
  for (std::size_t i = at; i < at + bytes; ++i) out = out << 8 | (i < sent.size() ? sent[i] : 0U);
  return out;
}

// Tables hold the next hop alone (RFC 6396 section 4.3.4): its length is where the high byte of a family,
// which is zero for all that are shown, would be.
void SentAttributes::read_reach(Bytes value) {
  if (value.empty()) return;
  ByteReader reader(value);
  if (value[0] != 0) {
    if ((reach_there_ >> ipv6_unicast & 1) != 0) return;
    reach_[ipv6_unicast] = {read_next_hop(reader), {}};
    reach_there_ |= 1U << ipv6_unicast;
    return;
  }
  const unsigned afi = reader.u16();
  const std::size_t place = place_of(afi, reader.u8());
  if (place == families || (reach_there_ >> place & 1) != 0) return;
  SentRoutes& out = reach_[place];
  out.next_hop = read_next_hop(reader);
  for (unsigned left = reader.u8(); left > 0 && reader.ok(); --left) reader.skip(reader.u8());
  out.routes = reader.rest();
  reach_there_ |= 1U << place;
}

void SentAttributes::read_unreach(Bytes value) {
  ByteReader reader(value);
  const unsigned afi = reader.u16();
  const std::size_t place = place_of(afi, reader.u8());
  if (place == families || (unreach_there_ >> place & 1) != 0) return;
  unreach_[place] = {{}, reader.rest()};
  unreach_there_ |= 1U << place;
}

void SentAttributes::read(Bytes field) {
  there_ = 0;
  reach_there_ = unreach_there_ = 0;
  fault_ = {};
  const std::uint8_t* at = field.data();
  const std::uint8_t* const end = at + field.size();
  while (at < end) {
    const std::size_t header = (at[0] & flag_extended_length) != 0 ? 4 : 3;
    if (static_cast<std::size_t>(end - at) < header) break;
    const std::uint8_t code = at[1];
    const std::size_t length = header == 4 ? static_cast<std::size_t>(at[2]) << 8 | at[3] : at[2];
    at += header;
    if (static_cast<std::size_t>(end - at) < length) break;
    const Bytes value(at, length);
    at += length;
    if (code > code_max) continue;
    there_ |= std::uint32_t{1} << code;
    values_[code] = value;
    if (code == type_mp_reach_nlri) read_reach(value);
    if (code == type_mp_unreach_nlri) read_unreach(value);
  }
  if (at < end || at > end) fault_ = "the attributes end inside one";
}

void SentUpdate::read(Bytes body) {
  ByteReader reader(body);
  const auto field = [&](std::size_t length) {
    return reader.bytes(std::min(length, reader.left()));  // what is there, when the length lies
  };
  const std::size_t withdrawn_bytes = reader.u16();
  withdrawn = field(withdrawn_bytes);
  const std::size_t attribute_bytes = reader.u16();
  const Bytes sent = field(attribute_bytes);
  attributes.read(sent);
  announced = reader.rest();
  fault = attributes.fault();
  if (!reader.ok() || withdrawn.size() < withdrawn_bytes || sent.size() < attribute_bytes) {
    fault = "a length goes beyond the message";
  }
}

}  // namespace peering::wire::mrt
