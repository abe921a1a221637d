#include "wire/mrt/record.h"

#include <memory>

#include "base/byte_cursor.h"

namespace peering::wire::mrt {

namespace {

constexpr std::uint16_t afi_ipv4 = 1;
constexpr std::uint16_t afi_ipv6 = 2;
constexpr std::size_t short_state_bytes = 8;

// Subtypes of BGP4MP (RFC 6396 section 4.4, RFC 8050 section 3).
enum Bgp4mp : std::uint16_t {
  state_change = 0,
  message = 1,
  message_as4 = 4,
  state_change_as4 = 5,
  message_local = 6,
  message_as4_local = 7,
  message_add_path = 8,
  message_as4_add_path = 9,
  message_local_add_path = 10,
  message_as4_local_add_path = 11,
};

// Subtypes of the old type BGP (RFC 6396 appendix B.2).
enum OldBgp : std::uint16_t { old_update = 1, old_state_change = 3 };

// In place: addresses that are copied right after they were written make the processor wait.
void read_address(ByteReader& reader, std::uint16_t afi, net::Address& out) {
  const Bytes bytes = reader.bytes(afi == afi_ipv6 ? 16 : 4);
  if (bytes.size() == 16) std::construct_at(&out, bytes.first<16>());
  if (bytes.size() == 4) std::construct_at(&out, bytes.first<4>());
}

// False when the address family is neither IPv4 nor IPv6, or bytes are missing.
bool read_session(ByteReader& reader, bool four_octet_asn, Session& out) {
  out.peer_asn = four_octet_asn ? reader.u32() : reader.u16();
  out.local_asn = four_octet_asn ? reader.u32() : reader.u16();
  reader.skip(2);  // interface index
  const std::uint16_t afi = reader.u16();
  if (afi != afi_ipv4 && afi != afi_ipv6) return false;
  read_address(reader, afi, out.peer_address);
  read_address(reader, afi, out.local_address);
  return reader.ok();
}

Result<void> read_message(const Record& record, BgpMessage& out) {
  ByteReader reader(record.body);
  if (!read_session(reader, out.facts.four_octet_asn, out.session))
    return malformed_record(record, "the session's addresses are damaged");
  const auto inner = bgp::decode_message(reader.rest(), true);
  if (!inner) return malformed_record(record, inner.error().message);
  out.type = inner->type;
  out.body = inner->body;
  return {};
}

Result<Content> read_bgp4mp_message(const Record& record, bool four_octet_asn, bool local, bool add_path) {
  // Made where it is returned to: there is one for every few routes.
  Result<Content> content(tl::in_place, std::in_place_type<BgpMessage>);
  auto& out = *std::get_if<BgpMessage>(&*content);
  out.facts = {four_octet_asn, add_path, add_path};
  out.sent_by_collector = local;
  if (auto done = read_message(record, out); !done) content = tl::unexpected(std::move(done.error()));
  return content;
}

Result<Content> read_bgp4mp_state(const Record& record, bool four_octet_asn) {
  StateChange out;
  ByteReader reader(record.body);
  // Zebra wrote no addresses.
  if (!four_octet_asn && record.body.size() == short_state_bytes) {
    out.session.peer_asn = reader.u16();
    out.session.local_asn = reader.u16();
    out.session.peer_address = out.session.local_address = net::Address::v4(0U);
    out.old_state = reader.u16();
    out.new_state = reader.u16();
    return out;
  }
  if (!read_session(reader, four_octet_asn, out.session))
    return malformed_record(record, "the session's addresses are damaged");
  out.old_state = reader.u16();
  out.new_state = reader.u16();
  if (!reader.ok()) return malformed_record(record, "the states are missing");
  return out;
}

Result<Content> read_bgp4mp(const Record& record) {
  switch (record.subtype) {
    case state_change:
      return read_bgp4mp_state(record, false);
    case state_change_as4:
      return read_bgp4mp_state(record, true);
    case message:
      return read_bgp4mp_message(record, false, false, false);
    case message_as4:
      return read_bgp4mp_message(record, true, false, false);
    case message_local:
      return read_bgp4mp_message(record, false, true, false);
    case message_as4_local:
      return read_bgp4mp_message(record, true, true, false);
    case message_add_path:
      return read_bgp4mp_message(record, false, false, true);
    case message_as4_add_path:
      return read_bgp4mp_message(record, true, false, true);
    case message_local_add_path:
      return read_bgp4mp_message(record, false, true, true);
    case message_as4_local_add_path:
      return read_bgp4mp_message(record, true, true, true);
    default:
      return OtherRecord{};
  }
}

Result<Content> read_old_bgp(const Record& record) {
  ByteReader reader(record.body);
  Session session;
  session.peer_asn = reader.u16();
  read_address(reader, afi_ipv4, session.peer_address);
  if (record.subtype == old_state_change) {
    StateChange out{session, reader.u16(), reader.u16()};
    if (!reader.ok()) return malformed_record(record, "it is shorter than a state change");
    return out;
  }
  if (record.subtype != old_update) return OtherRecord{};
  session.local_asn = reader.u16();
  read_address(reader, afi_ipv4, session.local_address);
  if (!reader.ok()) return malformed_record(record, "it is shorter than its session's addresses");
  BgpMessage out;
  out.session = session;
  out.facts = {false, false, false};
  out.body = reader.rest();
  return out;
}

// RFC 6396 section 4 and its registry: types 0 to 13 in part deprecated, 16, 17, OSPFv3 and IS-IS, and what
// older collectors wrote.
bool is_registered(std::uint16_t type) {
  return type <= 13 || type == 16 || type == 17 || type == 32 || type == 33 || type == 48 || type == 49 ||
         type == 64 || type == 65;
}

std::size_t length_of(Bytes header) {
  return static_cast<std::size_t>(header[8]) << 24 | static_cast<std::size_t>(header[9]) << 16 |
         static_cast<std::size_t>(header[10]) << 8 | header[11];
}

// Of the types that are read, with a length that one record can need.
bool looks_like_header(Bytes bytes) {
  constexpr std::size_t length_max = 1024 * 1024, length_min = 8;
  if (bytes[4] != 0 || bytes[6] != 0) return false;
  const std::size_t length = length_of(bytes);
  if (length < length_min || length > length_max) return false;
  switch (static_cast<RecordType>(bytes[5])) {
    case RecordType::table_dump:
      return bytes[7] >= 1 && bytes[7] <= 4;
    case RecordType::table_dump_v2:
      return bytes[7] >= 1 && bytes[7] <= 12;
    case RecordType::bgp4mp:
    case RecordType::bgp4mp_et:
      return bytes[7] <= 11;
    case RecordType::bgp:
      return bytes[7] >= 1 && bytes[7] <= 7;
  }
  return false;
}

}  // namespace

tl::unexpected<Error> malformed_record(const Record& record, std::string_view rule) {
  return fail(ErrorCode::invalid_argument, "MRT record {}/{} of second {}: {}", record.type, record.subtype,
              record.seconds, rule);
}

Result<std::size_t> split_record(Bytes bytes) {
  if (bytes.size() < common_header_bytes) return std::size_t{0};
  ByteReader reader(bytes.subspan(4));
  const std::uint16_t type = reader.u16();
  if (!is_registered(type)) return fail(ErrorCode::invalid_argument, "MRT record: there is no type {}", type);
  reader.skip(2);
  const std::size_t length = common_header_bytes + std::size_t{reader.u32()};
  if (length > record_bytes_max) {
    return fail(ErrorCode::invalid_argument, "MRT record: length {} is above {}",
                length - common_header_bytes, record_bytes_max);
  }
  return length <= bytes.size() ? length : std::size_t{0};
}

std::size_t find_record(Bytes bytes, bool is_end) {
  for (std::size_t at = 0; at + common_header_bytes <= bytes.size(); ++at) {
    if (!looks_like_header(bytes.subspan(at))) continue;
    const std::size_t after = at + common_header_bytes + length_of(bytes.subspan(at));
    if (after > bytes.size() ? !is_end : after == bytes.size()) return at;
    if (after > bytes.size()) continue;
    if (bytes.size() - after < common_header_bytes || looks_like_header(bytes.subspan(after))) return at;
  }
  return bytes.size();
}

Result<Record> decode_header(Bytes record) {
  Result<Record> result(tl::in_place);
  Record& out = *result;
  ByteReader reader(record);
  out.seconds = reader.u32();
  out.type = reader.u16();
  out.subtype = reader.u16();
  out.body = reader.bytes(reader.u32());
  if (out.type == static_cast<std::uint16_t>(RecordType::bgp4mp_et)) {
    ByteReader body(out.body);
    out.microseconds = body.u32();
    out.body = body.rest();
  }
  if (!reader.ok()) result = fail(ErrorCode::invalid_argument, "MRT record: it is cut off");
  return result;
}

Result<Content> decode_record(const Record& record) {
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::bgp4mp:
    case RecordType::bgp4mp_et:
      return read_bgp4mp(record);
    case RecordType::bgp:
      return read_old_bgp(record);
    default:
      return OtherRecord{};
  }
}

}  // namespace peering::wire::mrt
