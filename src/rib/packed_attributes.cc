#include "rib/packed_attributes.h"

#include <cstring>

namespace peering::rib {

namespace {

using wire::bgp::AsPath;
using wire::bgp::AttributeCode;
using wire::bgp::AttributeScan;
using wire::bgp::PathAttributes;
using wire::bgp::SegmentType;
using Bytes = std::span<const std::uint8_t>;
using Out = std::vector<std::uint8_t>;

// Lengths from 255 on take this byte and four more.
constexpr std::uint8_t long_length = 255;

void put32(std::uint32_t number, Out& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(number >> shift));
}

void put_head(AttributeCode code, std::size_t length, Out& out) {
  out.push_back(static_cast<std::uint8_t>(code));
  if (length < long_length) return out.push_back(static_cast<std::uint8_t>(length));
  out.push_back(long_length);
  put32(static_cast<std::uint32_t>(length), out);
}

void put(AttributeCode code, Bytes value, Out& out) {
  put_head(code, value.size(), out);
  out.insert(out.end(), value.begin(), value.end());
}

void put_number(AttributeCode code, const std::optional<std::uint32_t>& number, Out& out) {
  if (!number) return;
  put_head(code, 4, out);
  put32(*number, out);
}

// Segments as on the wire; those of more than 255 ASes, which only merging makes, have a count of 0 and then
// four bytes.
void put_as_path(const AsPath& path, Out& out) {
  if (path.segments.empty()) return;
  std::size_t length = 2 * path.segments.size() + 4 * path.asns.size();
  for (const AsPath::Segment& segment : path.segments) length += segment.count > 255 ? 4 : 0;
  put_head(AttributeCode::as_path, length, out);
  auto asn = path.asns.begin();
  for (const AsPath::Segment& segment : path.segments) {
    out.push_back(static_cast<std::uint8_t>(segment.type));
    out.push_back(segment.count > 255 ? 0 : static_cast<std::uint8_t>(segment.count));
    if (segment.count > 255) put32(segment.count, out);
    for (std::size_t i = 0; i < segment.count; ++i) put32(*asn++, out);
  }
}

void put_aggregator(const std::optional<wire::bgp::Aggregator>& aggregator, Out& out) {
  if (!aggregator) return;
  put_head(AttributeCode::aggregator, 8, out);
  put32(aggregator->asn, out);
  const Bytes address = aggregator->address.bytes();
  out.insert(out.end(), address.begin(), address.begin() + 4);
}

void put_large_communities(const std::vector<wire::bgp::LargeCommunity>& communities, Out& out) {
  if (!communities.empty()) put_head(AttributeCode::large_communities, communities.size() * 12, out);
  for (const wire::bgp::LargeCommunity& community : communities) {
    put32(community.global, out);
    put32(community.local1, out);
    put32(community.local2, out);
  }
}

// Large communities that come twice count once (RFC 8092 section 5): then bytes are not what values are.
bool may_repeat(Bytes large) {
  constexpr std::size_t compared_max = 32;
  const std::size_t count = large.size() / 12;
  if (count > compared_max) return true;
  for (std::size_t one = 1; one < count; ++one) {
    for (std::size_t other = 0; other < one; ++other) {
      if (std::memcmp(large.data() + 12 * one, large.data() + 12 * other, 12) == 0) return true;
    }
  }
  return false;
}

AsPath read_path(Bytes value) {
  AsPath out;
  out.asns.reserve(value.size() / 4);
  for (std::size_t at = 0; at < value.size();) {
    const auto type = static_cast<SegmentType>(value[at]);
    std::size_t count = value[at + 1];
    at += 2;
    if (count == 0) {
      count = wire::bgp::number_of(value.subspan(at, 4));
      at += 4;
    }
    out.segments.push_back({type, static_cast<std::uint16_t>(count)});
    for (std::size_t i = 0; i < count; ++i, at += 4) {
      out.asns.push_back(wire::bgp::number_of(value.subspan(at, 4)));
    }
  }
  return out;
}

void read_communities(Bytes value, PathAttributes& out) {
  out.communities.reserve(value.size() / 4);
  for (std::size_t at = 0; at < value.size(); at += 4) {
    out.communities.push_back(wire::bgp::number_of(value.subspan(at, 4)));
  }
}

void read_extended_communities(Bytes value, PathAttributes& out) {
  out.extended_communities.reserve(value.size() / 8);
  for (std::size_t at = 0; at < value.size(); at += 8) {
    const std::uint64_t high = wire::bgp::number_of(value.subspan(at, 4));
    out.extended_communities.push_back(high << 32 | wire::bgp::number_of(value.subspan(at + 4, 4)));
  }
}

void read_large_communities(Bytes value, PathAttributes& out) {
  out.large_communities.reserve(value.size() / 12);
  for (std::size_t at = 0; at < value.size(); at += 12) {
    out.large_communities.push_back({wire::bgp::number_of(value.subspan(at, 4)),
                                     wire::bgp::number_of(value.subspan(at + 4, 4)),
                                     wire::bgp::number_of(value.subspan(at + 8, 4))});
  }
}

void read_value(AttributeCode code, Bytes value, PathAttributes& out) {
  switch (code) {
    case AttributeCode::origin:
      out.origin = static_cast<wire::bgp::Origin>(value[0]);
      return;
    case AttributeCode::as_path:
      out.as_path = read_path(value);
      return;
    case AttributeCode::next_hop:
      out.next_hop =
          value.size() == 4 ? net::Address::v4(value.first<4>()) : net::Address::v6(value.first<16>());
      return;
    case AttributeCode::multi_exit_disc:
      out.multi_exit_disc = wire::bgp::number_of(value);
      return;
    case AttributeCode::local_pref:
      out.local_pref = wire::bgp::number_of(value);
      return;
    case AttributeCode::atomic_aggregate:
      out.atomic_aggregate = true;
      return;
    case AttributeCode::aggregator:
      out.aggregator = {wire::bgp::number_of(value.first(4)), net::Address::v4(value.subspan<4, 4>())};
      return;
    case AttributeCode::communities:
      return read_communities(value, out);
    case AttributeCode::extended_communities:
      return read_extended_communities(value, out);
    case AttributeCode::large_communities:
      return read_large_communities(value, out);
    case AttributeCode::only_to_customer:
      out.only_to_customer = wire::bgp::number_of(value);
      return;
    default:
      return;
  }
}

// Of paths of any length.
void strip_first_as_of_values(net::Asn asn, Out& packed) {
  PathAttributes values = unpack_attributes(packed);
  AsPath& path = values.as_path;
  if (path.asns.size() < 2 || path.first() != asn) return;
  path.asns.erase(path.asns.begin());
  if (--path.segments.front().count == 0) path.segments.erase(path.segments.begin());
  packed.clear();
  pack_attributes(values, packed);
}

}  // namespace

