#include "wire/bgp/update.h"

#include <algorithm>

#include "base/byte_cursor.h"
#include "wire/bgp/attributes.h"

namespace peering::wire::bgp {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::discard_attribute:
      return "discard_attribute";
    case Outcome::treat_as_withdraw:
      return "treat_as_withdraw";
    case Outcome::reset_session:
      return "reset_session";
  }
  return "reset_session";
}

std::optional<Outcome> Update::outcome() const {
  std::optional<Outcome> worst;
  for (const Issue& issue : issues) worst = std::max(worst.value_or(issue.outcome), issue.outcome);
  return worst;
}

namespace {

bool has(std::uint64_t seen, AttributeCode code) { return (seen >> static_cast<unsigned>(code) & 1) != 0; }

// RFC 4271 section 5: what a route must carry (RFC 7606 section 3 (d): treat-as-withdraw when it does not).
void require_mandatory(std::uint64_t seen, const SessionFacts& facts, Update& out) {
  const auto require = [&](AttributeCode code) {
    const auto number = static_cast<std::uint8_t>(code);
    const bool told = std::any_of(out.issues.begin(), out.issues.end(),
                                  [&](const Issue& issue) { return issue.attribute == number; });
    if (!has(seen, code) && !told) {
      out.issues.push_back({number, Outcome::treat_as_withdraw, "a mandatory attribute is missing"});
    }
  };
  if (out.announced.empty() && out.mp_announced.empty()) return;
  require(AttributeCode::origin);
  require(AttributeCode::as_path);
  if (!out.announced.empty() && !facts.next_hop_optional) require(AttributeCode::next_hop);
}

void move_to(std::vector<Nlri>& from, std::vector<Nlri>& to) {
  to.insert(to.end(), from.begin(), from.end());
  from.clear();
}

void settle(Update& out) {
  const auto outcome = out.outcome();
  if (outcome == Outcome::treat_as_withdraw) {
    move_to(out.announced, out.withdrawn);
    move_to(out.mp_announced, out.mp_withdrawn);
    move_to(out.multicast_announced, out.multicast_withdrawn);
  } else if (outcome == Outcome::reset_session) {
    out.announced.clear();
    out.withdrawn.clear();
    out.mp_announced.clear();
    out.mp_withdrawn.clear();
    out.multicast_announced.clear();
    out.multicast_withdrawn.clear();
  }
}

}  // namespace

Update decode_update(std::span<const std::uint8_t> body, const SessionFacts& facts) {
  Update out;
  const auto reset = [&](std::string_view reason) {
    out.issues.push_back({0, Outcome::reset_session, reason});
    settle(out);
    return out;
  };
  ByteReader reader(body);
  const auto withdrawn = reader.bytes(reader.u16());
  if (!reader.ok()) return reset("the withdrawn routes are longer than the message");
  const auto attributes = reader.bytes(reader.u16());
  if (!reader.ok()) return reset("the path attributes are longer than the message");
  const auto announced = reader.rest();
  if (withdrawn.empty() && attributes.empty() && announced.empty()) {
    out.end_of_rib = ipv4_unicast;
    return out;
  }
  if (!decode_prefixes(withdrawn, net::Family::ipv4, facts.add_path_ipv4, out.withdrawn)) {
    return reset("a withdrawn prefix is malformed");
  }
  if (!decode_prefixes(announced, net::Family::ipv4, facts.add_path_ipv4, out.announced)) {
    return reset("an announced prefix is malformed");
  }
  std::uint64_t seen = 0;
  decode_attributes(attributes, facts, out, seen);
  const bool alone = withdrawn.empty() && announced.empty() &&
                     seen == std::uint64_t{1} << static_cast<unsigned>(AttributeCode::mp_unreach_nlri);
  if (!alone) out.end_of_rib.reset();
  require_mandatory(seen, facts, out);
  settle(out);
  return out;
}

