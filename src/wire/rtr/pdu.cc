#include "wire/rtr/pdu.h"

#include "base/byte_cursor.h"

namespace peering::wire::rtr {

namespace {

enum class Type : std::uint8_t {
  serial_notify = 0,
  serial_query = 1,
  reset_query = 2,
  cache_response = 3,
  ipv4_prefix = 4,
  ipv6_prefix = 6,
  end_of_data = 7,
  cache_reset = 8,
  router_key = 9,
  error_report = 10,
  aspa = 11,
};

constexpr std::uint8_t flag_announce = 1;
constexpr std::size_t intervals_bytes = 12;
constexpr std::uint8_t router_key_version_min = 1, aspa_version_min = 2;

using Decoded = tl::expected<Pdu, DecodeFailure>;

tl::unexpected<DecodeFailure> refuse(ErrorKind kind, std::string message) {
  return tl::unexpected(DecodeFailure{kind, std::move(message)});
}

struct Header {
  std::uint8_t version = 0;
  std::uint8_t type = 0;
  std::uint16_t field = 0;  // session id, error code or flags
};

tl::unexpected<DecodeFailure> wrong_length(std::string_view what, std::size_t body) {
  return refuse(ErrorKind::corrupt_data, fmt::format("{}: a length of {} bytes", what, body + header_bytes));
}

// RFC 8210 section 5.6: only the lowest bit of the flags means something; the others are ignored.
Decoded prefix(ByteReader body, net::Family family) {
  const std::size_t address = family == net::Family::ipv4 ? 4 : 16;
  if (body.left() != 8 + address) return wrong_length("prefix", body.left());
  const std::uint8_t flags = body.u8();
  const int length = body.u8(), length_max = body.u8();
  body.skip(1);
  const auto bytes = body.bytes(address);
  const net::Asn asn = body.u32();
  if (length > length_max || length_max > net::address_bits(family)) {
    return refuse(ErrorKind::corrupt_data,
                  fmt::format("prefix of length {} with maximum length {}", length, length_max));
  }
  const net::Address at =
      family == net::Family::ipv4 ? net::Address::v4(bytes.first<4>()) : net::Address::v6(bytes.first<16>());
  return PrefixPdu{(flags & flag_announce) != 0,
                   {net::Prefix(at, length), static_cast<std::uint8_t>(length_max), asn}};
}

Decoded end_of_data(const Header& header, ByteReader body) {
  EndOfData out{header.field, 0, std::nullopt};
  const bool timed = header.version > 0;
  if (body.left() != 4 + (timed ? intervals_bytes : 0)) return wrong_length("end of data", body.left());
  out.serial = body.u32();
  if (timed) {
    Intervals intervals;
    intervals.refresh_s = body.u32();
    intervals.retry_s = body.u32();
    intervals.expire_s = body.u32();
    out.intervals = intervals;
  }
  return out;
}

Decoded router_key(const Header& header, ByteReader body) {
  RouterKeyPdu out;
  out.announce = (header.field >> 8 & flag_announce) != 0;
  const auto identifier = body.bytes(out.key.subject_key_identifier.size());
  out.key.asn = body.u32();
  if (!body.ok()) return refuse(ErrorKind::corrupt_data, "router key: cut short");
  std::copy(identifier.begin(), identifier.end(), out.key.subject_key_identifier.begin());
  out.key.public_key.assign(body.rest().begin(), body.rest().end());
  return out;
}

// Revisions before 11 of the draft: flags and family and a count stand before the customer, nothing in the
// header.
std::optional<AspaPdu> aspa_of_old_form(const Header& header, ByteReader body) {
  if (header.field != 0 || body.left() < 8) return std::nullopt;
  const std::uint8_t flags = body.u8(), family = body.u8();
  const std::size_t count = body.u16();
  AspaPdu out;
  out.aspa.customer = body.u32();
  if (flags > 1 || family > 1 || body.left() != count * 4) return std::nullopt;
  out.announce = (flags & flag_announce) != 0;
  out.aspa.scope = family == 0 ? AspaScope::ipv4 : AspaScope::ipv6;
  while (!body.empty()) out.aspa.providers.push_back(body.u32());
  return out;
}

Decoded aspa(const Header& header, ByteReader body) {
  AspaPdu out;
  if (body.left() < 4 || body.left() % 4 != 0) return wrong_length("ASPA", body.left());
  if (auto old = aspa_of_old_form(header, body)) {
    out = std::move(*old);
  } else {
    out.announce = (header.field >> 8 & flag_announce) != 0;
    out.aspa.customer = body.u32();
    while (!body.empty()) out.aspa.providers.push_back(body.u32());
  }
  if (out.announce && out.aspa.providers.empty()) {
    return refuse(ErrorKind::aspa_provider_list, "ASPA: an announcement without providers");
  }
  if (!out.announce) out.aspa.providers.clear();
  return out;
}

Decoded error_report(const Header& header, ByteReader body) {
  ErrorReport out;
  out.kind = static_cast<ErrorKind>(header.field);
  const auto inner = body.bytes(body.u32());
  out.pdu.assign(inner.begin(), inner.end());
  const auto text = body.bytes(body.u32());
  out.text.assign(text.begin(), text.end());
  if (!body.ok() || !body.empty()) {
    return refuse(ErrorKind::corrupt_data, "error report: its inner lengths do not add up");
  }
  return out;
}

template <class Value>
Decoded bare(std::string_view what, ByteReader body, Value value) {
  if (!body.empty()) return wrong_length(what, body.left());
  return value;
}

template <class Value>
Decoded with_serial(std::string_view what, const Header& header, ByteReader body) {
  if (body.left() != 4) return wrong_length(what, body.left());
  return Value{header.field, body.u32()};
}

tl::unexpected<DecodeFailure> unsupported(const Header& header) {
  return refuse(ErrorKind::unsupported_type,
                fmt::format("PDU type {} in version {}", header.type, header.version));
}

Decoded decode_body(const Header& header, ByteReader body) {
  switch (static_cast<Type>(header.type)) {
    case Type::serial_notify:
      return with_serial<SerialNotify>("serial notify", header, body);
    case Type::serial_query:
      return with_serial<SerialQuery>("serial query", header, body);
    case Type::reset_query:
      return bare("reset query", body, ResetQuery{});
    case Type::cache_response:
      return bare("cache response", body, CacheResponse{header.field});
    case Type::ipv4_prefix:
      return prefix(body, net::Family::ipv4);
    case Type::ipv6_prefix:
      return prefix(body, net::Family::ipv6);
    case Type::end_of_data:
      return end_of_data(header, body);
    case Type::cache_reset:
      return bare("cache reset", body, CacheReset{});
    case Type::router_key:
      return header.version < router_key_version_min ? unsupported(header) : router_key(header, body);
    case Type::aspa:
      return header.version < aspa_version_min ? unsupported(header) : aspa(header, body);
    case Type::error_report:
      return error_report(header, body);
  }
  return unsupported(header);
}

// Writes one PDU; the length is filled in at the end.
class Writer {
 public:
  Writer(std::uint8_t version, Type type, std::uint16_t field) {
    out_.u8(version);
    out_.u8(static_cast<std::uint8_t>(type));
    out_.u16(field);
    out_.u32(0);
  }
  ByteWriter& body() { return out_; }
  std::vector<std::uint8_t> finish() {
    out_.patch_u32(4, static_cast<std::uint32_t>(out_.size()));
    return std::move(out_).take();
  }

