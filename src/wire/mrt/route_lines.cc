#include "wire/mrt/route_lines.h"

namespace peering::wire::mrt {

namespace {

using Bytes = std::span<const std::uint8_t>;
using bgp::AttributeCode;
using bgp::SegmentType;

constexpr char announced = 'A', withdrawn = 'W';
// Prefix, path identifier and what stands between them.
constexpr std::size_t prefix_text_max = address_text_max + number_text_max + 8;

struct Brackets {
  char open = 0, close = 0, between = ' ';
};

Brackets brackets_of(SegmentType type) {
  switch (type) {
    case SegmentType::as_set:
      return {'{', '}', ','};
    case SegmentType::confed_set:
      return {'[', ']', ','};
    case SegmentType::confed_sequence:
      return {'(', ')', ' '};
    case SegmentType::as_sequence:
      break;
  }
  return {};
}

char* put_as_path(char* to, const bgp::AsPath& path) {
  const net::Asn* asn = path.asns.data();
  bool first = true;
  for (const auto& segment : path.segments) {
    const Brackets brackets = brackets_of(segment.type);
    if (!first) *to++ = ' ';
    first = false;
    if (brackets.open != 0) *to++ = brackets.open;
    for (std::size_t i = 0; i < segment.count; ++i) {
      if (i > 0) *to++ = brackets.between;
      to = put_number(to, *asn++);
    }
    if (brackets.close != 0) *to++ = brackets.close;
  }
  return to;
}

char* put_community(char* to, std::uint32_t community) {
  switch (community) {
    case 0xFFFFFF01:
      return put_text(to, "no-export");
    case 0xFFFFFF02:
      return put_text(to, "no-advertise");
    case 0xFFFFFF03:
      return put_text(to, "local-AS");
    default:
      to = put_number(to, community >> 16);
      *to++ = ':';
      return put_number(to, community & 0xffff);
  }
}

char* put_communities(char* to, Bytes value) {
  for (std::size_t at = 0; at < value.size(); at += 4) {
    if (at > 0) *to++ = ' ';
    to = put_community(to, bgp::number_of(value.subspan(at).first<4>()));
  }
  return to;
}

std::string_view origin_name(Bytes value) {
  if (!value.empty() && value[0] == 0) return "IGP";
  if (!value.empty() && value[0] == 1) return "EGP";
  return "INCOMPLETE";
}

// What an absent attribute looks like: zero.
char* put_number_or_zero(char* to, Bytes value) { return put_number(to, bgp::number_of(value)); }

// bgpdump shows an absent NEXT_HOP so.
net::Address next_hop_of(const bgp::AttributeScan& scan) {
  const Bytes value = scan.value(AttributeCode::next_hop);
  return value.empty() ? net::Address::v4(0xffffffff) : net::Address::v4(value.first<4>());
}

std::size_t asn_bytes_of(const bgp::SessionFacts& facts) { return facts.four_octet_asn ? 4 : 2; }

// As sent when it has a fault, e.g. AS 0 in it.
void read_path(const bgp::AttributeScan& scan, const bgp::SessionFacts& facts, bgp::AsPath& out) {
  bgp::read_as_path(scan, facts, out);
  if (!scan.has(AttributeCode::as_path)) {
    bgp::append_as_path(scan.sent(AttributeCode::as_path), asn_bytes_of(facts), out);
  }
}

// The front of what was sent when it has a fault: AS 0, or more bytes than the session's facts allow.
std::optional<bgp::Aggregator> aggregator_of(const bgp::AttributeScan& scan, const bgp::SessionFacts& facts) {
  if (scan.has(AttributeCode::aggregator)) return bgp::read_aggregator(scan, facts);
  const Bytes sent = scan.sent(AttributeCode::aggregator);
  const std::size_t asn_bytes = asn_bytes_of(facts);
  if (sent.size() < asn_bytes + 4) return std::nullopt;
  return bgp::Aggregator{bgp::number_of(sent.first(asn_bytes)),
                         net::Address::v4(sent.subspan(asn_bytes).first<4>())};
}

}  // namespace

void RouteLines::set_attributes(const bgp::AttributeScan& scan, const bgp::SessionFacts& facts,
                                const net::Address& next_hop, const LineStyle& style) {
  constexpr std::size_t fixed_max = 2 * address_text_max + 4 * number_text_max + 32;
  constexpr std::size_t community_text_max = 13;  // "no-advertise "
  read_path(scan, facts, path_);
  const Bytes communities = scan.value(AttributeCode::communities);
  tail_.clear();
  char* to = tail_.room(fixed_max + path_.asns.size() * (number_text_max + 1) + path_.segments.size() * 3 +
                        communities.size() / 4 * community_text_max);
  *to++ = '|';
  to = put_as_path(to, path_);
  *to++ = '|';
  to = put_text(to, origin_name(scan.value(AttributeCode::origin)));
  *to++ = '|';
  to = put_address(to, next_hop);
  *to++ = '|';
  to = put_number_or_zero(to, scan.value(AttributeCode::local_pref));
  *to++ = '|';
  to = put_number_or_zero(to, scan.value(AttributeCode::multi_exit_disc));
  *to++ = '|';
  to = put_communities(to, communities);
  if (!style.communities_optional || !communities.empty()) *to++ = '|';
  to = put_text(to, scan.has(AttributeCode::atomic_aggregate) ? "AG|" : "NAG|");
  if (const auto aggregator = aggregator_of(scan, facts)) {
    to = put_number(to, aggregator->asn);
    *to++ = ' ';
    to = put_address(to, aggregator->address);
  }
  to = put_text(to, "|\n");
  tail_.end_at(to);
}

void RouteLines::append_entry(char kind, net::Family family, const bgp::RawPrefix& prefix,
                              const LineStyle& style, TextBuffer& out) {
  char* to = out.room(style.start.size() + 1 + style.peer.size() + prefix_text_max + tail_.size());
  to = put_text(to, style.start);
  *to++ = kind;
  to = put_text(to, style.peer);
  to = family == net::Family::ipv4 ? put_ipv4(to, prefix.bytes.data()) : put_ipv6(to, prefix.bytes.data());
  *to++ = '/';
  to = put_number(to, static_cast<std::uint32_t>(prefix.length));
  if (style.path_ids) {
    *to++ = '|';
    to = put_number(to, prefix.path_id);
  }
  out.end_at(put_text(to, tail_.view()));
}

void RouteLines::append_routes(char kind, net::Family family, bool add_path, Bytes routes,
                               const LineStyle& style, TextBuffer& out) {
  if (routes.empty()) return;
  head_.clear();
  char* head = head_.room(style.start.size() + 1 + style.peer.size());
  head = put_text(head, style.start);
  *head++ = kind;
  head_.end_at(put_text(head, style.peer));
  const std::string_view start = head_.view();
  const bool is_withdrawn = kind == withdrawn;
  const std::string_view tail = is_withdrawn ? "\n" : tail_.view();
  const std::string_view address = is_withdrawn ? style.withdrawn_address : std::string_view();
  const std::size_t line_max = start.size() + prefix_text_max + address.size() + tail.size();
  bgp::for_each_prefix(routes, add_path, [&](const bgp::RawPrefix& prefix) {
    char* to = put_text(out.room(line_max), start);
    if (!address.empty()) {
      to = put_text(to, address);
    } else if (family == net::Family::ipv4) {
      to = put_ipv4(to, prefix.bytes.data());
    } else {
      to = put_ipv6(to, prefix.bytes.data());
    }
    *to++ = '/';
    to = put_number(to, static_cast<std::uint32_t>(prefix.length));
    if (style.path_ids) {
      *to++ = '|';
      to = put_number(to, prefix.path_id);
    }
    out.end_at(put_text(to, tail));
  });
}

void RouteLines::append_mp_routes(char kind, const std::optional<bgp::MpRoutes>& routes,
                                  const bgp::SessionFacts& facts, const LineStyle& style, TextBuffer& out) {
  if (!routes || !routes->address_family) return;
  const net::Family family = *routes->address_family;
  const bool add_path = family == net::Family::ipv4 ? facts.add_path_ipv4 : facts.add_path_ipv6;
  append_routes(kind, family, add_path, routes->routes, style, out);
}

void RouteLines::append_update(const bgp::UpdateScan& scan, const bgp::SessionFacts& facts,
                               const LineStyle& style, TextBuffer& out) {
  if (scan.outcome() == bgp::Outcome::reset_session) return;
  const bgp::AttributeScan& attributes = scan.attributes;
  append_routes(withdrawn, net::Family::ipv4, facts.add_path_ipv4, scan.withdrawn, style, out);
  append_mp_routes(withdrawn, attributes.unreach, facts, style, out);
  if (!scan.announced.empty()) {
    set_attributes(attributes, facts, next_hop_of(attributes), style);
    append_routes(announced, net::Family::ipv4, facts.add_path_ipv4, scan.announced, style, out);
  }
  if (attributes.reach && attributes.reach->count > 0) {
    set_attributes(attributes, facts, *attributes.reach->next_hop, style);
    append_mp_routes(announced, attributes.reach, facts, style, out);
  }
}

}  // namespace peering::wire::mrt
