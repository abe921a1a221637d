#include "wire/openbmp/message.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/byte_cursor.h"
#include "base/digest.h"

namespace peering::wire::openbmp {

namespace {

constexpr std::string_view magic = "OBMP";
constexpr std::size_t hash_bytes = 16, name_bytes_max = 255;
constexpr std::uint8_t version_major = 1;
constexpr std::uint8_t flag_router = 0x80, flag_router_ipv6 = 0x40;

std::string text_of(Bytes bytes) {
  std::string out(bytes.begin(),
                  bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), name_bytes_max)));
  while (!out.empty() && out.back() == '\0') out.pop_back();
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

tl::unexpected<Error> refuse(std::string_view field, std::string_view value, std::string_view rule) {
  return tl::unexpected(invalid(field, value, rule));
}

Result<Message> decode_binary(Bytes bytes) {
  ByteReader fields(bytes.subspan(magic.size()));
  const std::uint32_t major = fields.u8();
  fields.skip(1);
  const std::uint32_t header_length = fields.u16(), body_length = fields.u32();
  if (major != version_major) return refuse("OpenBMP version", std::to_string(major), "1");
  if (!fields.ok() || header_length > bytes.size() || header_length > header_bytes_max) {
    return refuse("OpenBMP header length", std::to_string(header_length), "at most what there is, and 4096");
  }
  if (body_length != bytes.size() - header_length) {
    return refuse("OpenBMP message length", std::to_string(body_length), "the bytes behind the header");
  }
  // A later minor version may add fields behind those that are known.
  ByteReader rest(bytes.first(header_length).subspan(std::min<std::size_t>(header_length, 12)));
  Message out;
  const std::uint32_t flags = rest.u8();
  out.object = static_cast<std::uint8_t>(rest.u8());
  const std::uint32_t seconds = rest.u32(), microseconds = rest.u32();
  out.time = time_from_us(std::int64_t{seconds} * 1'000'000 + std::min(microseconds, 999'999U));
  const Bytes collector_hash = rest.bytes(hash_bytes);
  out.collector = text_of(rest.bytes(rest.u16()));
  if (out.collector.empty()) out.collector = to_hex(collector_hash);
  if ((flags & flag_router) != 0) {
    out.router_hash = to_hex(rest.bytes(hash_bytes));
    const Bytes address = rest.bytes(16);
    out.router_group = text_of(rest.bytes(rest.u16()));
    rest.skip(4);  // rows: of no meaning for raw BMP
    if (rest.ok()) {
      out.router_address = (flags & flag_router_ipv6) != 0 ? net::Address::v6(address.first<16>())
                                                           : net::Address::v4(address.first<4>());
    }
  }
  if (!rest.ok()) return refuse("OpenBMP header", "", "its fields fit its length");
  out.body = bytes.subspan(header_length);
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

void read_line(std::string_view key, std::string_view value, Message& out,
               std::optional<std::size_t>& length) {
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
  if (key == "C_HASH_ID") out.collector = text_of(bytes);
  if (key == "R_HASH_ID") out.router_hash = text_of(bytes);
  if (key == "T" && value == "bmp_raw") out.object = object_bmp_raw;
  if (key == "R_IP") {
    const auto address = net::Address::parse(value);
    if (address) out.router_address = *address;
  }
  std::size_t number = 0;
  const auto [end, wrong] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (key == "L" && wrong == std::errc{} && end == value.data() + value.size()) length = number;
}

Result<Message> decode_text(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), header_bytes_max));
  const std::size_t end = text.find("\n\n");
  if (end == std::string_view::npos)
    return refuse("OpenBMP header", "", "lines of text, ended by an empty one");
  Message out;
  out.object = object_bmp_raw;
  std::optional<std::size_t> length;
  std::string_view version, lines = text.substr(0, end + 1);
  while (!lines.empty()) {
    const std::size_t newline = lines.find('\n');
    const std::string_view line = lines.substr(0, newline);
    lines.remove_prefix(newline + 1);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return refuse("OpenBMP header line", line, "KEY: VALUE");
    const std::string_view key = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    if (key == "V") version = value;
    if (key == "T") out.object = 0;
    read_line(key, value, out, length);
  }
  if (!version.starts_with('1')) return refuse("OpenBMP version", version, "1");
  out.body = bytes.subspan(end + 2);
  if (length && *length != out.body.size()) {
    return refuse("OpenBMP message length", std::to_string(*length), "the bytes behind the header");
  }
  return out;
}

}  // namespace

Result<Message> decode_message(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with(magic)) return decode_binary(bytes);
  if (text.starts_with("V:")) return decode_text(bytes);
  return refuse("OpenBMP header", text.substr(0, magic.size()), "begins with OBMP or V:");
}

}  // namespace peering::wire::openbmp
