#include "wire/mrt/text.h"

#include <charconv>

namespace peering::wire::mrt {

namespace {

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end.ptr);
}

void append_ipv4(std::string& out, std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) out += '.';
    append_number(out, bytes[i]);
  }
}

// As bgpdump: the longest run of zero groups is cut, also a run of one (RFC 5952 would leave that one).
void append_ipv6(std::string& out, std::span<const std::uint8_t> bytes) {
  const auto group = [&](std::size_t i) {
    return static_cast<unsigned>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  };
  std::size_t start = 8, length = 0;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && group(end) == 0) ++end;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    i = end + 1;
  }
  // IPv4 in IPv6, as inet_ntop writes it.
  const bool holds_ipv4 = start == 0 && (length == 6 || (length == 5 && group(5) == 0xffff));
  for (std::size_t i = 0; i < 8; ++i) {
    if (holds_ipv4 && i == 6) {
      if (length == 5) out += ':';
      append_ipv4(out, bytes.subspan(12));
      return;
    }
    if (i == start) {
      out += "::";
      i += length - 1;
      continue;
    }
    if (i > 0 && i != start + length) out += ':';
    char digits[4];
    const auto end = std::to_chars(digits, digits + sizeof digits, group(i), 16);
    out.append(digits, end.ptr);
  }
}

// Addresses are most of what is written, so they are written by hand.
void append_address(std::string& out, const net::Address& address) {
  if (address.is_v4()) {
    append_ipv4(out, address.bytes());
  } else {
    append_ipv6(out, address.bytes());
  }
}

void append_prefix(std::string& out, const net::Prefix& prefix) {
  append_address(out, prefix.address());
  out += '/';
  append_number(out, static_cast<std::uint64_t>(prefix.length()));
}

void append_as_path(std::string& out, const bgp::AsPath& path) {
  std::size_t at = 0;
  bool first = true;
  for (const auto& segment : path.segments) {
    const bool set = segment.type == bgp::SegmentType::as_set || segment.type == bgp::SegmentType::confed_set;
    if (!first) out += ' ';
    first = false;
    if (segment.type == bgp::SegmentType::as_set) out += '{';
    if (segment.type == bgp::SegmentType::confed_set) out += '[';
    if (segment.type == bgp::SegmentType::confed_sequence) out += '(';
    for (std::size_t i = 0; i < segment.count; ++i, ++at) {
      if (i > 0) out += set ? ',' : ' ';
      append_number(out, path.asns[at]);
    }
    if (segment.type == bgp::SegmentType::as_set) out += '}';
    if (segment.type == bgp::SegmentType::confed_set) out += ']';
    if (segment.type == bgp::SegmentType::confed_sequence) out += ')';
  }
}

void append_community(std::string& out, std::uint32_t community) {
  switch (community) {
    case 0xFFFFFF01:
      out += "no-export";
      return;
    case 0xFFFFFF02:
      out += "no-advertise";
      return;
    case 0xFFFFFF03:
      out += "local-AS";
      return;
    default:
      break;
  }
  append_number(out, community >> 16);
  out += ':';
  append_number(out, community & 0xffff);
}

std::string_view origin_name(bgp::Origin origin) {
  switch (origin) {
    case bgp::Origin::igp:
      return "IGP";
    case bgp::Origin::egp:
      return "EGP";
    case bgp::Origin::incomplete:
      return "INCOMPLETE";
  }
  return "INCOMPLETE";
}

// Subtypes of RFC 8050.
bool has_path_ids(const Record& record) {
  return record.type != static_cast<std::uint16_t>(RecordType::bgp) && record.subtype >= 8 &&
         record.subtype <= 11;
}

