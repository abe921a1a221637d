#include "wire/bgp/attributes.h"

#include <algorithm>

#include "base/byte_cursor.h"
#include "wire/bgp/prefixes.h"

namespace peering::wire::bgp {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t flag_optional = 0x80;
constexpr std::uint8_t flag_transitive = 0x40;
constexpr std::uint8_t flag_extended_length = 0x10;

// What a judge needs beside the value.
struct Context {
  const SessionFacts& facts;
  MpReachForm form;
  AttributeScan& out;
};

using Judge = bool (*)(Bytes value, const Context& context);

bool is_origin(Bytes value, const Context&) { return value.size() == 1 && value[0] <= 2; }

bool is_four_bytes(Bytes value, const Context&) { return value.size() == 4; }

bool is_empty(Bytes value, const Context&) { return value.empty(); }

template <std::size_t size>
bool is_list(Bytes value, const Context&) {
  return !value.empty() && value.size() % size == 0;
}

// RFC 4271 section 6.3; AS 0 makes a path malformed (RFC 7607 section 2).
bool is_path(Bytes value, std::size_t asn_bytes) {
  std::size_t at = 0;
  while (at < value.size()) {
    if (value.size() - at < 2) return false;
    const std::uint8_t type = value[at], count = value[at + 1];
    at += 2;
    if (type < 1 || type > 4 || count == 0 || value.size() - at < count * asn_bytes) return false;
    for (std::size_t i = 0; i < count; ++i, at += asn_bytes) {
      if (number_of(value.subspan(at, asn_bytes)) == 0) return false;
    }
  }
  return true;
}

std::size_t asn_bytes_of(const SessionFacts& facts) { return facts.four_octet_asn ? 4 : 2; }

bool is_as_path(Bytes value, const Context& context) { return is_path(value, asn_bytes_of(context.facts)); }

bool is_as4_path(Bytes value, const Context&) { return is_path(value, 4); }

bool is_aggregator_of(Bytes value, std::size_t asn_bytes) {
  return value.size() == asn_bytes + 4 && number_of(value.first(asn_bytes)) != 0;
}

bool is_aggregator(Bytes value, const Context& context) {
  return is_aggregator_of(value, asn_bytes_of(context.facts));
}

bool is_as4_aggregator(Bytes value, const Context&) { return is_aggregator_of(value, 4); }

// The family of prefixes that are read at all: unicast, and multicast for dumps.
std::optional<net::Family> readable_family(FamilyId id) {
  if (id.safi != 1 && id.safi != 2) return std::nullopt;
  if (id.afi == ipv4_unicast.afi) return net::Family::ipv4;
  if (id.afi == ipv6_unicast.afi) return net::Family::ipv6;
  return std::nullopt;
}

bool add_path_of(const SessionFacts& facts, net::Family family) {
  return family == net::Family::ipv4 ? facts.add_path_ipv4 : facts.add_path_ipv6;
}

// The global next hop: 4 bytes, 16, or 32 with the link-local one after it (RFC 2545 section 3).
std::optional<net::Address> next_hop_of(Bytes bytes) {
  if (bytes.size() == 4) return net::Address::v4(bytes.first<4>());
  if (bytes.size() == 16 || bytes.size() == 32) return net::Address::v6(bytes.first<16>());
  return std::nullopt;
}

// False when the routes are malformed. Routes of families that are not read are not looked at.
bool judge_routes(ByteReader& reader, const SessionFacts& facts, MpRoutes& out) {
  out.routes = reader.rest();
  if (!out.address_family) return true;
  const auto count = count_prefixes(out.routes, *out.address_family, add_path_of(facts, *out.address_family));
  out.count = count.value_or(0);
  return count.has_value();
}

// A whole MP_REACH_NLRI begins with the address family, whose first byte is always zero.
bool is_mp_next_hop(Bytes value, AttributeScan& out) {
  ByteReader reader(value);
  MpRoutes reach;
  reach.next_hop = next_hop_of(reader.bytes(reader.u8()));
  if (!reader.ok() || !reach.next_hop) return false;
  out.reach = reach;
  return true;
}

bool is_mp_reach(Bytes value, const Context& context) {
  if (context.form == MpReachForm::next_hop && !value.empty() && value[0] != 0) {
    return is_mp_next_hop(value, context.out);
  }
  ByteReader reader(value);
  MpRoutes reach;
  reach.family.afi = reader.u16();
  reach.family.safi = reader.u8();
  const Bytes next_hop = reader.bytes(reader.u8());
  reader.skip(1);  // reserved
  if (!reader.ok()) return false;
  reach.address_family = readable_family(reach.family);
  reach.next_hop = next_hop_of(next_hop);
  if (reach.address_family && !reach.next_hop) return false;
  if (!judge_routes(reader, context.facts, reach)) return false;
  context.out.reach = reach;
  return true;
}

bool is_mp_unreach(Bytes value, const Context& context) {
  ByteReader reader(value);
  MpRoutes unreach;
  unreach.family.afi = reader.u16();
  unreach.family.safi = reader.u8();
  if (!reader.ok()) return false;
  unreach.address_family = readable_family(unreach.family);
  if (!judge_routes(reader, context.facts, unreach)) return false;
  context.out.unreach = unreach;
  return true;
}

// What RFC 4271 and its successors say about an attribute's flags, and RFC 7606 section 7 about its faults.
struct Row {
  AttributeCode code;
  std::uint8_t flags;  // of optional and transitive
  Outcome when_malformed;
  Judge judge;
};

constexpr std::uint8_t well_known = flag_transitive;
constexpr std::uint8_t optional_transitive = flag_optional | flag_transitive;
constexpr std::uint8_t optional_only = flag_optional;

constexpr std::array<Row, 17> rows{{
    {AttributeCode::origin, well_known, Outcome::treat_as_withdraw, is_origin},
    {AttributeCode::as_path, well_known, Outcome::treat_as_withdraw, is_as_path},
    {AttributeCode::next_hop, well_known, Outcome::treat_as_withdraw, is_four_bytes},
    {AttributeCode::multi_exit_disc, optional_only, Outcome::treat_as_withdraw, is_four_bytes},
    {AttributeCode::local_pref, well_known, Outcome::treat_as_withdraw, is_four_bytes},
    {AttributeCode::atomic_aggregate, well_known, Outcome::discard_attribute, is_empty},
    {AttributeCode::aggregator, optional_transitive, Outcome::discard_attribute, is_aggregator},
    {AttributeCode::communities, optional_transitive, Outcome::treat_as_withdraw, is_list<4>},
    {AttributeCode::originator_id, optional_only, Outcome::treat_as_withdraw, is_four_bytes},
    {AttributeCode::cluster_list, optional_only, Outcome::treat_as_withdraw, is_list<4>},
    {AttributeCode::mp_reach_nlri, optional_only, Outcome::reset_session, is_mp_reach},
    {AttributeCode::mp_unreach_nlri, optional_only, Outcome::reset_session, is_mp_unreach},
    {AttributeCode::extended_communities, optional_transitive, Outcome::treat_as_withdraw, is_list<8>},
    {AttributeCode::as4_path, optional_transitive, Outcome::discard_attribute, is_as4_path},
    {AttributeCode::as4_aggregator, optional_transitive, Outcome::discard_attribute, is_as4_aggregator},
    {AttributeCode::large_communities, optional_transitive, Outcome::treat_as_withdraw, is_list<12>},
    {AttributeCode::only_to_customer, optional_transitive, Outcome::treat_as_withdraw, is_four_bytes},
}};

constexpr std::uint8_t no_row = 255;
constexpr auto row_index = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(no_row);
  for (std::size_t i = 0; i < rows.size(); ++i)
    out[static_cast<std::size_t>(rows[i].code)] = static_cast<std::uint8_t>(i);
  return out;
}();

