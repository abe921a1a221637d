// What makes the value of a path attribute malformed: one rule for each attribute that is known. The rules
// are those of the RFC that defines the attribute, as revised by RFC 7606 section 7; docs/malformed.md lists
// them. They are in a header because a decoder asks them for every attribute of every route.
#pragma once

#include <cstring>

#include "wire/bgp/attributes.h"

namespace peering::wire::bgp {

/// What is wrong, as static text; nothing (null) is wrong with a good value.
using Fault = const char*;

namespace judges {

using Bytes = std::span<const std::uint8_t>;

inline Fault judge_origin(Bytes value) {
  if (value.size() != 1) return "the length is not 1";
  return value[0] <= 2 ? nullptr : "the value is above 2";
}

inline Fault judge_four_bytes(Bytes value) { return value.size() == 4 ? nullptr : "the length is not 4"; }

template <std::size_t size>
inline Fault judge_list(Bytes value) {
  if (value.empty()) return "the list is empty";
  return value.size() % size == 0 ? nullptr : "the length is not a multiple of the entries' size";
}

// True when one of `count` numbers, of which there are some, is AS 0, which makes a path malformed (RFC 7607
// section 2). Eight bytes at a time, the last of them again where they are not a multiple: a lane from which
// 1 is taken borrows into its top bit only when it was zero.
template <std::size_t asn_bytes>
bool has_as_zero(const std::uint8_t* at, std::size_t count) {
  constexpr std::uint64_t ones = asn_bytes == 4 ? 0x0000000100000001 : 0x0001000100010001;
  constexpr std::uint64_t tops = ones << (8 * asn_bytes - 1);
  const auto lanes_with_zero = [](const std::uint8_t* from) {
    std::uint64_t lanes;
    std::memcpy(&lanes, from, 8);
    return (lanes - ones) & ~lanes & tops;
  };
  const std::uint8_t* const end = at + count * asn_bytes;
  if (end - at < 8) {
    for (; at != end; at += asn_bytes) {
      std::uint32_t number = 0;
      std::memcpy(&number, at, asn_bytes);
      if (number == 0) return true;
    }
    return false;
  }
  std::uint64_t found = lanes_with_zero(end - 8);
  for (; end - at > 8; at += 8) found |= lanes_with_zero(at);
  return found != 0;
}

constexpr bool is_confederation(std::uint8_t type) {
  return type == static_cast<std::uint8_t>(SegmentType::confed_sequence) ||
         type == static_cast<std::uint8_t>(SegmentType::confed_set);
}

// RFC 7606 section 7.2. An external neighbour is outside the confederation (RFC 5065 section 5).
template <std::size_t asn_bytes>
inline Fault judge_path(Bytes value, bool confederations) {
  const std::uint8_t* at = value.data();
  const std::uint8_t* const end = at + value.size();
  while (at != end) {
    if (end - at < 2) return "a byte is left after the last segment";
    const std::uint8_t type = at[0];
    const std::size_t count = at[1];
    at += 2;
    if (type < 1 || type > 4) return "a segment's type is not known";
    if (count == 0) return "a segment is empty";
    if (static_cast<std::size_t>(end - at) < count * asn_bytes)
      return "a segment is longer than the attribute";
    if (is_confederation(type) && !confederations) return "a confederation's segment from outside of it";
    if (has_as_zero<asn_bytes>(at, count)) return "it contains AS 0";
    at += count * asn_bytes;
  }
  return nullptr;
}

inline Fault judge_as_path(Bytes value, const SessionFacts& facts) {
  const bool confederations = facts.neighbor != Neighbor::external;
  return facts.four_octet_asn ? judge_path<4>(value, confederations) : judge_path<2>(value, confederations);
}

// RFC 6793 section 6: too short for one number is malformed, unlike AS_PATH.
inline Fault judge_as4_path(Bytes value) {
  return value.empty() ? "it is empty" : judge_path<4>(value, true);
}

inline Fault judge_aggregator(Bytes value, std::size_t asn_bytes) {
  if (value.size() != asn_bytes + 4) return "the length is not that of an AS number and an address";
  return number_of(value.first(asn_bytes)) != 0 ? nullptr : "it contains AS 0";
}

// RFC 4271 section 6.3: a host's address. Only who speaks to the neighbour asks: in tables of others 0.0.0.0
// stands for "here".
inline Fault judge_next_hop(Bytes value, const SessionFacts& facts) {
  if (value.size() != 4) return "the length is not 4";
  if (facts.neighbor == Neighbor::unknown) return nullptr;
  const bool host = value[0] < 224 && number_of(value) != 0;
  return host ? nullptr : "it is not the address of a host";
}

Fault judge_aigp(Bytes value);
Fault judge_attr_set(Bytes value);
/// The routes go into `out.reach`.
Fault judge_mp_reach(Bytes value, const SessionFacts& facts, MpReachForm form, AttributeScan& out);
/// The routes go into `out.unreach`.
Fault judge_mp_unreach(Bytes value, const SessionFacts& facts, AttributeScan& out);

}  // namespace judges

/// Judges the value of an attribute whose flags are right. Of MP_REACH_NLRI and MP_UNREACH_NLRI the routes go
/// into `out`.
[[gnu::always_inline]] inline Fault judge_value(AttributeCode code, std::span<const std::uint8_t> value,
                                                const SessionFacts& facts, MpReachForm form,
                                                AttributeScan& out) {
  // The three that every route has are asked for first: their branches are foreseen, the jump below is not.
  if (code == AttributeCode::origin) return judges::judge_origin(value);
  if (code == AttributeCode::as_path) return judges::judge_as_path(value, facts);
  if (code == AttributeCode::next_hop) return judges::judge_next_hop(value, facts);
  switch (code) {
    case AttributeCode::origin:
    case AttributeCode::as_path:
    case AttributeCode::next_hop:
      break;
    case AttributeCode::multi_exit_disc:
    case AttributeCode::local_pref:
    case AttributeCode::originator_id:
    case AttributeCode::only_to_customer:
      return judges::judge_four_bytes(value);
    case AttributeCode::atomic_aggregate:
      return value.empty() ? nullptr : "the length is not 0";
    case AttributeCode::aggregator:
      return judges::judge_aggregator(value, facts.four_octet_asn ? 4 : 2);
    case AttributeCode::as4_aggregator:
      return judges::judge_aggregator(value, 4);
    case AttributeCode::communities:
    case AttributeCode::cluster_list:
      return judges::judge_list<4>(value);
    case AttributeCode::extended_communities:
      return judges::judge_list<8>(value);
    case AttributeCode::large_communities:
      return judges::judge_list<12>(value);
    case AttributeCode::ipv6_extended_communities:
      return judges::judge_list<20>(value);
    case AttributeCode::as4_path:
      return judges::judge_as4_path(value);
    case AttributeCode::mp_reach_nlri:
      return judges::judge_mp_reach(value, facts, form, out);
    case AttributeCode::mp_unreach_nlri:
      return judges::judge_mp_unreach(value, facts, out);
    case AttributeCode::aigp:
      return judges::judge_aigp(value);
    case AttributeCode::attr_set:
      return judges::judge_attr_set(value);
    case AttributeCode::traffic_engineering:  // RFC 7606 section 7.13: nobody says what is malformed
      return nullptr;
  }
  return nullptr;
}

}  // namespace peering::wire::bgp