void pack_attributes(const PathAttributes& attributes, Out& out) {
  // By name, so that a field that is new does not compile before it is packed here, below and unpacked.
  const auto& [origin, as_path, next_hop, multi_exit_disc, local_pref, atomic_aggregate, aggregator,
               communities, extended_communities, large_communities, only_to_customer] = attributes;
  if (origin != wire::bgp::Origin::igp) {
    put_head(AttributeCode::origin, 1, out);
    out.push_back(static_cast<std::uint8_t>(origin));
  }
  put_as_path(as_path, out);
  if (next_hop) put(AttributeCode::next_hop, next_hop->bytes(), out);
  put_number(AttributeCode::multi_exit_disc, multi_exit_disc, out);
  put_number(AttributeCode::local_pref, local_pref, out);
  if (atomic_aggregate) put_head(AttributeCode::atomic_aggregate, 0, out);
  put_aggregator(aggregator, out);
  if (!communities.empty()) put_head(AttributeCode::communities, communities.size() * 4, out);
  for (const std::uint32_t community : communities) put32(community, out);
  if (!extended_communities.empty()) {
    put_head(AttributeCode::extended_communities, extended_communities.size() * 8, out);
  }
  for (const std::uint64_t community : extended_communities) {
    put32(static_cast<std::uint32_t>(community >> 32), out);
    put32(static_cast<std::uint32_t>(community), out);
  }
  put_large_communities(large_communities, out);
  put_number(AttributeCode::only_to_customer, only_to_customer, out);
}