 private:
  ByteWriter out_;
};

struct Encoder {
  std::uint8_t version;
  using Bytes = std::vector<std::uint8_t>;

  Bytes serial(Type type, std::uint16_t session, std::uint32_t number) const {
    Writer out(version, type, session);
    out.body().u32(number);
    return out.finish();
  }
  Bytes operator()(const SerialNotify& p) const { return serial(Type::serial_notify, p.session, p.serial); }
  Bytes operator()(const SerialQuery& p) const { return serial(Type::serial_query, p.session, p.serial); }
  Bytes operator()(const ResetQuery&) const { return Writer(version, Type::reset_query, 0).finish(); }
  Bytes operator()(const CacheResponse& p) const {
    return Writer(version, Type::cache_response, p.session).finish();
  }
  Bytes operator()(const CacheReset&) const { return Writer(version, Type::cache_reset, 0).finish(); }
  Bytes operator()(const PrefixPdu& p) const {
    const bool v4 = p.vrp.prefix.family() == net::Family::ipv4;
    Writer out(version, v4 ? Type::ipv4_prefix : Type::ipv6_prefix, 0);
    out.body().u8(p.announce ? flag_announce : 0);
    out.body().u8(static_cast<std::uint8_t>(p.vrp.prefix.length()));
    out.body().u8(p.vrp.length_max);
    out.body().u8(0);
    out.body().bytes(p.vrp.prefix.address().bytes());
    out.body().u32(p.vrp.asn);
    return out.finish();
  }
  Bytes operator()(const EndOfData& p) const {
    Writer out(version, Type::end_of_data, p.session);
    out.body().u32(p.serial);
    if (version > 0) {
      const Intervals intervals = p.intervals.value_or(Intervals{});
      out.body().u32(intervals.refresh_s);
      out.body().u32(intervals.retry_s);
      out.body().u32(intervals.expire_s);
    }
    return out.finish();
  }
  Bytes operator()(const RouterKeyPdu& p) const {
    if (version < router_key_version_min) return {};
    Writer out(version, Type::router_key, p.announce ? flag_announce << 8 : 0);
    out.body().bytes(p.key.subject_key_identifier);
    out.body().u32(p.key.asn);
    out.body().bytes(p.key.public_key);
    return out.finish();
  }
  Bytes operator()(const AspaPdu& p) const {
    if (version < aspa_version_min) return {};
    Writer out(version, Type::aspa, p.announce ? flag_announce << 8 : 0);
    out.body().u32(p.aspa.customer);
    if (p.announce) {
      for (const net::Asn provider : p.aspa.providers) out.body().u32(provider);
    }
    return out.finish();
  }
  Bytes operator()(const ErrorReport& p) const {
    Writer out(version, Type::error_report, static_cast<std::uint16_t>(p.kind));
    out.body().u32(static_cast<std::uint32_t>(p.pdu.size()));
    out.body().bytes(p.pdu);
    out.body().u32(static_cast<std::uint32_t>(p.text.size()));
    out.body().text(p.text);
    return out.finish();
  }
};

}  // namespace

std::string to_string(const Vrp& vrp) {
  const std::string longest =
      vrp.length_max > vrp.prefix.length() ? fmt::format(" up to /{}", vrp.length_max) : std::string();
  return fmt::format("AS{} {}{}", vrp.asn, vrp.prefix.to_string(), longest);
}

std::string to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::corrupt_data:
      return "corrupt data";
    case ErrorKind::internal_error:
      return "internal error";
    case ErrorKind::no_data_available:
      return "no data available";
    case ErrorKind::invalid_request:
      return "invalid request";
    case ErrorKind::unsupported_version:
      return "unsupported protocol version";
    case ErrorKind::unsupported_type:
      return "unsupported PDU type";
    case ErrorKind::withdrawal_of_unknown:
      return "withdrawal of unknown record";
    case ErrorKind::duplicate_announcement:
      return "duplicate announcement received";
    case ErrorKind::unexpected_version:
      return "unexpected protocol version";
    case ErrorKind::aspa_provider_list:
      return "ASPA provider list error";
    case ErrorKind::transport_failed:
      return "transport failed";
    case ErrorKind::ordering:
      return "ordering error";
  }
  return fmt::format("error {}", static_cast<unsigned>(kind));
}

