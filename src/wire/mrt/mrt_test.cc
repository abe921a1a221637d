#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/byte_cursor.h"
#include "wire/mrt/decompress.h"
#include "wire/mrt/text.h"

namespace peering::wire::mrt {
namespace {

using testing::HasSubstr;

std::vector<std::uint8_t> seed(const std::string& name) {
  std::ifstream in(std::string(PEERING_SOURCE_DIR "/src/wire/mrt/testdata/") + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string text_of(Bytes rest) {
  TextWriter writer(TextStyle::bgpdump);
  TextBuffer out;
  while (!rest.empty()) {
    const auto length = split_record(rest).value();
    EXPECT_GT(length, 0U);
    if (length == 0) break;
    EXPECT_TRUE(writer.append(decode_header(rest.first(length)).value(), out));
    rest = rest.subspan(length);
  }
  return std::string(out.view());
}

TEST(MrtText, WritesTheLinesOfBgpdump) {
  EXPECT_EQ(text_of(seed("mrt_fuzz/updates")),
            "BGP4MP|1700000000|A|192.0.2.1|64496|203.0.113.0/24|64496 4200000001 "
            "64500|IGP|192.0.2.1|0|5|8069:8007|NAG||\n"
            "BGP4MP|1700000000|STATE|192.0.2.1|64496|6|1\n"
            "BGP4MP_ET|1700000000.000005|A|192.0.2.1|64496|2001:db8::/32|64496 4200000001 "
            "64500|IGP|2001:db8::1|0|0||NAG||\n"
            "BGP4MP_AP|1700000000|A|192.0.2.1|64496|203.0.113.0/24|7|64496 4200000001 "
            "64500|IGP|192.0.2.1|0|0||NAG||\n");
  EXPECT_EQ(text_of(seed("mrt_fuzz/old_type")),
            "BGP|1700000000|A|192.0.2.1|64496|203.0.113.0/24|64496|IGP|192.0.2.1|0|0|NAG||\n"
            "BGP|1700000000|STATE|192.0.2.1|64496|1|2\n");
}

TEST(Mrt, LyingAndMissingBytesAreErrorsThatNameTheRecord) {
  EXPECT_THAT(split_record(seed("mrt_fuzz/lying_length")).error().message, HasSubstr("length 4294967280"));
  const auto whole = seed("mrt_fuzz/updates");
  EXPECT_EQ(split_record(Bytes(whole).first(11)).value(), 0U);
  Record record = decode_header(Bytes(whole).first(split_record(whole).value())).value();
  const Bytes body = record.body;
  for (std::size_t size = 0; size < 39; ++size) {  // up to the end of the inner BGP header
    record.body = body.first(size);
    EXPECT_FALSE(decode_record(record).has_value()) << size;
  }
  record.type = 77;
  EXPECT_TRUE(std::holds_alternative<OtherRecord>(decode_record(record).value()));
}

// --- tables, written by hand -------------------------------------------------------------------------------

using Octets = std::vector<std::uint8_t>;

void append(Octets& out, const Octets& more) { out.insert(out.end(), more.begin(), more.end()); }

Octets record_of(std::uint16_t type, std::uint16_t subtype, const Octets& body) {
  ByteWriter out;
  out.u32(1'700'000'000);
  out.u16(type);
  out.u16(subtype);
  out.u32(static_cast<std::uint32_t>(body.size()));
  out.bytes(body);
  return std::move(out).take();
}

// An IPv4 peer of a two-octet AS, and an IPv6 peer of a four-octet AS.
const Octets peers_body{198, 51, 100, 9, 0,    3,    114, 105, 115, 0, 2, 0,    192,  0,    2,    1,
                        192, 0,  2,   1, 0xfb, 0xf0, 3,   192, 0,   2, 2, 0x20, 1,    0x0d, 0xb8, 0,
                        0,   0,  0,   0, 0,    0,    0,   0,   0,   0, 1, 0xfa, 0x56, 0xea, 1};
const Octets path_attributes{0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0xfa, 0x56, 0xea, 1};
const Octets next_hop{0x40, 3, 4, 192, 0, 2, 1};

// One prefix with one entry for each of the attributes given, of peers 0, 1, …
Octets routes_body(const Octets& prefix, const std::vector<Octets>& entries, bool add_path) {
  ByteWriter out;
  out.u32(7);
  out.bytes(prefix);
  out.u16(static_cast<std::uint16_t>(entries.size()));
  for (std::uint16_t i = 0; i < entries.size(); ++i) {
    out.u16(i);
    out.u32(1'600'000'000);
    if (add_path) out.u32(40U + i);
    out.u16(static_cast<std::uint16_t>(entries[i].size()));
    out.bytes(entries[i]);
  }
  return std::move(out).take();
}

Octets with(Octets first, const Octets& second) {
  append(first, second);
  return first;
}

TEST(MrtText, TablesNameTheirPeersByThePeerIndexTable) {
  Octets file = record_of(13, 1, peers_body);
  append(file, record_of(13, 2,
                         routes_body({24, 203, 0, 113}, {with(path_attributes, next_hop), path_attributes},
                                     false)));
  append(file, record_of(13, 8, routes_body({0}, {with(path_attributes, next_hop)}, true)));
  EXPECT_EQ(
      text_of(file),
      "TABLE_DUMP2|1700000000|B|192.0.2.1|64496|203.0.113.0/24|4200000001|IGP|192.0.2.1|0|0||NAG||\n"
      "TABLE_DUMP2|1700000000|B|2001:db8::1|4200000001|203.0.113.0/24|4200000001|IGP|255.255.255.255|0|0||"
      "NAG||\n"
      "TABLE_DUMP2_AP|1700000000|B|192.0.2.1|64496|0.0.0.0/0|40|4200000001|IGP|192.0.2.1|0|0||NAG||\n");
}

TEST(MrtText, TheNextHopOfIpv6EntriesStandsAloneOrInAWholeAttribute) {
  const Octets address{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
  const Octets alone = with({0x80, 14, 17, 16}, address);
  const Octets whole = with(with({0x80, 14, 21, 0, 2, 1, 16}, address), {0});
  Octets file = record_of(13, 1, peers_body);
  append(file, record_of(13, 4,
                         routes_body({32, 0x20, 1, 0x0d, 0xb8},
                                     {with(path_attributes, alone), with(path_attributes, whole)}, false)));
  const std::string text = text_of(file);
  const std::size_t first = text.find("|2001:db8::9|");
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_NE(text.find("|2001:db8::9|", first + 1), std::string::npos) << text;
}

const Octets old_entry_body{0,   0, 0, 1,    203,  0,    113, 0,  24,   1, 0, 0, 0,    9,
                            192, 0, 2, 1,    0xfb, 0xf0, 0,   16, 0x40, 1, 1, 2, 0x40, 2,
                            4,   2, 1, 0xfb, 0xf0, 0x40, 3,   4,  192,  0, 2, 1};

TEST(MrtText, OldTablesHaveOneEntryARecord) {
  Octets body = old_entry_body;
  body[21] = 18;
  EXPECT_EQ(text_of(record_of(12, 1, body)),
            "TABLE_DUMP|1700000000|B|192.0.2.1|64496|203.0.113.0/24|64496|INCOMPLETE|192.0.2.1|0|0||NAG||\n");
}

std::string error_of(const Octets& file) {
  TextWriter writer(TextStyle::bgpdump);
  TextBuffer out;
  Bytes rest(file);
  std::string last;
  while (!rest.empty()) {
    const auto length = split_record(rest).value();
    const auto done = writer.append(decode_header(rest.first(length)).value(), out);
    if (!done) last = done.error().message;
    rest = rest.subspan(length);
  }
  return last;
}

TEST(Mrt, DamagedTablesAreErrorsThatNameTheRecord) {
  for (std::size_t size = 0; size < peers_body.size(); ++size) {
    const Octets cut(peers_body.begin(), peers_body.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THAT(error_of(record_of(13, 1, cut)), HasSubstr("MRT record 13/1 of second 1700000000")) << size;
  }
  const Octets routes = routes_body({24, 203, 0, 113}, {path_attributes}, false);
  for (std::size_t size = 0; size < routes.size(); ++size) {
    const Octets cut(routes.begin(), routes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THAT(error_of(with(record_of(13, 1, peers_body), record_of(13, 2, cut))), HasSubstr("shorter"))
        << size;
  }
  EXPECT_THAT(error_of(record_of(13, 2, routes)), HasSubstr("peer 0 is not in the PEER_INDEX_TABLE"));
  EXPECT_THAT(error_of(record_of(13, 2, routes_body({33, 1, 2, 3, 4, 5}, {}, false))),
              HasSubstr("a prefix length of 33 is too large"));
  EXPECT_THAT(error_of(record_of(12, 9, old_entry_body)), HasSubstr("neither IPv4 nor IPv6"));
  EXPECT_THAT(error_of(record_of(12, 1, Octets(21))), HasSubstr("shorter than an entry"));
  EXPECT_EQ(error_of(record_of(13, 6, {1, 2, 3})), "");  // RIB_GENERIC: not read
}

TEST(MrtText, RecordsWithoutATextAreCounted) {
  TextWriter writer(TextStyle::bgpdump);
  TextBuffer out;
  for (const Octets& file :
       {record_of(13, 6, {}), record_of(13, 7, {}), record_of(77, 1, {}), record_of(16, 99, {})}) {
    EXPECT_TRUE(writer.append(decode_header(file).value(), out));
  }
  EXPECT_EQ(writer.left_out(), 4U);
  EXPECT_EQ(out.size(), 0U);
}

TEST(MrtText, ReadableTextHasTheTimeAndEveryPrefix) {
  // An old record that withdraws 203.0.113.0/24.
  const Octets body{0xfb, 0xf0, 192, 0, 2, 1, 0xfb, 0xf1, 192, 0, 2, 2, 0, 4, 24, 203, 0, 113, 0, 0};
  const Octets file = record_of(5, 1, body);
  const Record record = decode_header(file).value();
  TextBuffer readable, exact;
  EXPECT_TRUE(TextWriter(TextStyle::readable).append(record, readable));
  EXPECT_TRUE(TextWriter(TextStyle::bgpdump).append(record, exact));
  EXPECT_EQ(readable.view(), "BGP|2023-11-14T22:13:20Z|W|192.0.2.1|64496|203.0.113.0/24\n");
  EXPECT_EQ(exact.view(), "BGP|1700000000|W|192.0.2.1|64496|192.0.2.1/24\n");  // as bgpdump does
}

TEST(MrtText, NumbersAndAddressesAreWrittenAsTheLibraryWritesThem) {
  char text[address_text_max];
  for (const std::uint32_t value : {0U, 9U, 10U, 99U, 100U, 65535U, 100000U, 1234567890U, 4294967295U}) {
    EXPECT_EQ(std::string(text, put_number(text, value)), std::to_string(value));
  }
  EXPECT_EQ(std::string(text, put_six_digits(text, 5)), "000005");
  EXPECT_EQ(std::string(text, put_six_digits(text, 123456)), "123456");
  for (const char* address : {"0.0.0.0", "255.10.9.100", "::", "::1", "2001:db8::1", "2001:db8:0:1::",
                              "fe80::1:0:0:1", "::ffff:192.0.2.1", "::192.0.2.1", "1:2:3:4:5:6:7:8"}) {
    EXPECT_EQ(std::string(text, put_address(text, net::Address::parse(address).value())), address);
  }
  // Unlike RFC 5952, and like bgpdump.
  const auto one_zero = net::Address::parse("1:2:3:0:5:6:7:8").value();
  EXPECT_EQ(std::string(text, put_address(text, one_zero)), "1:2:3::5:6:7:8");
}

std::vector<std::uint8_t> unpacked(std::vector<std::uint8_t> packed, std::size_t piece) {
  const auto decompressor = make_decompressor(detect_compression(packed));
  std::vector<std::uint8_t> out;
  Bytes input(packed);
  for (std::size_t before = 1; before != out.size() || !input.empty();) {
    before = out.size();
    EXPECT_TRUE(decompressor->feed(input, out, piece));
  }
  EXPECT_TRUE(decompressor->complete());
  return out;
}

TEST(Decompress, EveryFormatGivesThePlainBytesInPiecesOfAnySize) {
  const auto plain = seed("decompress_fuzz/plain");
  for (const std::size_t piece : {1U, 7U, 4096U}) {
    EXPECT_EQ(unpacked(plain, piece), plain);
    EXPECT_EQ(unpacked(seed("decompress_fuzz/bzip2"), piece), plain);
    EXPECT_EQ(unpacked(seed("decompress_fuzz/xz"), piece), plain);
    auto twice = seed("decompress_fuzz/xz");
    const auto stream = twice;
    twice.resize(twice.size() + 4);  // padding
    twice.insert(twice.end(), stream.begin(), stream.end());
    EXPECT_EQ(unpacked(twice, piece).size(), 2 * plain.size());
    auto both = plain;
    const auto old = seed("mrt_fuzz/old_type");
    both.insert(both.end(), old.begin(), old.end());
    EXPECT_EQ(unpacked(seed("decompress_fuzz/gzip"), piece), both);  // two members
  }
}

TEST(Decompress, DamageIsAnError) {
  const auto damaged = seed("decompress_fuzz/damaged_gzip");
  const auto decompressor = make_decompressor(detect_compression(damaged));
  Bytes input(damaged);
  std::vector<std::uint8_t> out;
  const auto done = decompressor->feed(input, out, 1 << 20);
  EXPECT_TRUE(!done || !decompressor->complete());
}

}  // namespace
}  // namespace peering::wire::mrt