// "BGP4MP|1027377515|", with microseconds for *_ET.
std::string line_start(const Record& record) {
  std::string out;
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::bgp:
      out = "BGP|";
      break;
    case RecordType::bgp4mp_et:
      out = "BGP4MP_ET|";
      break;
    default:
      out = has_path_ids(record) ? "BGP4MP_AP|" : "BGP4MP|";
      break;
  }
  append_number(out, record.seconds);
  if (record.type == static_cast<std::uint16_t>(RecordType::bgp4mp_et)) {
    out += fmt::format(".{:06}", record.microseconds);
  }
  out += '|';
  return out;
}

void append_peer(std::string& out, const Session& session) {
  append_address(out, session.peer_address);
  out += '|';
  append_number(out, session.peer_asn);
}

// What follows the prefix in every announcement of one message.
std::string attributes_text(const Record& record, const bgp::PathAttributes& a,
                            const net::Address& next_hop) {
  std::string out = "|";
  append_as_path(out, a.as_path);
  out += '|';
  out += origin_name(a.origin);
  out += '|';
  append_address(out, next_hop);
  out += '|';
  append_number(out, a.local_pref.value_or(0));
  out += '|';
  append_number(out, a.multi_exit_disc.value_or(0));
  out += '|';
  for (std::size_t i = 0; i < a.communities.size(); ++i) {
    if (i > 0) out += ' ';
    append_community(out, a.communities[i]);
  }
  // The old record type has no communities field when there are none.
  if (record.type != static_cast<std::uint16_t>(RecordType::bgp) || !a.communities.empty()) out += '|';
  out += a.atomic_aggregate ? "AG|" : "NAG|";
  if (a.aggregator) {
    append_number(out, a.aggregator->asn);
    out += ' ';
    append_address(out, a.aggregator->address);
  }
  out += "|\n";
  return out;
}

void append_routes(std::string& out, const std::string& start, const std::vector<bgp::Nlri>& routes,
                   bool path_ids, const std::string& end) {
  for (const bgp::Nlri& route : routes) {
    out += start;
    append_prefix(out, route.prefix);
    if (path_ids) {
      out += '|';
      append_number(out, route.path_id);
    }
    out += end;
  }
}

void append_update(const Record& record, const BgpMessage& message, std::string& out) {
  const bgp::Update update = bgp::decode_update(message.body, message.facts);
  const std::string start = line_start(record);
  std::string peer = "|";
  append_peer(peer, message.session);
  peer += '|';
  const bool path_ids = has_path_ids(record);
  const std::string withdrawal = start + "W" + peer;
  append_routes(out, withdrawal, update.withdrawn, path_ids, "\n");
  append_routes(out, withdrawal, update.mp_withdrawn, path_ids, "\n");
  append_routes(out, withdrawal, update.multicast_withdrawn, path_ids, "\n");
  const std::string announcement = start + "A" + peer;
  const auto announce = [&](const std::vector<bgp::Nlri>& routes,
                            const std::optional<net::Address>& next_hop) {
    if (routes.empty()) return;
    append_routes(out, announcement, routes, path_ids,
                  attributes_text(record, update.attributes, next_hop.value_or(net::Address())));
  };
  announce(update.announced, update.attributes.next_hop);
  announce(update.mp_announced, update.mp_next_hop);
  announce(update.multicast_announced, update.mp_next_hop);
}

void append_state(const Record& record, const StateChange& change, std::string& out) {
  out += line_start(record);
  out += "STATE|";
  append_peer(out, change.session);
  out += '|';
  append_number(out, change.old_state);
  out += '|';
  append_number(out, change.new_state);
  out += '\n';
}

}  // namespace

Result<void> append_text(const Record& record, std::string& out) {
  const auto content = decode_record(record);
  if (!content) return tl::unexpected(content.error());
  if (const auto* message = std::get_if<BgpMessage>(&*content)) {
    if (message->type == bgp::MessageType::update) append_update(record, *message, out);
  } else if (const auto* change = std::get_if<StateChange>(&*content)) {
    append_state(record, *change, out);
  }
  return {};
}

}  // namespace peering::wire::mrt
