#include "wire/bgp/open_body.h"

#include <algorithm>

#include "base/byte_cursor.h"

namespace peering::wire::bgp {

namespace {

constexpr std::uint8_t parameter_capabilities = 2;
constexpr std::uint8_t extended_parameters = 255;  // RFC 9072

// IANA's registry of capability codes.
enum Code : std::uint8_t {
  multiprotocol = 1,
  route_refresh = 2,
  extended_next_hop = 5,
  extended_message = 6,
  role = 9,
  graceful_restart = 64,
  four_octet_asn = 65,
  add_path = 69,
  enhanced_route_refresh = 70,
  long_lived = 71,
  host_name = 73,
};

// --- reading: each gives false when the value has not the shape of its code ---

bool read_multiprotocol(ByteReader value, Open& out) {
  if (value.left() != 4) return false;
  const std::uint16_t afi = value.u16();
  value.skip(1);
  out.families.push_back({afi, value.u8()});
  return true;
}

bool read_four_octet_asn(ByteReader value, Open& out) {
  if (value.left() != 4) return false;
  out.four_octet_asn = true;
  out.asn = value.u32();
  return true;
}

bool read_add_path(ByteReader value, Open& out) {
  if (value.left() % 4 != 0) return false;
  while (!value.empty()) {
    const FamilyId family{value.u16(), value.u8()};
    const std::uint8_t mode = value.u8();
    if (mode < 1 || mode > 3) continue;  // RFC 7911 section 4: as if it were not there
    out.add_path.push_back({family, (mode & 1) != 0, (mode & 2) != 0});
  }
  return true;
}

bool read_extended_next_hop(ByteReader value, Open& out) {
  if (value.left() % 6 != 0) return false;
  while (!value.empty()) {
    const std::uint16_t afi = value.u16(), safi = value.u16();
    out.extended_next_hop.push_back({afi, safi, value.u16()});
  }
  return true;
}

bool read_graceful_restart(ByteReader value, Open& out) {
  if (value.left() % 4 != 2) return false;
  const std::uint16_t head = value.u16();
  Open::GracefulRestart restart;
  restart.restarted = (head & 0x8000) != 0;
  restart.notification = (head & 0x4000) != 0;
  restart.time_s = head & 0x0fff;
  while (!value.empty()) {
    const FamilyId family{value.u16(), value.u8()};
    restart.entries.push_back({family, (value.u8() & 0x80) != 0});
  }
  out.graceful_restart = std::move(restart);
  return true;
}

bool read_long_lived(ByteReader value, Open& out) {
  if (value.left() % 7 != 0) return false;
  std::vector<Open::LongLived> entries;
  while (!value.empty()) {
    const FamilyId family{value.u16(), value.u8()};
    const bool kept = (value.u8() & 0x80) != 0;
    const std::uint32_t high = value.u8();
    entries.push_back({family, kept, high << 16 | value.u16()});
  }
  out.long_lived = std::move(entries);
  return true;
}

bool read_host_name(ByteReader value, Open& out) {
  const auto text = [&] {
    const auto bytes = value.bytes(value.u8());
    return std::string(bytes.begin(), bytes.end());
  };
  Open::HostName name;
  name.host = text();
  name.domain = text();
  if (!value.ok() || !value.empty()) return false;
  out.host_name = std::move(name);
  return true;
}

bool read_role(ByteReader value, Open& out) {
  if (value.left() != 1) return false;
  out.roles.push_back(value.u8());
  return true;
}

bool read_flag(ByteReader value, bool& out) {
  if (!value.empty()) return false;
  out = true;
  return true;
}

bool read_capability(std::uint8_t code, ByteReader value, Open& out) {
  switch (code) {
    case multiprotocol:
      return read_multiprotocol(value, out);
    case route_refresh:
      return read_flag(value, out.route_refresh);
    case extended_next_hop:
      return read_extended_next_hop(value, out);
    case extended_message:
      return read_flag(value, out.extended_message);
    case role:
      return read_role(value, out);
    case graceful_restart:
      return read_graceful_restart(value, out);
    case four_octet_asn:
      return read_four_octet_asn(value, out);
    case add_path:
      return read_add_path(value, out);
    case enhanced_route_refresh:
      return read_flag(value, out.enhanced_route_refresh);
    case long_lived:
      return read_long_lived(value, out);
    case host_name:
      return read_host_name(value, out);
    default:
      return false;
  }
}

Result<void> read_capabilities(ByteReader list, Open& out) {
  while (!list.empty()) {
    const std::uint8_t code = list.u8();
    const ByteReader value = list.sub(list.u8());
    if (!list.ok())
      return fail(ErrorCode::invalid_argument, "OPEN: capability {} is longer than its list", code);
    if (read_capability(code, value, out)) continue;
    const auto bytes = value.rest();
    out.other_capabilities.push_back({code, {bytes.begin(), bytes.end()}});
  }
  return {};
}

// --- writing ---

void write_capability(ByteWriter& out, std::uint8_t code, std::span<const std::uint8_t> value) {
  out.u8(code);
  out.u8(static_cast<std::uint8_t>(value.size()));
  out.bytes(value);
}

// As many capabilities as hold all entries; `write(value, entry)` writes one of `entry_bytes`.
template <class Entry, class Write>
void write_entries(ByteWriter& out, std::uint8_t code, std::span<const Entry> entries,
                   std::size_t entry_bytes, Write write) {
  const std::size_t entries_max = 255 / entry_bytes;
  while (!entries.empty()) {
    ByteWriter value;
    const auto now = entries.first(std::min(entries.size(), entries_max));
    for (const Entry& entry : now) write(value, entry);
    write_capability(out, code, value.data());
    entries = entries.subspan(now.size());
  }
}

void write_family(ByteWriter& out, FamilyId family) {
  out.u16(family.afi);
  out.u8(family.safi);
}

void write_graceful_restart(ByteWriter& out, const Open::GracefulRestart& restart) {
  ByteWriter value;
  value.u16(static_cast<std::uint16_t>((restart.restarted ? 0x8000 : 0) |
                                       (restart.notification ? 0x4000 : 0) | (restart.time_s & 0x0fff)));
  for (const auto& entry : restart.entries) {
    write_family(value, entry.family);
    value.u8(entry.forwarding_kept ? 0x80 : 0);
  }
  write_capability(out, graceful_restart, value.data());
}

void write_long_lived(ByteWriter& out, const std::vector<Open::LongLived>& entries) {
  ByteWriter value;
  for (const Open::LongLived& entry : entries) {
    write_family(value, entry.family);
    value.u8(entry.forwarding_kept ? 0x80 : 0);
    value.u8(static_cast<std::uint8_t>(entry.stale_time_s >> 16));
    value.u16(static_cast<std::uint16_t>(entry.stale_time_s));
  }
  write_capability(out, long_lived, value.data());
}

void write_host_name(ByteWriter& out, const Open::HostName& name) {
  ByteWriter value;
  for (const std::string& text : {name.host, name.domain}) {
    value.u8(static_cast<std::uint8_t>(text.size()));
    value.text(text);
  }
  write_capability(out, host_name, value.data());
}

std::vector<std::uint8_t> capabilities_of(const Open& open) {
  ByteWriter out;
  for (const FamilyId& family : open.families) {
    ByteWriter value;
    value.u16(family.afi);
    value.u8(0);
    value.u8(family.safi);
    write_capability(out, multiprotocol, value.data());
  }
  if (open.route_refresh) write_capability(out, route_refresh, {});
  write_entries(out, extended_next_hop, std::span<const Open::ExtendedNextHop>(open.extended_next_hop), 6,
                [](ByteWriter& value, const Open::ExtendedNextHop& entry) {
                  for (const std::uint16_t part : {entry.afi, entry.safi, entry.next_hop_afi})
                    value.u16(part);
                });
  if (open.extended_message) write_capability(out, extended_message, {});
  for (const std::uint8_t value : open.roles) write_capability(out, role, std::span(&value, 1));
  if (open.graceful_restart) write_graceful_restart(out, *open.graceful_restart);
  if (open.four_octet_asn) {
    ByteWriter value;
    value.u32(open.asn);
    write_capability(out, four_octet_asn, value.data());
  }
  write_entries(out, add_path, std::span<const Open::AddPath>(open.add_path), 4,
                [](ByteWriter& value, const Open::AddPath& entry) {
                  write_family(value, entry.family);
                  value.u8(static_cast<std::uint8_t>((entry.can_receive ? 1 : 0) | (entry.can_send ? 2 : 0)));
                });
  if (open.enhanced_route_refresh) write_capability(out, enhanced_route_refresh, {});
  if (open.long_lived) write_long_lived(out, *open.long_lived);
  if (open.host_name) write_host_name(out, *open.host_name);
  for (const Unread& other : open.other_capabilities) write_capability(out, other.code, other.value);
  return std::move(out).take();
}

}  // namespace

Result<Open> decode_open(std::span<const std::uint8_t> body) {
  ByteReader reader(body);
  Open out;
  out.version = reader.u8();
  out.asn = reader.u16();
  out.hold_time_s = reader.u16();
  out.bgp_identifier = net::Address::v4(reader.u32());
  std::size_t parameters = reader.u8();
  if (!reader.ok()) return fail(ErrorCode::invalid_argument, "OPEN: {} bytes are too few", body.size());
  if (out.version != 4) return fail(ErrorCode::invalid_argument, "OPEN: version {} is not 4", out.version);
  bool extended = false;
  if (parameters != 0 && !reader.empty() && reader.rest()[0] == extended_parameters) {
    reader.skip(1);
    parameters = reader.u16();
    extended = true;
  }
  ByteReader list = reader.sub(parameters);
  if (!reader.ok()) {
    return fail(ErrorCode::invalid_argument,
                "OPEN: optional parameters of {} bytes are longer than the message", parameters);
  }
  while (!list.empty()) {
    const std::uint8_t type = list.u8();
    const ByteReader value = list.sub(extended ? list.u16() : list.u8());
    if (!list.ok())
      return fail(ErrorCode::invalid_argument, "OPEN: parameter {} is longer than its list", type);
    if (type != parameter_capabilities) {
      const auto bytes = value.rest();
      out.other_parameters.push_back({type, {bytes.begin(), bytes.end()}});
    } else if (auto done = read_capabilities(value, out); !done) {
      return tl::unexpected(done.error());
    }
  }
  return out;
}

std::vector<std::uint8_t> encode_open_body(const Open& open) {
  std::vector<Unread> parameters;
  if (auto capabilities = capabilities_of(open); !capabilities.empty()) {
    parameters.push_back({parameter_capabilities, std::move(capabilities)});
  }
  parameters.insert(parameters.end(), open.other_parameters.begin(), open.other_parameters.end());
  std::size_t plain_size = 0;
  bool extended = false;
  for (const Unread& parameter : parameters) {
    plain_size += 2 + parameter.value.size();
    extended |= parameter.code == extended_parameters;
  }
  extended |= plain_size >= extended_parameters;
  ByteWriter body;
  body.u8(open.version);
  body.u16(static_cast<std::uint16_t>(open.asn > 65535 ? net::as_trans : open.asn));
  body.u16(open.hold_time_s);
  body.bytes(open.bgp_identifier.bytes());
  if (extended) {  // RFC 9072 section 2
    body.u8(extended_parameters);
    body.u8(extended_parameters);
    body.u16(static_cast<std::uint16_t>(plain_size + parameters.size()));
  } else {
    body.u8(static_cast<std::uint8_t>(plain_size));
  }
  for (const Unread& parameter : parameters) {
    body.u8(parameter.code);
    if (extended) body.u8(static_cast<std::uint8_t>(parameter.value.size() >> 8));
    body.u8(static_cast<std::uint8_t>(parameter.value.size()));
    body.bytes(parameter.value);
  }
  return std::move(body).take();
}

}  // namespace peering::wire::bgp
