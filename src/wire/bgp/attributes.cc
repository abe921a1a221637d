#include "wire/bgp/attributes.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/byte_cursor.h"

namespace peering::wire::bgp {

namespace {

constexpr std::uint8_t flag_optional = 0x80;
constexpr std::uint8_t flag_transitive = 0x40;
constexpr std::uint8_t flag_extended_length = 0x10;

// Everything that one attribute's reader may need.
struct Reading {
  std::span<const std::uint8_t> value;
  const SessionFacts& facts;
  Update& out;
  // AS4_PATH and AS4_AGGREGATOR wait until the two-octet originals are known (RFC 6793 section 4.2.3).
  std::optional<AsPath> as4_path;
  std::optional<Aggregator> as4_aggregator;
};

using Reader = bool (*)(Reading&);

std::uint32_t number(std::span<const std::uint8_t> bytes) {
  std::uint32_t out = 0;
  for (const std::uint8_t b : bytes) out = out << 8 | b;
  return out;
}

bool read_origin(Reading& r) {
  if (r.value.size() != 1 || r.value[0] > 2) return false;
  r.out.attributes.origin = static_cast<Origin>(r.value[0]);
  return true;
}

bool read_as_path(Reading& r) {
  return decode_as_path(r.value, r.facts.four_octet_asn, r.out.attributes.as_path);
}

bool read_next_hop(Reading& r) {
  if (r.value.size() != 4) return false;
  r.out.attributes.next_hop = net::Address::v4(number(r.value));
  return true;
}

bool read_multi_exit_disc(Reading& r) {
  if (r.value.size() != 4) return false;
  r.out.attributes.multi_exit_disc = number(r.value);
  return true;
}

bool read_local_pref(Reading& r) {
  if (r.value.size() != 4) return false;
  r.out.attributes.local_pref = number(r.value);
  return true;
}

bool read_atomic_aggregate(Reading& r) {
  r.out.attributes.atomic_aggregate = true;
  return r.value.empty();
}

bool read_aggregator(Reading& r) {
  const std::size_t asn_bytes = r.facts.four_octet_asn ? 4 : 2;
  if (r.value.size() != asn_bytes + 4) return false;
  r.out.attributes.aggregator =
      Aggregator{number(r.value.first(asn_bytes)), net::Address::v4(number(r.value.subspan(asn_bytes)))};
  return true;
}

bool read_communities(Reading& r) {
  if (r.value.empty() || r.value.size() % 4 != 0) return false;
  for (std::size_t at = 0; at < r.value.size(); at += 4) {
    r.out.attributes.communities.push_back(number(r.value.subspan(at, 4)));
  }
  return true;
}

bool read_extended_communities(Reading& r) {
  if (r.value.empty() || r.value.size() % 8 != 0) return false;
  for (std::size_t at = 0; at < r.value.size(); at += 8) {
    r.out.attributes.extended_communities.push_back(static_cast<std::uint64_t>(number(r.value.subspan(at, 4)))
                                                        << 32 |
                                                    number(r.value.subspan(at + 4, 4)));
  }
  return true;
}

bool read_large_communities(Reading& r) {
  if (r.value.empty() || r.value.size() % 12 != 0) return false;
  for (std::size_t at = 0; at < r.value.size(); at += 12) {
    r.out.attributes.large_communities.push_back({number(r.value.subspan(at, 4)),
                                                  number(r.value.subspan(at + 4, 4)),
                                                  number(r.value.subspan(at + 8, 4))});
  }
  return true;
}

bool read_only_to_customer(Reading& r) {
  if (r.value.size() != 4) return false;
  r.out.attributes.only_to_customer = number(r.value);
  return true;
}

bool read_as4_path(Reading& r) {
  AsPath path;
  if (!decode_as_path(r.value, true, path)) return false;
  r.as4_path = std::move(path);
  return true;
}

bool read_as4_aggregator(Reading& r) {
  if (r.value.size() != 8) return false;
  r.as4_aggregator = Aggregator{number(r.value.first(4)), net::Address::v4(number(r.value.subspan(4)))};
  return true;
}

std::optional<net::Family> unicast_family(FamilyId family) {
  if (family == ipv4_unicast) return net::Family::ipv4;
  if (family == ipv6_unicast) return net::Family::ipv6;
  return std::nullopt;
}

bool add_path_of(const SessionFacts& facts, net::Family family) {
  return family == net::Family::ipv4 ? facts.add_path_ipv4 : facts.add_path_ipv6;
}

// Global next hop of MP_REACH_NLRI: 4 bytes, 16, or 32 with the link-local one after it (RFC 2545 section 3).
std::optional<net::Address> next_hop_of(std::span<const std::uint8_t> bytes) {
  if (bytes.size() == 4) return net::Address::v4(bytes.first<4>());
  if (bytes.size() == 16 || bytes.size() == 32) return net::Address::v6(bytes.first<16>());
  return std::nullopt;
}

constexpr std::uint8_t safi_multicast = 2;

// The family of routes that are read at all: unicast, and multicast for dumps.
std::optional<net::Family> readable_family(FamilyId id) {
  if (id.safi == safi_multicast) id.safi = ipv4_unicast.safi;
  return unicast_family(id);
}

bool read_mp_reach(Reading& r) {
  ByteReader reader(r.value);
  const FamilyId id{reader.u16(), reader.u8()};
  const auto next_hop = reader.bytes(reader.u8());
  reader.skip(1);  // reserved
  if (!reader.ok()) return false;
  const auto family = readable_family(id);
  if (!unicast_family(id)) r.out.other_family = id;
  if (!family) return true;
  r.out.mp_next_hop = next_hop_of(next_hop);
  if (!r.out.mp_next_hop) return false;
  const bool unicast = unicast_family(id).has_value();
  auto& routes = !unicast ? r.out.multicast_announced : r.out.mp_announced;
  return decode_prefixes(reader.rest(), *family, add_path_of(r.facts, *family), routes);
}

bool read_mp_unreach(Reading& r) {
  ByteReader reader(r.value);
  const FamilyId id{reader.u16(), reader.u8()};
  if (!reader.ok()) return false;
  const auto family = readable_family(id);
  const bool unicast = unicast_family(id).has_value();
  if (reader.empty()) r.out.end_of_rib = id;
  if (!unicast && !reader.empty()) r.out.other_family = id;
  if (!family) return true;
  auto& routes = unicast ? r.out.mp_withdrawn : r.out.multicast_withdrawn;
  return decode_prefixes(reader.rest(), *family, add_path_of(r.facts, *family), routes);
}

// What RFC 4271 and its successors say about an attribute's flags, and RFC 7606 section 7 about its faults.
struct Row {
  AttributeCode code;
  std::uint8_t flags;  // of optional and transitive
  Outcome when_malformed;
  Reader read;
};

constexpr std::uint8_t well_known = flag_transitive;
constexpr std::uint8_t optional_transitive = flag_optional | flag_transitive;
constexpr std::uint8_t optional_only = flag_optional;

constexpr std::array<Row, 15> rows{{
    {AttributeCode::origin, well_known, Outcome::treat_as_withdraw, read_origin},
    {AttributeCode::as_path, well_known, Outcome::treat_as_withdraw, read_as_path},
    {AttributeCode::next_hop, well_known, Outcome::treat_as_withdraw, read_next_hop},
    {AttributeCode::multi_exit_disc, optional_only, Outcome::treat_as_withdraw, read_multi_exit_disc},
    {AttributeCode::local_pref, well_known, Outcome::treat_as_withdraw, read_local_pref},
    {AttributeCode::atomic_aggregate, well_known, Outcome::discard_attribute, read_atomic_aggregate},
    {AttributeCode::aggregator, optional_transitive, Outcome::discard_attribute, read_aggregator},
    {AttributeCode::communities, optional_transitive, Outcome::treat_as_withdraw, read_communities},
    {AttributeCode::mp_reach_nlri, optional_only, Outcome::reset_session, read_mp_reach},
    {AttributeCode::mp_unreach_nlri, optional_only, Outcome::reset_session, read_mp_unreach},
    {AttributeCode::extended_communities, optional_transitive, Outcome::treat_as_withdraw,
     read_extended_communities},
    {AttributeCode::as4_path, optional_transitive, Outcome::discard_attribute, read_as4_path},
    {AttributeCode::as4_aggregator, optional_transitive, Outcome::discard_attribute, read_as4_aggregator},
    {AttributeCode::large_communities, optional_transitive, Outcome::treat_as_withdraw,
     read_large_communities},
    {AttributeCode::only_to_customer, optional_transitive, Outcome::treat_as_withdraw, read_only_to_customer},
}};

const Row* row_of(std::uint8_t code) {
  static const std::array<const Row*, 256> index = [] {
    std::array<const Row*, 256> out{};
    for (const Row& row : rows) out[static_cast<std::size_t>(row.code)] = &row;
    return out;
  }();
  return index[code];
}

// Forgets what a malformed attribute has written so far.
void clear_value(std::uint8_t code, PathAttributes& attributes) {
  switch (static_cast<AttributeCode>(code)) {
    case AttributeCode::as_path:
      attributes.as_path = {};
      break;
    case AttributeCode::atomic_aggregate:
      attributes.atomic_aggregate = false;
      break;
    default:
      break;
  }
}

std::size_t path_entries(const AsPath& path) {
  std::size_t total = 0;
  for (const AsPath::Segment& segment : path.segments) {
    if (segment.type == SegmentType::as_sequence) total += segment.count;
    if (segment.type == SegmentType::as_set) total += 1;
  }
  return total;
}

// RFC 6793 section 4.2.3: the leading ASes that AS4_PATH lacks come from AS_PATH.
void merge_as4_path(AsPath& path, const AsPath& as4_path) {
  const std::size_t whole = path_entries(path), known = path_entries(as4_path);
  if (as4_path.empty() || whole < known) return;
  AsPath merged;
  std::size_t left = whole - known, at = 0;
  for (const AsPath::Segment& segment : path.segments) {
    const bool set = segment.type == SegmentType::as_set;
    const bool counted = set || segment.type == SegmentType::as_sequence;
    const std::size_t take = !counted ? segment.count
                             : set    ? (left > 0 ? segment.count : 0)
                                      : std::min<std::size_t>(left, segment.count);
    if (counted && left == 0) break;
    merged.segments.push_back({segment.type, static_cast<std::uint16_t>(take)});
    merged.asns.insert(merged.asns.end(), path.asns.begin() + static_cast<std::ptrdiff_t>(at),
                       path.asns.begin() + static_cast<std::ptrdiff_t>(at + take));
    at += segment.count;
    if (counted) left -= set ? 1 : take;
  }
  const bool joins = !merged.segments.empty() && !as4_path.segments.empty() &&
                     merged.segments.back().type == SegmentType::as_sequence &&
                     as4_path.segments.front().type == SegmentType::as_sequence;
  auto rest = as4_path.segments.begin();
  if (joins) {
    merged.segments.back().count = static_cast<std::uint16_t>(merged.segments.back().count + rest->count);
    ++rest;
  }
  merged.segments.insert(merged.segments.end(), rest, as4_path.segments.end());
  merged.asns.insert(merged.asns.end(), as4_path.asns.begin(), as4_path.asns.end());
  path = std::move(merged);
}

void merge_as4(Reading& r) {
  if (r.facts.four_octet_asn) return;
  auto& aggregator = r.out.attributes.aggregator;
  const bool new_speaker_only = aggregator && aggregator->asn != net::as_trans && r.as4_aggregator;
  if (new_speaker_only) return;  // an old speaker aggregated afterwards: both AS4 attributes are stale
  if (aggregator && r.as4_aggregator) aggregator = r.as4_aggregator;
  if (r.as4_path) merge_as4_path(r.out.attributes.as_path, *r.as4_path);
}

}  // namespace

bool decode_as_path(std::span<const std::uint8_t> value, bool four_octet_asn, AsPath& out) {
  const std::size_t width = four_octet_asn ? 4 : 2;
  std::size_t at = 0;
  while (at < value.size()) {
    if (value.size() - at < 2) return false;
    const std::uint8_t type = value[at], count = value[at + 1];
    at += 2;
    if (type < 1 || type > 4 || count == 0 || value.size() - at < count * width) return false;
    out.segments.push_back({static_cast<SegmentType>(type), count});
    for (std::size_t i = 0; i < count; ++i, at += width) out.asns.push_back(number(value.subspan(at, width)));
  }
  return true;
}

bool decode_prefixes(std::span<const std::uint8_t> field, net::Family family, bool add_path,
                     std::vector<Nlri>& out) {
  const int bits_max = net::address_bits(family);
  std::size_t at = 0;
  while (at < field.size()) {
    std::uint32_t path_id = 0;
    if (add_path) {
      if (field.size() - at < 5) return false;
      path_id = number(field.subspan(at, 4));
      at += 4;
    }
    const int bits = field[at++];
    const std::size_t bytes = static_cast<std::size_t>(bits + 7) / 8;
    if (bits > bits_max || field.size() - at < bytes) return false;
    std::array<std::uint8_t, 16> raw{};
    std::memcpy(raw.data(), field.data() + at, bytes);
    at += bytes;
    const net::Address address =
        family == net::Family::ipv4 ? net::Address::v4(std::span(raw).first<4>()) : net::Address::v6(raw);
    out.push_back({net::Prefix(address, bits), path_id});
  }
  return true;
}

void decode_attributes(std::span<const std::uint8_t> field, const SessionFacts& facts, Update& out,
                       std::uint64_t& seen) {
  Reading reading{{}, facts, out, {}, {}};
  std::array<std::uint64_t, 4> met{};
  ByteReader reader(field);
  while (!reader.empty()) {
    const std::uint8_t flags = reader.u8(), code = reader.u8();
    const std::size_t length = (flags & flag_extended_length) != 0 ? reader.u16() : reader.u8();
    reading.value = reader.bytes(length);
    if (!reader.ok()) {
      out.issues.push_back(
          {code, Outcome::treat_as_withdraw, "the attribute is longer than the attributes field"});
      break;
    }
    const bool again = (met[code >> 6] >> (code & 63) & 1) != 0;
    met[code >> 6] |= std::uint64_t{1} << (code & 63);
    const Row* row = row_of(code);
    if (again) {
      const bool mp = row && row->when_malformed == Outcome::reset_session;
      out.issues.push_back({code, mp ? Outcome::reset_session : Outcome::discard_attribute,
                            "the attribute comes more than once"});
      continue;
    }
    if (!row) continue;
    if ((flags & optional_transitive) != row->flags) {
      out.issues.push_back({code, std::max(Outcome::treat_as_withdraw, row->when_malformed),
                            "the attribute's flags are not those of its type"});
      continue;
    }
    if (row->read(reading)) {
      if (code < 64) seen |= std::uint64_t{1} << code;
    } else {
      clear_value(code, out.attributes);
      out.issues.push_back({code, row->when_malformed, "the attribute's length or value is not valid"});
    }
  }
  merge_as4(reading);
}

}  // namespace peering::wire::bgp
