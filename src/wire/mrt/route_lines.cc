#include "wire/mrt/route_lines.h"

#include <algorithm>

#include "wire/mrt/path_text.h"

namespace peering::wire::mrt {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr char announced = 'A', withdrawn = 'W';
constexpr std::uint8_t origin = 1, as_path = 2, next_hop = 3, multi_exit_disc = 4, local_pref = 5,
                       atomic_aggregate = 6, aggregator = 7, communities = 8, as4_path = 17,
                       as4_aggregator = 18;
constexpr std::uint32_t as_trans = 23456;  // RFC 6793
constexpr std::uint32_t no_address = 0xffffffff;
// Prefix, path identifier and what stands between them.
constexpr std::size_t prefix_text_max = address_text_max + number_text_max + 8;
constexpr std::size_t community_text_max = 16;
constexpr std::size_t communities_text_max = 8190;  // bgpdump's buffer
// What follows the path, without communities.
constexpr std::size_t tail_text_max = 3 * address_text_max + 4 * number_text_max + 32;

// 0 where bgpdump has nothing to say a name for.
std::string_view name_of_community(std::uint32_t community) {
  switch (community) {
    case 0xFFFFFF01:
      return "no-export";
    case 0xFFFFFF02:
      return "no-advertise";
    case 0xFFFFFF03:
      return "local-AS";
    default:
      return {};
  }
}

// Cut where bgpdump's buffer ends: a number in the middle, a name not begun.
char* put_communities(char* to, Bytes value) {
  char* const start = to;
  for (std::size_t at = 0; at + 4 <= value.size(); at += 4) {
    const std::uint32_t community = static_cast<std::uint32_t>(value[at]) << 24 |
                                    static_cast<std::uint32_t>(value[at + 1]) << 16 |
                                    static_cast<std::uint32_t>(value[at + 2]) << 8 | value[at + 3];
    char* const before = to;
    if (at > 0) *to++ = ' ';
    const std::string_view name = name_of_community(community);
    if (!name.empty()) {
      to = put_text(to, name);
      if (to > start + communities_text_max) to = before;
      continue;
    }
    to = put_number(to, community >> 16);
    *to++ = ':';
    to = put_number(to, community & 0xffff);
    to = std::min(to, start + communities_text_max);
  }
  return to;
}

std::string_view origin_name(const SentAttributes& sent) {
  if (!sent.has(origin)) return "INCOMPLETE";
  const std::uint32_t value = sent.number(origin, 0, 1);
  return value == 0 ? "IGP" : value == 1 ? "EGP" : "INCOMPLETE";
}

char* put_hop(char* to, Bytes address) {
  return address.size() >= 16 ? put_ipv6(to, address.data()) : put_ipv4(to, address.data());
}

char* put_metric(char* to, std::uint32_t value, bool is_signed) {
  if (is_signed && value > 0x7fffffff) {
    *to++ = '-';
    value = 0 - value;
  }
  return put_number(to, value);
}

char* put_aggregator(char* to, const SentAttributes& sent, std::size_t asn_bytes) {
  if (!sent.has(aggregator)) return to;
  std::uint32_t asn = sent.number(aggregator, 0, asn_bytes);
  std::uint32_t address = sent.number(aggregator, asn_bytes);
  if (asn_bytes == 2 && asn == as_trans && sent.has(as4_aggregator)) {
    asn = sent.number(as4_aggregator);
    address = sent.number(as4_aggregator, 4);
  }
  if (address == no_address) return to;
  to = put_number(to, asn);
  *to++ = ' ';
  return put_address(to, net::Address::v4(address));
}

// AS4_PATH counts where AGGREGATOR does not say that nobody after it had a long number.
bool merges_paths(const SentAttributes& sent, std::size_t asn_bytes) {
  if (asn_bytes != 2 || !sent.has(as4_path)) return false;
  return !sent.has(aggregator) || !sent.has(as4_aggregator) || sent.number(aggregator, 0, 2) == as_trans;
}

}  // namespace

void RouteLines::set_attributes(const SentAttributes& sent, const bgp::SessionFacts& facts, const Hop& hop,
                                bool is_signed, const LineStyle& style) {
  const std::size_t asn_bytes = facts.four_octet_asn ? 4 : 2;
  tail_.clear();
  tail_.append("|");
  if (!hop.multiprotocol || !hop.address.empty() || style.brief) {
    if (merges_paths(sent, asn_bytes)) {
      append_merged_path_text(sent.value(as_path), sent.value(as4_path), style.merge_as_bgpdump, tail_);
    } else {
      append_path_text(sent.value(as_path), asn_bytes, tail_);
    }
    tail_.append("|");
    tail_.append(origin_name(sent));
    if (style.brief) return tail_.append("\n");
  }
  const Bytes shown = sent.value(communities);
  char* to = tail_.room(tail_text_max + std::max<std::size_t>(shown.size() / 4, 1) * community_text_max);
  if (!hop.multiprotocol || !hop.address.empty()) {
    *to++ = '|';
    to = hop.address.empty()
             ? put_address(to, net::Address::v4(sent.has(next_hop) ? sent.number(next_hop) : no_address))
             : put_hop(to, hop.address);
    *to++ = '|';
    to = put_metric(to, sent.number(local_pref), is_signed);
    *to++ = '|';
    to = put_metric(to, sent.number(multi_exit_disc), is_signed);
    if (!style.old_type) *to++ = '|';
  }
  to = put_communities(to, shown);
  *to++ = '|';
  to = put_text(to, sent.has(atomic_aggregate) ? "AG|" : "NAG|");
  to = put_aggregator(to, sent, asn_bytes);
  tail_.end_at(put_text(to, "|\n"));
}

