// bzip2 by blocks against the library reading in order: what it accepts must come out identical, all else
// must be an error. The input is a file as it is, or what is packed here and then damaged, so that checksums
// let some of it through.
#include <algorithm>
#include <cstring>

#include <bzlib.h>

#include "base/byte_cursor.h"
#include "base/check.h"
#include "wire/mrt/bzip2_blocks.h"
#include "wire/mrt/decompress.h"

namespace mrt = peering::wire::mrt;

namespace {

using Octets = std::vector<std::uint8_t>;
using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t plain_max = 4 * 1024 * 1024, two_blocks = 150'000;

struct Unpacked {
  Octets plain;
  bool good = false, too_long = false;
};

Unpacked unpack_in_order(Bytes packed) {
  constexpr std::size_t piece_bytes = 32 * 1024;
  const auto decompressor = mrt::make_decompressor(mrt::Compression::bzip2);
  Unpacked out;
  while (true) {
    const std::size_t before_in = packed.size(), before_out = out.plain.size();
    if (!decompressor->feed(packed, out.plain, piece_bytes)) return out;
    out.too_long = out.plain.size() > plain_max;
    if (out.too_long) return out;
    if (packed.size() != before_in || out.plain.size() != before_out) continue;
    out.good = packed.empty() && decompressor->complete();
    return out;
  }
}

// Stops where a file has to be read in order.
Unpacked unpack_by_blocks(Bytes packed, std::size_t piece_bytes) {
  using Part = mrt::Bzip2Splitter::Part;
  mrt::Bzip2Splitter splitter;
  static mrt::Bzip2BlockReader reader;  // its memory stays
  Unpacked out;
  static Octets plain;
  for (std::uint32_t checksum = 0;;) {
    const Part part = splitter.next();
    if (part == Part::end) out.good = true;
    if (part == Part::end || part == Part::unfit) return out;
    if (part == Part::trailer && std::exchange(checksum, 0) != splitter.checksum) return out;
    if (part == Part::block) {
      checksum = mrt::combine_bzip2_checksums(checksum, splitter.block.checksum);
      if (!reader.unpack(splitter.block, plain)) return out;
      out.plain.insert(out.plain.end(), plain.begin(), plain.end());
    }
    if (part != Part::more) continue;
    const Bytes piece = packed.first(std::min(piece_bytes, packed.size()));
    if (piece.empty()) splitter.give_end();
    splitter.give(piece);
    packed = packed.subspan(piece.size());
  }
}

void append_stream(Octets plain, Octets& out) {
  Octets packed(plain.size() + plain.size() / 50 + 1000);
  auto size = static_cast<unsigned>(packed.size());
  const auto length = static_cast<unsigned>(plain.size());
  plain.push_back(0);  // no null pointer
  PEERING_CHECK(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(packed.data()), &size,
                                         reinterpret_cast<char*>(plain.data()), length, 1, 0, 0) == BZ_OK);
  out.insert(out.end(), packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
}

// One to four streams, bytes of them overwritten or the end cut off.
Octets made_of(peering::ByteReader& from) {
  const std::uint8_t options = from.u8();
  const std::size_t damages = from.u8() % 4;
  std::uint32_t places[3], values[3];
  for (std::size_t i = 0; i < damages; ++i) {
    places[i] = from.u32();
    values[i] = from.u8();
  }
  const Bytes rest = from.rest();
  Octets out;
  for (int stream = options % 4; stream >= 0; --stream) {
    Octets plain(rest.begin(), rest.end());
    const bool repeats = (options & 4) != 0 && stream == 0 && !rest.empty();
    while (repeats && plain.size() < two_blocks) {
      const auto count = static_cast<std::ptrdiff_t>(plain.size());
      plain.insert(plain.end(), rest.begin(), rest.end());
      plain[static_cast<std::size_t>(count)] ^= static_cast<std::uint8_t>(count);
    }
    append_stream(std::move(plain), out);
  }
  for (std::size_t i = 0; i < damages; ++i)
    out[places[i] % out.size()] ^= static_cast<std::uint8_t>(values[i]);
  if ((options & 8) != 0 && damages > 0) out.resize(places[0] % out.size());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  peering::ByteReader from({data, size});
  const std::uint8_t mode = from.u8();
  const Octets packed = (mode & 1) != 0 ? made_of(from) : Octets(from.rest().begin(), from.rest().end());
  if (packed.empty()) return 0;
  const Unpacked whole = unpack_in_order(packed);
  if (whole.too_long) return 0;
  const Unpacked blocks = unpack_by_blocks(packed, (mode & 2) != 0 ? 777 : 1024 * 1024);
  PEERING_CHECK(!blocks.good || whole.good);
  PEERING_CHECK(!blocks.good || blocks.plain.size() == whole.plain.size());
  PEERING_CHECK(blocks.plain.size() <= whole.plain.size());
  PEERING_CHECK(std::equal(blocks.plain.begin(), blocks.plain.end(), whole.plain.begin()));
  // Nobody but us packed it: then every block has to be found.
  if ((mode & 1) != 0 && whole.good) PEERING_CHECK(blocks.good);
  return 0;
}
