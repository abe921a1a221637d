#include "wire/bgp/attributes.h"

#include <algorithm>

#include "wire/bgp/attribute_judges.h"

namespace peering::wire::bgp {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t flag_optional = 0x80;
constexpr std::uint8_t flag_transitive = 0x40;
constexpr std::uint8_t flag_extended_length = 0x10;

constexpr std::uint8_t well_known = flag_transitive;
constexpr std::uint8_t optional_transitive = flag_optional | flag_transitive;
constexpr std::uint8_t optional_only = flag_optional;

// What RFC 4271 and its successors say about an attribute's flags, and RFC 7606 about its faults.
struct Row {
  AttributeCode code;
  std::uint8_t flags;  // of optional and transitive
  Outcome when_malformed;
  Outcome when_flags_differ = Outcome::treat_as_withdraw;  // RFC 7606 section 3 (c)
};

constexpr Row rows[] = {
    {AttributeCode::origin, well_known, Outcome::treat_as_withdraw},
    {AttributeCode::as_path, well_known, Outcome::treat_as_withdraw},
    {AttributeCode::next_hop, well_known, Outcome::treat_as_withdraw},
    {AttributeCode::multi_exit_disc, optional_only, Outcome::treat_as_withdraw},
    {AttributeCode::local_pref, well_known, Outcome::treat_as_withdraw},
    {AttributeCode::atomic_aggregate, well_known, Outcome::discard_attribute},
    {AttributeCode::aggregator, optional_transitive, Outcome::discard_attribute},
    {AttributeCode::communities, optional_transitive, Outcome::treat_as_withdraw},
    {AttributeCode::originator_id, optional_only, Outcome::treat_as_withdraw},
    {AttributeCode::cluster_list, optional_only, Outcome::treat_as_withdraw},
    // Section 5.3: routes in an attribute with other flags cannot be trusted.
    {AttributeCode::mp_reach_nlri, optional_only, Outcome::reset_session, Outcome::reset_session},
    {AttributeCode::mp_unreach_nlri, optional_only, Outcome::reset_session, Outcome::reset_session},
    {AttributeCode::extended_communities, optional_transitive, Outcome::treat_as_withdraw},
    {AttributeCode::as4_path, optional_transitive, Outcome::discard_attribute},
    {AttributeCode::as4_aggregator, optional_transitive, Outcome::discard_attribute},
    {AttributeCode::traffic_engineering, optional_only, Outcome::treat_as_withdraw},
    {AttributeCode::ipv6_extended_communities, optional_transitive, Outcome::treat_as_withdraw},
    // RFC 7311 section 3: whatever is wrong, as if it were not known.
    {AttributeCode::aigp, optional_only, Outcome::discard_attribute, Outcome::discard_attribute},
    {AttributeCode::large_communities, optional_transitive, Outcome::treat_as_withdraw},
    {AttributeCode::only_to_customer, optional_transitive, Outcome::treat_as_withdraw},
    {AttributeCode::attr_set, optional_transitive, Outcome::treat_as_withdraw},
};

// The place in `rows` of each code, or `no_row`.
constexpr std::uint8_t no_row = 255;
constexpr auto row_index = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(no_row);
  for (std::size_t i = 0; i < std::size(rows); ++i)
    out[static_cast<std::size_t>(rows[i].code)] = static_cast<std::uint8_t>(i);
  return out;
}();

// RFC 7606 sections 7.5, 7.9 and 7.10: no business of an external neighbour, good or not.
constexpr bool is_internal_only(AttributeCode code) {
  return code == AttributeCode::local_pref || code == AttributeCode::originator_id ||
         code == AttributeCode::cluster_list;
}

Issue repeated(std::uint8_t code) {
  const bool multiprotocol = code == static_cast<std::uint8_t>(AttributeCode::mp_reach_nlri) ||
                             code == static_cast<std::uint8_t>(AttributeCode::mp_unreach_nlri);
  return {code, multiprotocol ? Outcome::reset_session : Outcome::discard_attribute,
          "the attribute comes more than once"};
}

// An attribute that needs no judge, or none of whose flags are right.
bool fails_before_judged(std::uint8_t flags, std::uint8_t code, const SessionFacts& facts,
                         AttributeScan& out) {
  if (row_index[code] == no_row) {
    if ((flags & flag_optional) == 0) {
      out.issues.push_back(
          {code, Outcome::reset_session, "a well-known attribute of this type is not known"});
    }
    return true;
  }
  const Row& row = rows[row_index[code]];
  if (facts.neighbor == Neighbor::external && is_internal_only(row.code)) {
    out.issues.push_back({code, Outcome::discard_attribute, "an external neighbor must not send it"});
    return true;
  }
  if ((flags & optional_transitive) == row.flags) return false;
  out.issues.push_back({code, row.when_flags_differ, "the attribute's flags are not those of its type"});
  return true;
}

