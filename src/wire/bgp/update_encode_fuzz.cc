// The encoder against the decoder: an UPDATE is made of any bytes, written and read again, and must be the
// same.
#include <algorithm>

#include "base/byte_cursor.h"
#include "base/check.h"
#include "wire/bgp/update.h"

namespace bgp = peering::wire::bgp;
namespace net = peering::net;

namespace {

using peering::ByteReader;

net::Address address_of(ByteReader& from, net::Family family) {
  if (family == net::Family::ipv4) return net::Address::v4(from.u32());
  std::array<std::uint8_t, 16> bytes{};
  const auto taken = from.bytes(16);
  std::copy(taken.begin(), taken.end(), bytes.begin());
  return net::Address::v6(bytes);
}

std::vector<bgp::Nlri> routes_of(ByteReader& from, net::Family family, bool path_ids) {
  std::vector<bgp::Nlri> out;
  for (int left = from.u8() % 6; left > 0; --left) {
    const int length = from.u8() % (net::address_bits(family) + 1);
    out.push_back({net::Prefix(address_of(from, family), length), path_ids ? from.u32() : 0});
  }
  return out;
}

// No AS 0 and at most 255 numbers a segment: others would not come back as they are.
bgp::AsPath path_of(ByteReader& from) {
  bgp::AsPath out;
  for (int left = from.u8() % 4; left > 0; --left) {
    const auto type = static_cast<bgp::SegmentType>(1 + from.u8() % 4);
    const auto count = static_cast<std::uint16_t>(std::max<std::uint8_t>(from.u8(), 1));
    out.segments.push_back({type, count});
    for (int i = 0; i < count; ++i) out.asns.push_back(std::max<std::uint32_t>(from.u32(), 1));
  }
  return out;
}

void read_attributes(ByteReader& from, bgp::PathAttributes& out) {
  const std::uint8_t there = from.u8();
  out.origin = static_cast<bgp::Origin>(from.u8() % 3);
  out.as_path = path_of(from);
  if ((there & 1) != 0) out.multi_exit_disc = from.u32();
  if ((there & 2) != 0) out.local_pref = from.u32();
  out.atomic_aggregate = (there & 4) != 0;
  if ((there & 8) != 0) {
    const auto asn = std::max<std::uint32_t>(from.u32(), 1);
    out.aggregator = bgp::Aggregator{asn, address_of(from, net::Family::ipv4)};
  }
  if ((there & 16) != 0) out.only_to_customer = from.u32();
  for (int left = from.u8(); left > 0; --left) out.communities.push_back(from.u32());
  for (int left = from.u8() % 64; left > 0; --left) out.extended_communities.push_back(from.u64());
  for (int left = from.u8() % 64; left > 0; --left) {
    const bgp::LargeCommunity value{from.u32(), from.u32(), from.u32()};
    if (std::ranges::find(out.large_communities, value) == out.large_communities.end()) {
      out.large_communities.push_back(value);
    }
  }
}

bgp::Update update_of(ByteReader& from, const bgp::SessionFacts& facts) {
  constexpr net::Family ipv4 = net::Family::ipv4, ipv6 = net::Family::ipv6;
  const net::Family mp = from.u8() % 2 == 0 ? ipv4 : ipv6;
  const bool mp_ids = bgp::has_path_ids(facts, mp, false);
  bgp::Update out;
  out.announced = routes_of(from, ipv4, facts.add_path_ipv4);
  out.withdrawn = routes_of(from, ipv4, facts.add_path_ipv4);
  out.mp_announced = routes_of(from, mp, mp_ids);
  out.mp_withdrawn = routes_of(from, mp, mp_ids);
  if (!out.mp_announced.empty()) {
    out.mp_next_hop = address_of(from, from.u8() % 2 == 0 ? mp : ipv6);
    if (!out.mp_next_hop->is_v4() && from.u8() % 2 == 0) out.mp_link_local_next_hop = address_of(from, ipv6);
  }
  if (out.announced.empty() && out.mp_announced.empty()) return out;
  if (!out.announced.empty()) out.attributes.next_hop = address_of(from, ipv4);
  read_attributes(from, out.attributes);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader from({data, size});
  const std::uint8_t bits = from.u8();
  const bgp::SessionFacts facts{(bits & 1) == 0, (bits & 2) != 0, (bits & 4) != 0};
  bgp::Update update = update_of(from, facts);
  const auto message = bgp::encode_update(update, facts);
  if (!message) return 0;  // too long
  const auto framed = bgp::decode_message(*message);
  PEERING_CHECK(framed);
  bgp::Update again = bgp::decode_update(framed->body, facts);
  again.end_of_rib.reset();
  PEERING_CHECK(again.issues.empty());
  if (!facts.four_octet_asn) {  // how sequences are cut into segments may change; AS4_PATH has no
                                // confederations
    again.attributes.as_path = update.attributes.as_path = {};
  }
  PEERING_CHECK(again == update);
  return 0;
}