tl::expected<std::size_t, DecodeFailure> split_pdu(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < header_bytes) return 0;
  ByteReader length_at(bytes.subspan(4, 4));
  const std::size_t length = length_at.u32();
  if (length < header_bytes || length > pdu_bytes_max) {
    return refuse(ErrorKind::corrupt_data, fmt::format("a PDU length of {} bytes; {} to {} are possible",
                                                       length, header_bytes, pdu_bytes_max));
  }
  return bytes.size() < length ? 0 : length;
}

tl::expected<Versioned, DecodeFailure> decode_pdu(std::span<const std::uint8_t> bytes) {
  ByteReader in(bytes);
  Header header;
  header.version = in.u8();
  header.type = in.u8();
  header.field = in.u16();
  const std::size_t length = in.u32();
  if (!in.ok() || length != bytes.size()) {
    return refuse(ErrorKind::corrupt_data,
                  fmt::format("a PDU length of {} bytes in {} bytes", length, bytes.size()));
  }
  // An error report is how an older or newer cache says that it is one: it is read in any version.
  const bool report = header.type == static_cast<std::uint8_t>(Type::error_report);
  if (header.version > version_max && !report) {
    return refuse(ErrorKind::unsupported_version, fmt::format("protocol version {}", header.version));
  }
  auto pdu = decode_body(header, in);
  if (!pdu) return tl::unexpected(std::move(pdu.error()));
  return Versioned{header.version, std::move(*pdu)};
}

std::vector<std::uint8_t> encode_pdu(std::uint8_t version, const Pdu& pdu) {
  return std::visit(Encoder{version}, pdu);
}

}  // namespace peering::wire::rtr
