#include "wire/mrt/encode.h"

#include <algorithm>

namespace peering::wire::mrt {

namespace {

constexpr std::uint16_t subtype_state_change_as4 = 5;
constexpr std::uint16_t peer_index_table = 1, ipv4_unicast = 2, ipv4_unicast_add_path = 8;
constexpr std::uint8_t peer_ipv6 = 1, peer_four_octet_asn = 2;
constexpr std::uint8_t mp_reach_nlri = 14, mp_unreach_nlri = 15, extended_length = 0x10;
constexpr std::size_t field_max = 0xffff;

std::int64_t us_of(TimePoint time) { return std::max<std::int64_t>(to_us(time), 0); }

// Writes the header; gives where the length goes.
std::size_t begin_record(TimePoint time, RecordType type, std::uint16_t subtype, ByteWriter& out) {
  const std::int64_t us = us_of(time);
  out.u32(static_cast<std::uint32_t>(us / 1'000'000));
  out.u16(static_cast<std::uint16_t>(type));
  out.u16(subtype);
  const std::size_t length_at = out.size();
  out.u32(0);
  if (type == RecordType::bgp4mp_et) out.u32(static_cast<std::uint32_t>(us % 1'000'000));
  return length_at;
}

void end_record(std::size_t length_at, ByteWriter& out) {
  out.patch_u32(length_at, static_cast<std::uint32_t>(out.size() - length_at - 4));
}

void append_address(const net::Address& address, ByteWriter& out) {
  out.bytes(std::span(address.bytes()).first(address.is_v4() ? 4 : 16));
}

Result<void> check_session(const Session& session) {
  if (session.peer_address.is_v4() == session.local_address.is_v4()) return {};
  return fail(ErrorCode::invalid_argument, "MRT session: {} and {} are not of one family",
              session.peer_address.to_string(), session.local_address.to_string());
}

// RFC 6396 section 4.4, RFC 8050 section 3.
std::uint16_t subtype_of(const MessageForm& form) {
  constexpr std::uint16_t plain[2][2] = {{1, 4}, {6, 7}}, with_paths[2][2] = {{8, 9}, {10, 11}};
  return (form.add_path ? with_paths : plain)[form.sent_by_collector ? 1 : 0][form.four_octet_asn ? 1 : 0];
}

void append_asn(net::Asn asn, bool four_octets, ByteWriter& out) {
  if (four_octets) return out.u32(asn);
  out.u16(static_cast<std::uint16_t>(asn > 0xffff ? net::as_trans : asn));
}

void append_session(const Session& session, bool four_octet_asn, ByteWriter& out) {
  append_asn(session.peer_asn, four_octet_asn, out);
  append_asn(session.local_asn, four_octet_asn, out);
  out.u16(0);  // interface index
  out.u16(session.peer_address.is_v4() ? 1 : 2);
  append_address(session.peer_address, out);
  append_address(session.local_address, out);
}

void append_attribute(std::uint8_t flags, std::uint8_t code, Bytes value, ByteWriter& out) {
  const bool is_long = value.size() > 0xff;
  out.u8(static_cast<std::uint8_t>((flags & ~extended_length) | (is_long ? extended_length : 0)));
  out.u8(code);
  if (is_long) {
    out.u16(static_cast<std::uint16_t>(value.size()));
  } else {
    out.u8(static_cast<std::uint8_t>(value.size()));
  }
  out.bytes(value);
}

// The length and bytes of the next hop in an MP_REACH_NLRI, whole or short already; nothing when it has none
// that a table can have.
Bytes short_reach(Bytes value) {
  const bool whole = !value.empty() && value[0] == 0;
  ByteReader reader(value);
  if (whole) reader.skip(3);
  const std::size_t length = reader.u8();
  if (reader.left() < length || (length != 4 && length != 16 && length != 32)) return {};
  return value.subspan(whole ? 3 : 0, 1 + length);
}

}  // namespace

Result<void> append_message(TimePoint time, const Session& session, const MessageForm& form, Bytes message,
                            ByteWriter& out) {
  if (auto done = check_session(session); !done) return done;
  const std::size_t length_at = begin_record(time, RecordType::bgp4mp_et, subtype_of(form), out);
  append_session(session, form.four_octet_asn, out);
  out.bytes(message);
  end_record(length_at, out);
  return {};
}

Result<void> append_state_change(TimePoint time, const StateChange& change, ByteWriter& out) {
  if (auto done = check_session(change.session); !done) return done;
  const std::size_t length_at = begin_record(time, RecordType::bgp4mp_et, subtype_state_change_as4, out);
  append_session(change.session, true, out);
  out.u16(change.old_state);
  out.u16(change.new_state);
  end_record(length_at, out);
  return {};
}

Result<void> append_peer_index_table(TimePoint time, const PeerIndexTable& table, ByteWriter& out) {
  if (table.peers.size() > field_max || table.view.size() > field_max) {
    return fail(ErrorCode::limit_exceeded, "PEER_INDEX_TABLE: {} peers, {} bytes of name: at most {}",
                table.peers.size(), table.view.size(), field_max);
  }
  const std::size_t length_at = begin_record(time, RecordType::table_dump_v2, peer_index_table, out);
  append_address(table.collector, out);
  out.u16(static_cast<std::uint16_t>(table.view.size()));
  out.text(table.view);
  out.u16(static_cast<std::uint16_t>(table.peers.size()));
  for (const TablePeer& peer : table.peers) {
    out.u8(static_cast<std::uint8_t>(peer_four_octet_asn | (peer.address.is_v4() ? 0 : peer_ipv6)));
    append_address(peer.bgp_identifier, out);
    append_address(peer.address, out);
    out.u32(peer.asn);
  }
  end_record(length_at, out);
  return {};
}

Result<void> append_table_routes(TimePoint time, const TableRoutes& routes, ByteWriter& out) {
  if (routes.entries.size() > field_max) {
    return fail(ErrorCode::limit_exceeded, "table record: {} entries, at most {}", routes.entries.size(),
                field_max);
  }
  for (const TableEntry& entry : routes.entries) {
    if (entry.attributes.size() <= field_max) continue;
    return fail(ErrorCode::limit_exceeded, "table record: {} bytes of attributes, at most {}",
                entry.attributes.size(), field_max);
  }
  const int subtype = (routes.add_path ? ipv4_unicast_add_path : ipv4_unicast) +
                      (routes.family == net::Family::ipv6 ? 2 : 0) + (routes.multicast ? 1 : 0);
  const std::size_t length_at =
      begin_record(time, RecordType::table_dump_v2, static_cast<std::uint16_t>(subtype), out);
  out.u32(routes.sequence);
  out.u8(static_cast<std::uint8_t>(routes.prefix.length));
  out.bytes(std::span(routes.prefix.bytes).first(static_cast<std::size_t>(routes.prefix.length + 7) / 8));
  out.u16(static_cast<std::uint16_t>(routes.entries.size()));
  for (const TableEntry& entry : routes.entries) {
    out.u16(entry.peer);
    out.u32(entry.originated_seconds);
    if (routes.add_path) out.u32(entry.path_id);
    out.u16(static_cast<std::uint16_t>(entry.attributes.size()));
    out.bytes(entry.attributes);
  }
  end_record(length_at, out);
  return {};
}

std::vector<std::uint8_t> table_attributes(Bytes field) {
  ByteWriter out;
  ByteReader reader(field);
  while (!reader.empty()) {
    const std::uint8_t flags = reader.u8(), code = reader.u8();
    const std::size_t length = (flags & extended_length) != 0 ? reader.u16() : reader.u8();
    Bytes value = reader.bytes(length);
    if (!reader.ok()) break;
    if (code == mp_reach_nlri) value = short_reach(value);
    if (code == mp_unreach_nlri || (code == mp_reach_nlri && value.empty())) continue;
    append_attribute(flags, code, value, out);
  }
  return std::move(out).take();
}

}  // namespace peering::wire::mrt
