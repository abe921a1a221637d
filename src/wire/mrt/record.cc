#include "wire/mrt/record.h"

#include <algorithm>

#include "base/byte_cursor.h"

namespace peering::wire::mrt {

namespace {

constexpr std::uint16_t afi_ipv4 = 1;
constexpr std::uint16_t afi_ipv6 = 2;

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

net::Address read_address(ByteReader& reader, std::uint16_t afi) {
  const Bytes bytes = reader.bytes(afi == afi_ipv6 ? 16 : 4);
  if (bytes.size() == 16) return net::Address::v6(bytes.first<16>());
  if (bytes.size() == 4) return net::Address::v4(bytes.first<4>());
  return {};
}

// False when the address family is neither IPv4 nor IPv6, or bytes are missing.
bool read_session(ByteReader& reader, bool four_octet_asn, Session& out) {
  out.peer_asn = four_octet_asn ? reader.u32() : reader.u16();
  out.local_asn = four_octet_asn ? reader.u32() : reader.u16();
  reader.skip(2);  // interface index
  const std::uint16_t afi = reader.u16();
  if (afi != afi_ipv4 && afi != afi_ipv6) return false;
  out.peer_address = read_address(reader, afi);
  out.local_address = read_address(reader, afi);
  return reader.ok();
}

Result<Content> read_bgp4mp_message(const Record& record, bool four_octet_asn, bool local, bool add_path) {
  BgpMessage out;
  out.facts = {four_octet_asn, add_path, add_path};
  out.sent_by_collector = local;
  ByteReader reader(record.body);
  if (!read_session(reader, four_octet_asn, out.session))
    return malformed_record(record, "the session's addresses are damaged");
  const auto inner = bgp::decode_message(reader.rest(), true);
  if (!inner) return malformed_record(record, inner.error().message);
  out.type = inner->type;
  out.body = inner->body;
  return out;
}

Result<Content> read_bgp4mp_state(const Record& record, bool four_octet_asn) {
  StateChange out;
  ByteReader reader(record.body);
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
  session.peer_address = read_address(reader, afi_ipv4);
  if (record.subtype == old_state_change) {
    StateChange out{session, reader.u16(), reader.u16()};
    if (!reader.ok()) return malformed_record(record, "it is shorter than a state change");
    return out;
  }
  if (record.subtype != old_update) return OtherRecord{};
  session.local_asn = reader.u16();
  session.local_address = read_address(reader, afi_ipv4);
  if (!reader.ok()) return malformed_record(record, "it is shorter than its session's addresses");
  BgpMessage out;
  out.session = session;
  out.facts = {false, false, false};
  out.body = reader.rest();
  return out;
}

}  // namespace

tl::unexpected<Error> malformed_record(const Record& record, std::string_view rule) {
  return fail(ErrorCode::invalid_argument, "MRT record {}/{} of second {}: {}", record.type, record.subtype,
              record.seconds, rule);
}

Result<std::size_t> split_record(Bytes bytes) {
  if (bytes.size() < common_header_bytes) return std::size_t{0};
  ByteReader reader(bytes.subspan(8));
  const std::size_t length = common_header_bytes + std::size_t{reader.u32()};
  if (length > record_bytes_max) {
    return fail(ErrorCode::invalid_argument, "MRT record: length {} is above {}",
                length - common_header_bytes, record_bytes_max);
  }
  return length <= bytes.size() ? length : std::size_t{0};
}

Result<Record> decode_header(Bytes record) {
  ByteReader reader(record);
  Record out;
  out.seconds = reader.u32();
  out.type = reader.u16();
  out.subtype = reader.u16();
  out.body = reader.bytes(reader.u32());
  if (!reader.ok()) return fail(ErrorCode::invalid_argument, "MRT record: it is cut off");
  if (out.type != static_cast<std::uint16_t>(RecordType::bgp4mp_et)) return out;
  ByteReader body(out.body);
  out.microseconds = std::min<std::uint32_t>(body.u32(), 999'999);
  out.body = body.rest();
  return out;
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