void pack_attributes(const AttributeScan& scan, const wire::bgp::SessionFacts& facts,
                     const std::optional<net::Address>& next_hop, Out& out) {
  const auto copy = [&](AttributeCode code) {
    const Bytes value = scan.value(code);
    if (!value.empty()) put(code, value, out);
  };
  const Bytes origin = scan.value(AttributeCode::origin);
  if (!origin.empty() && origin[0] != 0) put(AttributeCode::origin, origin, out);
  if (facts.four_octet_asn) {
    copy(AttributeCode::as_path);
  } else {
    AsPath path;
    wire::bgp::read_as_path(scan, facts, path);
    put_as_path(path, out);
  }
  if (next_hop) put(AttributeCode::next_hop, next_hop->bytes(), out);
  copy(AttributeCode::multi_exit_disc);
  copy(AttributeCode::local_pref);
  if (scan.has(AttributeCode::atomic_aggregate)) put_head(AttributeCode::atomic_aggregate, 0, out);
  if (scan.has(AttributeCode::aggregator)) put_aggregator(wire::bgp::read_aggregator(scan, facts), out);
  copy(AttributeCode::communities);
  copy(AttributeCode::extended_communities);
  if (may_repeat(scan.value(AttributeCode::large_communities))) {
    PathAttributes values;
    wire::bgp::read_path_attributes(scan, facts, values);
    put_large_communities(values.large_communities, out);
  } else {
    copy(AttributeCode::large_communities);
  }
  copy(AttributeCode::only_to_customer);
}

void strip_first_as(net::Asn asn, Out& packed) {
  constexpr std::size_t origin_bytes = 3, head_bytes = 2, segment_head_bytes = 2, asn_bytes = 4;
  const std::size_t at =
      !packed.empty() && packed[0] == static_cast<std::uint8_t>(AttributeCode::origin) ? origin_bytes : 0;
  if (packed.size() == at || packed[at] != static_cast<std::uint8_t>(AttributeCode::as_path)) return;
  std::uint8_t& length = packed[at + 1];
  const std::size_t segment = at + head_bytes;
  if (length == long_length || packed[segment + 1] == 0) return strip_first_as_of_values(asn, packed);
  std::uint8_t& count = packed[segment + 1];
  const std::size_t first = segment + segment_head_bytes;
  const bool only_one = length == segment_head_bytes + asn_bytes;
  const auto type = static_cast<SegmentType>(packed[segment]);
  if (only_one || (type != SegmentType::as_sequence && type != SegmentType::confed_sequence)) return;
  if (wire::bgp::number_of(Bytes(packed).subspan(first, asn_bytes)) != asn) return;
  const bool whole_segment = count == 1;
  const std::size_t from = whole_segment ? segment : first, gone = first + asn_bytes - from;
  if (!whole_segment) --count;
  length = static_cast<std::uint8_t>(length - gone);
  packed.erase(packed.begin() + static_cast<std::ptrdiff_t>(from),
               packed.begin() + static_cast<std::ptrdiff_t>(from + gone));
}

PathAttributes unpack_attributes(PackedView packed) {
  PathAttributes out;
  for (std::size_t at = 0; at < packed.size();) {
    const auto code = static_cast<AttributeCode>(packed[at]);
    std::size_t length = packed[at + 1];
    at += 2;
    if (length == long_length) {
      length = wire::bgp::number_of(packed.subspan(at, 4));
      at += 4;
    }
    read_value(code, packed.subspan(at, length), out);
    at += length;
  }
  return out;
}

}  // namespace peering::rib
