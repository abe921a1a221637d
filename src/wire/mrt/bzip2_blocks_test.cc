#include "wire/mrt/bzip2_blocks.h"

#include <random>

#include <bzlib.h>
#include <gtest/gtest.h>

namespace peering::wire::mrt {
namespace {

using Octets = std::vector<std::uint8_t>;
using Part = Bzip2Splitter::Part;

Octets some_bytes(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  Octets out(count);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

Octets bzip2(const Octets& plain, int level) {
  Octets out(plain.size() + plain.size() / 50 + 1000);
  auto size = static_cast<unsigned>(out.size());
  char nothing = 0;
  auto* from = plain.empty() ? &nothing : const_cast<char*>(reinterpret_cast<const char*>(plain.data()));
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(out.data()), &size, from,
                                     static_cast<unsigned>(plain.size()), level, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

struct Unpacked {
  Octets plain;
  std::size_t blocks = 0;
  std::vector<std::uint32_t> checksums, trailers;  // combined, and as they stand in the file
  Part last = Part::more;
};

// Gives `piece_bytes` at a time.
Unpacked unpack(std::span<const std::uint8_t> packed, std::size_t piece_bytes) {
  Unpacked out;
  Bzip2Splitter splitter;
  Bzip2BlockReader reader;
  std::uint32_t checksum = 0;
  Octets plain;
  while (true) {
    out.last = splitter.next();
    if (out.last == Part::more) {
      const auto piece = packed.first(std::min(piece_bytes, packed.size()));
      if (piece.empty()) splitter.give_end();
      splitter.give(piece);
      packed = packed.subspan(piece.size());
    } else if (out.last == Part::block) {
      ++out.blocks;
      checksum = combine_bzip2_checksums(checksum, splitter.block.checksum);
      if (!reader.unpack(splitter.block, plain)) return out;
      out.plain.insert(out.plain.end(), plain.begin(), plain.end());
    } else if (out.last == Part::trailer) {
      out.checksums.push_back(checksum);
      out.trailers.push_back(splitter.checksum);
      checksum = 0;
    } else {
      return out;
    }
  }
}

TEST(Bzip2Blocks, AMarkIsFoundAtEveryBitWhateverTheSearchBeginsWith) {
  constexpr std::uint64_t magics[] = {0x314159265359, 0x177245385090};
  for (const bool trailer : {false, true}) {
    for (std::uint64_t bit = 0; bit < 80; ++bit) {
      Octets bytes = some_bytes(16, static_cast<std::uint32_t>(bit));
      for (std::uint64_t i = 0; i < 48; ++i) {
        const auto mask = static_cast<std::uint8_t>(0x80 >> (bit + i) % 8);
        std::uint8_t& byte = bytes[(bit + i) / 8];
        byte =
            static_cast<std::uint8_t>((byte & ~mask) | ((magics[trailer] >> (47 - i) & 1) != 0 ? mask : 0));
      }
      for (std::uint64_t from = 0; from <= bit; ++from) {
        const auto mark = find_bzip2_mark(bytes, from);
        ASSERT_TRUE(mark) << bit << " from " << from;
        EXPECT_EQ(mark->bit, bit);
        EXPECT_EQ(mark->trailer, trailer);
      }
      EXPECT_FALSE(find_bzip2_mark(bytes, bit + 1));
      EXPECT_FALSE(find_bzip2_mark(std::span(bytes).first((bit + 47) / 8), 0)) << "the last bit is missing";
    }
  }
}

TEST(Bzip2Blocks, AFileIsItsBlocksHoweverItIsGiven) {
  const Octets plain = some_bytes(350'000, 1);
  Octets packed = bzip2(plain, 1);
  for (const Octets& more : {bzip2({}, 9), bzip2({1, 2, 3}, 5)})
    packed.insert(packed.end(), more.begin(), more.end());
  Octets whole = plain;
  whole.insert(whole.end(), {1, 2, 3});
  for (const std::size_t piece_bytes : {std::size_t{1'000}, std::size_t{65'536}, packed.size()}) {
    const Unpacked done = unpack(packed, piece_bytes);
    EXPECT_EQ(done.last, Part::end);
    EXPECT_EQ(done.blocks, 5U);
    EXPECT_EQ(done.trailers.size(), 3U);
    EXPECT_EQ(done.checksums, done.trailers);
    EXPECT_TRUE(done.plain == whole) << piece_bytes;
  }
  const Unpacked slowly = unpack(bzip2({7, 7, 7}, 1), 1);
  EXPECT_EQ(slowly.last, Part::end);
  EXPECT_EQ(slowly.plain, (Octets{7, 7, 7}));
}

TEST(Bzip2Blocks, WhatIsNoFileOfBlocksHasToBeReadInOrder) {
  const Octets good = bzip2(some_bytes(1000, 2), 3);
  for (std::size_t bytes = 1; bytes < good.size(); bytes += bytes < 30 ? 1 : 50) {
    EXPECT_EQ(unpack(std::span(good).first(bytes), 4096).last, Part::unfit) << "cut off after " << bytes;
  }
  for (const std::size_t damaged : {0, 1, 2, 3, 4, 9}) {
    Octets bad = good;
    bad[damaged] ^= 0x80;
    EXPECT_EQ(unpack(bad, 4096).last, Part::unfit) << damaged;
  }
  Octets longer = good;
  longer.push_back(0);
  EXPECT_EQ(unpack(longer, 4096).last, Part::unfit) << "something follows";
  Octets endless{'B', 'Z', 'h', '9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59};
  endless.resize(3'000'000);
  EXPECT_EQ(unpack(endless, 65'536).last, Part::unfit) << "larger than any block";
}

TEST(Bzip2Blocks, ADamagedBlockIsRefusedAndTheReaderGoesOn) {
  const Octets plain = some_bytes(50'000, 3), packed = bzip2(plain, 1);
  Bzip2Splitter splitter;
  splitter.give(packed);
  ASSERT_EQ(splitter.next(), Part::block);
  Bzip2BlockReader reader;
  Octets out;
  Bzip2Block bad = splitter.block;
  bad.bytes[bad.bytes.size() / 2] ^= 1;
  EXPECT_FALSE(reader.unpack(bad, out));
  EXPECT_TRUE(out.empty());
  bad = splitter.block;
  bad.end -= 9;
  EXPECT_FALSE(reader.unpack(bad, out));
  bad = splitter.block;
  bad.checksum ^= 1;
  EXPECT_FALSE(reader.unpack(bad, out));
  ASSERT_TRUE(reader.unpack(splitter.block, out));
  EXPECT_TRUE(out == plain);
  splitter.block.level = '9';
  ASSERT_TRUE(reader.unpack(splitter.block, out)) << "memory of another size";
  EXPECT_TRUE(out == plain);
}

}  // namespace
}  // namespace peering::wire::mrt