void RouteLines::set_entry_attributes(const SentAttributes& sent, const bgp::SessionFacts& facts,
                                      const LineStyle& style) {
  Hop hop;
  for (const std::size_t family : {SentAttributes::ipv6_unicast, SentAttributes::ipv4_unicast}) {
    if (const SentRoutes* reach = sent.reach(family); reach && hop.address.empty()) {
      hop.address = reach->next_hop;
    }
  }
  set_attributes(sent, facts, hop, false, style);
}

void RouteLines::append_entry(char kind, net::Family family, const std::uint8_t* address, unsigned length,
                              std::uint32_t path_id, const LineStyle& style, TextBuffer& out) {
  char* to = out.room(style.start.size() + 1 + style.peer.size() + prefix_text_max + tail_.size());
  to = put_text(to, style.start);
  *to++ = kind;
  to = put_text(to, style.peer);
  to = family == net::Family::ipv4 ? put_ipv4(to, address) : put_ipv6(to, address);
  *to++ = '/';
  to = put_number(to, length);
  if (style.path_ids) {
    *to++ = '|';
    to = put_number(to, path_id);
  }
  out.end_at(put_text(to, tail_.view()));
}

bool RouteLines::append_routes(char kind, net::Family family, bool add_path, Bytes routes,
                               const LineStyle& style, TextBuffer& out) {
  if (routes.empty()) return true;
  const bool is_withdrawn = kind == withdrawn;
  const std::string_view peer =
      is_withdrawn && family == net::Family::ipv6 && !style.withdrawn_ipv6_peer.empty()
          ? style.withdrawn_ipv6_peer
          : style.peer;
  head_.clear();
  char* head = head_.room(style.start.size() + 1 + peer.size());
  head = put_text(head, style.start);
  *head++ = kind;
  head_.end_at(put_text(head, peer));
  const std::string_view start = head_.view();
  const std::string_view tail = is_withdrawn ? "\n" : tail_.view();
  const std::string_view instead = is_withdrawn ? style.withdrawn_address : std::string_view();
  const std::size_t line_max = start.size() + prefix_text_max + instead.size() + tail.size();
  const auto append = [&](const std::uint8_t* address, unsigned length, std::uint32_t path_id) {
    char* to = put_text(out.room(line_max), start);
    if (!instead.empty()) {
      to = put_text(to, instead);
    } else {
      to = family == net::Family::ipv4 ? put_ipv4(to, address) : put_ipv6(to, address);
    }
    *to++ = '/';
    to = put_number(to, length);
    if (style.path_ids) {
      *to++ = '|';
      to = put_number(to, path_id);
    }
    out.end_at(put_text(to, tail));
  };
  return for_each_sent_prefix(routes, add_path, append);
}

bool RouteLines::append_withdrawn(const SentUpdate& update, const bgp::SessionFacts& facts,
                                  const LineStyle& style, TextBuffer& out) {
  bool whole = append_routes(withdrawn, net::Family::ipv4, facts.add_path_ipv4, update.withdrawn, style, out);
  if (!update.attributes.any_unreach()) return whole;
  for (std::size_t at = 0; at < SentAttributes::families; ++at) {
    const SentRoutes* part = update.attributes.unreach(at);
    if (!part) continue;
    const net::Family family = SentAttributes::family_of(at);
    const bool add_path = family == net::Family::ipv4 ? facts.add_path_ipv4 : facts.add_path_ipv6;
    whole &= append_routes(withdrawn, family, add_path, part->routes, style, out);
  }
  return whole;
}

bool RouteLines::append_update(const SentUpdate& update, const bgp::SessionFacts& facts,
                               const LineStyle& style, TextBuffer& out) {
  bool whole = append_withdrawn(update, facts, style, out);
  const SentAttributes& sent = update.attributes;
  if (!update.announced.empty()) {
    set_attributes(sent, facts, {}, false, style);
    whole &= append_routes(announced, net::Family::ipv4, facts.add_path_ipv4, update.announced, style, out);
  }
  if (!sent.any_reach()) return whole;
  for (std::size_t at = 0; at < SentAttributes::families; ++at) {
    const SentRoutes* part = sent.reach(at);
    if (!part || part->routes.empty()) continue;
    const net::Family family = SentAttributes::family_of(at);
    const bool add_path = family == net::Family::ipv4 ? facts.add_path_ipv4 : facts.add_path_ipv6;
    set_attributes(sent, facts, {part->next_hop, true}, style.signed_numbers && family == net::Family::ipv4,
                   style);
    whole &= append_routes(announced, family, add_path, part->routes, style, out);
  }
  return whole;
}

}  // namespace peering::wire::mrt