namespace {

constexpr std::uint8_t transitive = 0x40;
constexpr std::uint8_t optional = 0x80;
constexpr std::uint8_t extended_length = 0x10;

void attribute(ByteWriter& out, std::uint8_t flags, AttributeCode code, std::span<const std::uint8_t> value) {
  const bool wide = value.size() > 255;
  out.u8(static_cast<std::uint8_t>(flags | (wide ? extended_length : 0)));
  out.u8(static_cast<std::uint8_t>(code));
  if (wide) {
    out.u16(static_cast<std::uint16_t>(value.size()));
  } else {
    out.u8(static_cast<std::uint8_t>(value.size()));
  }
  out.bytes(value);
}

void number(ByteWriter& out, std::uint8_t flags, AttributeCode code, std::uint32_t value) {
  ByteWriter bytes;
  bytes.u32(value);
  attribute(out, flags, code, bytes.data());
}

void asn(ByteWriter& out, net::Asn value, bool four_octet) {
  if (four_octet) {
    out.u32(value);
  } else {
    out.u16(static_cast<std::uint16_t>(value > 65535 ? net::as_trans : value));
  }
}

void as_path(ByteWriter& out, const AsPath& path, bool four_octet, AttributeCode code, std::uint8_t flags) {
  ByteWriter bytes;
  std::size_t at = 0;
  for (const AsPath::Segment& segment : path.segments) {
    bytes.u8(static_cast<std::uint8_t>(segment.type));
    bytes.u8(static_cast<std::uint8_t>(segment.count));
    for (std::size_t i = 0; i < segment.count; ++i) asn(bytes, path.asns[at++], four_octet);
  }
  attribute(out, flags, code, bytes.data());
}

void prefixes(ByteWriter& out, const std::vector<Nlri>& routes, bool add_path) {
  for (const Nlri& route : routes) {
    if (add_path) out.u32(route.path_id);
    out.u8(static_cast<std::uint8_t>(route.prefix.length()));
    out.bytes(route.prefix.address().bytes().first(static_cast<std::size_t>(route.prefix.length() + 7) / 8));
  }
}

FamilyId family_of(const std::vector<Nlri>& routes) {
  return routes.front().prefix.family() == net::Family::ipv4 ? ipv4_unicast : ipv6_unicast;
}

bool add_path_of(const std::vector<Nlri>& routes, const SessionFacts& facts) {
  return routes.front().prefix.family() == net::Family::ipv4 ? facts.add_path_ipv4 : facts.add_path_ipv6;
}

void family(ByteWriter& out, FamilyId id) {
  out.u16(id.afi);
  out.u8(id.safi);
}

void mp_attributes(ByteWriter& out, const Update& update, const SessionFacts& facts) {
  if (!update.mp_announced.empty()) {
    ByteWriter bytes;
    family(bytes, family_of(update.mp_announced));
    const net::Address next_hop = update.mp_next_hop.value_or(net::Address());
    bytes.u8(static_cast<std::uint8_t>(next_hop.bytes().size()));
    bytes.bytes(next_hop.bytes());
    bytes.u8(0);
    prefixes(bytes, update.mp_announced, add_path_of(update.mp_announced, facts));
    attribute(out, optional, AttributeCode::mp_reach_nlri, bytes.data());
  }
  if (!update.mp_withdrawn.empty()) {
    ByteWriter bytes;
    family(bytes, family_of(update.mp_withdrawn));
    prefixes(bytes, update.mp_withdrawn, add_path_of(update.mp_withdrawn, facts));
    attribute(out, optional, AttributeCode::mp_unreach_nlri, bytes.data());
  }
}

void aggregator(ByteWriter& out, const Aggregator& value, bool four_octet) {
  ByteWriter bytes;
  asn(bytes, value.asn, four_octet);
  bytes.bytes(value.address.bytes());
  attribute(out, optional | transitive, AttributeCode::aggregator, bytes.data());
}

void communities(ByteWriter& out, const PathAttributes& a) {
  ByteWriter plain, extended, large;
  for (const std::uint32_t community : a.communities) plain.u32(community);
  for (const std::uint64_t community : a.extended_communities) extended.u64(community);
  for (const LargeCommunity& community : a.large_communities) {
    large.u32(community.global);
    large.u32(community.local1);
    large.u32(community.local2);
  }
  constexpr std::uint8_t flags = optional | transitive;
  if (plain.size() > 0) attribute(out, flags, AttributeCode::communities, plain.data());
  if (extended.size() > 0) attribute(out, flags, AttributeCode::extended_communities, extended.data());
  if (large.size() > 0) attribute(out, flags, AttributeCode::large_communities, large.data());
}

bool needs_four_octets(const PathAttributes& a) {
  return std::any_of(a.as_path.asns.begin(), a.as_path.asns.end(), [](net::Asn n) { return n > 65535; });
}

void path_attributes(ByteWriter& out, const Update& update, const SessionFacts& facts) {
  const PathAttributes& a = update.attributes;
  if (!update.announced.empty() || !update.mp_announced.empty()) {
    const auto origin = static_cast<std::uint8_t>(a.origin);
    attribute(out, transitive, AttributeCode::origin, std::span(&origin, 1));
    as_path(out, a.as_path, facts.four_octet_asn, AttributeCode::as_path, transitive);
    if (a.next_hop) attribute(out, transitive, AttributeCode::next_hop, a.next_hop->bytes());
    if (a.multi_exit_disc) number(out, optional, AttributeCode::multi_exit_disc, *a.multi_exit_disc);
    if (a.local_pref) number(out, transitive, AttributeCode::local_pref, *a.local_pref);
    if (a.atomic_aggregate) attribute(out, transitive, AttributeCode::atomic_aggregate, {});
    if (a.aggregator) aggregator(out, *a.aggregator, facts.four_octet_asn);
    communities(out, a);
    if (!facts.four_octet_asn && needs_four_octets(a)) {
      as_path(out, a.as_path, true, AttributeCode::as4_path, optional | transitive);
    }
    if (a.only_to_customer)
      number(out, optional | transitive, AttributeCode::only_to_customer, *a.only_to_customer);
  }
  mp_attributes(out, update, facts);
}

std::vector<std::uint8_t> framed(std::span<const std::uint8_t> withdrawn,
                                 std::span<const std::uint8_t> attributes,
                                 std::span<const std::uint8_t> announced) {
  ByteWriter out;
  for (int i = 0; i < 16; ++i) out.u8(0xff);
  out.u16(
      static_cast<std::uint16_t>(header_bytes + 4 + withdrawn.size() + attributes.size() + announced.size()));
  out.u8(static_cast<std::uint8_t>(MessageType::update));
  out.u16(static_cast<std::uint16_t>(withdrawn.size()));
  out.bytes(withdrawn);
  out.u16(static_cast<std::uint16_t>(attributes.size()));
  out.bytes(attributes);
  out.bytes(announced);
  return std::move(out).take();
}

}  // namespace

Result<std::vector<std::uint8_t>> encode_update(const Update& update, const SessionFacts& facts) {
  ByteWriter withdrawn, attributes, announced;
  prefixes(withdrawn, update.withdrawn, facts.add_path_ipv4);
  path_attributes(attributes, update, facts);
  prefixes(announced, update.announced, facts.add_path_ipv4);
  const std::size_t total = header_bytes + 4 + withdrawn.size() + attributes.size() + announced.size();
  if (total > message_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "an UPDATE of {} bytes does not fit into {}", total,
                message_bytes_max);
  }
  return framed(withdrawn.data(), attributes.data(), announced.data());
}

std::vector<std::uint8_t> encode_end_of_rib(FamilyId id) {
  if (id == ipv4_unicast) return framed({}, {}, {});
  ByteWriter value, attributes;
  family(value, id);
  attribute(attributes, optional, AttributeCode::mp_unreach_nlri, value.data());
  return framed({}, attributes.data(), {});
}

}  // namespace peering::wire::bgp