// Codes met so far, good or not: all but the first are left out (RFC 7606 section 3 (g)).
class Met {
 public:
  bool again(std::uint8_t code) {
    std::uint64_t& word = bits_[code >> 6];
    const std::uint64_t bit = std::uint64_t{1} << (code & 63);
    const bool before = (word & bit) != 0;
    word |= bit;
    return before;
  }

 private:
  std::array<std::uint64_t, 4> bits_{};
};

// The fault of one attribute, if it has any. A good one that is known is kept.
std::optional<Issue> judge_attribute(std::uint8_t flags, std::uint8_t code, Bytes value, bool again,
                                     const Context& context) {
  const Row* row = row_index[code] == no_row ? nullptr : &rows[row_index[code]];
  if (again) {
    const bool multiprotocol = row && row->when_malformed == Outcome::reset_session;
    return Issue{code, multiprotocol ? Outcome::reset_session : Outcome::discard_attribute,
                 "the attribute comes more than once"};
  }
  if (!row) {
    if ((flags & flag_optional) != 0) return std::nullopt;
    return Issue{code, Outcome::reset_session, "a well-known attribute of this type is not known"};
  }
  if ((flags & optional_transitive) != row->flags) {
    return Issue{code, std::max(Outcome::treat_as_withdraw, row->when_malformed),
                 "the attribute's flags are not those of its type"};
  }
  const bool good = row->judge(value, context);
  context.out.keep(row->code, value, good);
  if (good) return std::nullopt;
  return Issue{code, row->when_malformed, "the attribute's length or value is not valid"};
}

}  // namespace

void scan_attributes(Bytes field, const SessionFacts& facts, MpReachForm form, AttributeScan& out) {
  const Context context{facts, form, out};
  Met met;
  ByteReader reader(field);
  while (!reader.empty()) {
    const std::uint8_t flags = reader.u8(), code = reader.u8();
    const std::size_t length = (flags & flag_extended_length) != 0 ? reader.u16() : reader.u8();
    const Bytes value = reader.bytes(length);
    if (!reader.ok()) {
      out.issues.push_back(
          {code, Outcome::treat_as_withdraw, "the attribute is longer than the attributes field"});
      return;
    }
    const auto issue = judge_attribute(flags, code, value, met.again(code), context);
    if (issue) out.issues.push_back(*issue);
  }
}

}  // namespace peering::wire::bgp
