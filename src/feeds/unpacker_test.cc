#include "feeds/unpacker.h"

#include <filesystem>
#include <fstream>
#include <random>

#include <bzlib.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

namespace peering::feeds {
namespace {

namespace fs = std::filesystem;
using wire::mrt::Compression;
using Octets = std::vector<std::uint8_t>;

// Compresses by about half.
Octets some_bytes(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  Octets out(count);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random() % 16);
  return out;
}

Octets bzip2(const Octets& plain, int level) {
  Octets out(plain.size() + plain.size() / 50 + 1000);
  auto size = static_cast<unsigned>(out.size());
  char nothing = 0;  // no null pointer
  auto* from = plain.empty() ? &nothing : const_cast<char*>(reinterpret_cast<const char*>(plain.data()));
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(out.data()), &size, from,
                                     static_cast<unsigned>(plain.size()), level, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

Octets gzip(const Octets& plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Octets out(deflateBound(&stream, plain.size()) + 100);
  stream.next_in = const_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct Unpacked {
  Octets plain;
  std::string error;
};

Unpacked unpack(const Octets& packed, Compression compression) {
  const fs::path path = fs::path(testing::TempDir()) / "unpacker_test.packed";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(packed.data()), static_cast<std::streamsize>(packed.size()));
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  Unpacked out;
  {
    const auto unpacker = make_unpacker(file, compression);
    while (true) {
      auto piece = unpacker->next();
      if (!piece) out.error = piece.error().message;
      if (!piece || piece->empty()) break;
      out.plain.insert(out.plain.end(), piece->begin(), piece->end());
    }
  }
  ::close(file);
  fs::remove(path);
  return out;
}

Octets with(Octets first, const Octets& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

TEST(Unpacker, BlocksAndStreamsOfBzip2ComeInTheirOrder) {
  const Octets large = some_bytes(3'000'000, 1), small = some_bytes(1000, 2);
  for (const int level : {1, 9}) {
    const Unpacked done =
        unpack(with(with(bzip2(large, level), bzip2({}, 9)), bzip2(small, 5)), Compression::bzip2);
    EXPECT_EQ(done.error, "");
    EXPECT_TRUE(done.plain == with(large, small)) << level;
  }
}

TEST(Unpacker, StreamsOfNothingAreReadAsAnyOthers) {
  const Octets nothing = bzip2({}, 9), plain = some_bytes(1000, 8);
  Octets packed;
  for (int i = 0; i < 100'000; ++i) packed = with(std::move(packed), nothing);
  const Unpacked done = unpack(with(std::move(packed), bzip2(plain, 1)), Compression::bzip2);
  EXPECT_EQ(done.error, "");
  EXPECT_TRUE(done.plain == plain);
}

TEST(Unpacker, LongRunsUnpackToMuchMoreThanABlock) {
  const Octets zeros(60'000'000);
  const Unpacked done = unpack(bzip2(zeros, 9), Compression::bzip2);
  EXPECT_EQ(done.error, "");
  EXPECT_TRUE(done.plain == zeros);
}

TEST(Unpacker, WhatIsBeforeDamageIsGiven) {
  const Octets plain = some_bytes(3'000'000, 3);
  Octets packed = bzip2(plain, 1);
  packed[packed.size() / 2] ^= 0x10;
  Unpacked done = unpack(packed, Compression::bzip2);
  EXPECT_NE(done.error, "");
  EXPECT_GT(done.plain.size(), 1'000'000U);
  EXPECT_TRUE(std::equal(done.plain.begin(), done.plain.end(), plain.begin()));

  packed = bzip2(plain, 1);
  packed[packed.size() - 2] ^= 0x10;  // the checksum of all
  EXPECT_NE(unpack(packed, Compression::bzip2).error, "");

  packed = bzip2(plain, 9);
  packed.resize(packed.size() - 100);
  EXPECT_NE(unpack(packed, Compression::bzip2).error, "");

  packed = gzip(plain);
  packed.resize(packed.size() / 2);
  done = unpack(packed, Compression::gzip);
  EXPECT_NE(done.error, "");
  EXPECT_GT(done.plain.size(), 1'000'000U);
}

TEST(Unpacker, MembersOfGzipComeInTheirOrder) {
  const Octets large = some_bytes(3'000'000, 4), small = some_bytes(1000, 5);
  const Unpacked done = unpack(with(with(gzip(large), gzip({})), gzip(small)), Compression::gzip);
  EXPECT_EQ(done.error, "");
  EXPECT_TRUE(done.plain == with(large, small));
  EXPECT_TRUE(unpack(gzip({}), Compression::gzip).plain.empty());
}

TEST(Unpacker, SmallMembersOfGzipComeTogetherUpToDamage) {
  const Octets small = some_bytes(60'000, 7), large = some_bytes(2'500'000, 8);
  const Octets member = gzip(small);
  Octets packed, plain;
  for (int i = 0; i < 50; ++i) {
    packed = with(packed, member);
    plain = with(plain, small);
  }
  Unpacked done = unpack(with(with(packed, gzip(large)), member), Compression::gzip);
  EXPECT_EQ(done.error, "");
  EXPECT_TRUE(done.plain == with(with(plain, large), small));

  packed = with(packed, member);
  packed[packed.size() - 6] ^= 0x10;  // the checksum of the last
  done = unpack(packed, Compression::gzip);
  EXPECT_NE(done.error, "");
  ASSERT_GE(done.plain.size(), plain.size());
  EXPECT_TRUE(std::equal(plain.begin(), plain.end(), done.plain.begin()));
}

TEST(Unpacker, AReaderMayStopBeforeTheEnd) {
  const Octets packed = bzip2(some_bytes(3'000'000, 6), 1);
  const fs::path path = fs::path(testing::TempDir()) / "unpacker_test.stopped";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(packed.data()), static_cast<std::streamsize>(packed.size()));
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_FALSE(make_unpacker(file, Compression::bzip2)->next()->empty());
  ::close(file);
  fs::remove(path);
}

}  // namespace
}  // namespace peering::feeds
