#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