// Attributes whose value is good when its length is: most of those that come. They need no judge.
struct GoodLength {
  std::uint16_t least = 1, most = 0;  // as it stands here: of no length
  std::uint8_t flags = 0;
  bool internal_only = false;
  std::uint64_t multiple = 0;  // 2^64 / entry size, rounded up: of a multiple of it the product is small

  bool fits(std::size_t length) const {
    return length >= least && length <= most && length * multiple <= multiple - 1;
  }
};

constexpr GoodLength length_rule_of(AttributeCode code) {
  const auto list = [](std::uint64_t bytes) {
    return GoodLength{static_cast<std::uint16_t>(bytes), 0xffff, 0, false, ~std::uint64_t{0} / bytes + 1};
  };
  switch (code) {
    case AttributeCode::multi_exit_disc:
    case AttributeCode::local_pref:
    case AttributeCode::originator_id:
    case AttributeCode::only_to_customer:
      return {4, 4};
    case AttributeCode::atomic_aggregate:
      return {0, 0};
    case AttributeCode::communities:
    case AttributeCode::cluster_list:
      return list(4);
    case AttributeCode::extended_communities:
      return list(8);
    case AttributeCode::large_communities:
      return list(12);
    default:
      return {};
  }
}

constexpr auto length_rules = [] {
  std::array<GoodLength, 256> out{};
  for (const Row& row : rows) {
    GoodLength& rule = out[static_cast<std::size_t>(row.code)];
    rule = length_rule_of(row.code);
    rule.flags = row.flags;
    rule.internal_only = is_internal_only(row.code);
  }
  return out;
}();

// Codes met so far, good or not: all but the first are left out (RFC 7606 section 3 (g)).
class Met {
 public:
  bool again(std::uint8_t code) {
    std::uint64_t& word = words_[code >> 6];
    const std::uint64_t bit = std::uint64_t{1} << (code & 63);
    const bool before = (word & bit) != 0;
    word |= bit;
    return before;
  }

 private:
  std::array<std::uint64_t, 4> words_{};
};

// Where the value of the attribute at the front lies; nothing when it is cut off.
struct Header {
  std::uint8_t flags, code;
  std::size_t bytes, length;
};

bool read_header(const std::uint8_t* at, std::size_t left, Header& out) {
  out.flags = at[0];
  out.code = left > 1 ? at[1] : 0;
  const bool extended = (out.flags & flag_extended_length) != 0;
  out.bytes = extended ? 4 : 3;
  if (left < out.bytes) return false;
  out.length = extended ? static_cast<std::size_t>(at[2]) << 8 | at[3] : at[2];
  return left - out.bytes >= out.length;
}

}  // namespace

void scan_attributes(Bytes field, const SessionFacts& facts, MpReachForm form, AttributeScan& out) {
  Met met;
  const std::uint8_t* at = field.data();
  const std::uint8_t* const end = at + field.size();
  AttributeScan::Notes notes;
  const bool external = facts.neighbor == Neighbor::external;
  for (Header header{}; at != end; at += header.bytes + header.length) {
    if (!read_header(at, static_cast<std::size_t>(end - at), header)) {
      out.issues.push_back({header.code, Outcome::treat_as_withdraw, "the attributes field ends inside it"});
      break;
    }
    ++notes.total;
    if (met.again(header.code)) {
      out.issues.push_back(repeated(header.code));
      continue;
    }
    const Bytes value(at + header.bytes, header.length);
    const GoodLength& rule = length_rules[header.code];
    if (rule.fits(header.length) && (header.flags & optional_transitive) == rule.flags &&
        !(rule.internal_only && external)) {
      out.place(static_cast<AttributeCode>(header.code), value, true, notes);
      continue;
    }
    if (fails_before_judged(header.flags, header.code, facts, out)) continue;
    const Row& row = rows[row_index[header.code]];
    const Fault fault = judge_value(row.code, value, facts, form, out);
    if (header.code <= AttributeScan::code_max) out.place(row.code, value, fault == nullptr, notes);
    if (fault) out.issues.push_back({header.code, row.when_malformed, fault});
  }
  out.note(notes);
}

}  // namespace peering::wire::bgp
