#include "wire/mrt/bzip2_blocks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>

#include <bzlib.h>

namespace peering::wire::mrt {

namespace {

using Bytes = std::span<const std::uint8_t>;
using Part = Bzip2Splitter::Part;

constexpr std::uint64_t block_magic = 0x314159265359, trailer_magic = 0x177245385090;
constexpr std::uint64_t magic_bits = 48;
constexpr std::uint64_t checksum_bits = 32, header_bits = 32;
constexpr std::size_t packed_max = 2 * 1024 * 1024;  // blocks are below 1 MiB
constexpr std::size_t block_bytes_max = 900'000 + 64;
constexpr std::size_t unpacked_min = 1 << 20;
// Runs of 4 to 259 equal bytes take five before the block sort.
constexpr std::size_t unpacked_max = block_bytes_max * 52;

// Eight bytes from `at`, the first in the top bits; those beyond the end are zero.
std::uint64_t word_at(Bytes bytes, std::size_t at) {
  std::uint64_t word = 0;
  const std::size_t left = bytes.size() - std::min(at, bytes.size());
  std::memcpy(&word, bytes.data() + bytes.size() - left, std::min<std::size_t>(left, 8));
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

// `count` (at most 56) bits at `bit`; those beyond the end are zero.
std::uint64_t bits_at(Bytes bytes, std::uint64_t bit, std::uint64_t count) {
  return word_at(bytes, bit / 8) << bit % 8 >> (64 - count);
}

// Two bytes that lie next to each other in a mark, wherever it begins in a byte: of any 65,536 pairs 64.
class PairsOfMarks {
 public:
  PairsOfMarks() {
    for (const std::uint64_t magic : {block_magic, trailer_magic}) {
      for (std::uint64_t first = 0; first < 32; ++first) {
        const std::uint64_t pair = magic >> (magic_bits - 16 - first) & 0xffff;
        words_[pair / 64] |= std::uint64_t{1} << pair % 64;
      }
    }
  }
  bool has(std::uint8_t first, std::uint8_t second) const {
    return (words_[first * 4U + second / 64U] >> second % 64U & 1) != 0;
  }

 private:
  std::array<std::uint64_t, 1024> words_{};
};

// The first mark that begins at one of the bits from `begin` to `end`.
std::optional<Bzip2Mark> mark_between(Bytes bytes, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t bit = begin; bit <= end && bit + magic_bits <= bytes.size() * 8; ++bit) {
    const std::uint64_t value = bits_at(bytes, bit, magic_bits);
    if (value == block_magic || value == trailer_magic) return Bzip2Mark{bit, value == trailer_magic};
  }
  return std::nullopt;
}

// Appends bits `begin` to `end`, from a whole byte on, and fills the last byte up with zeros. Gives how many
// bits of it are free.
int append_bits(Bytes bytes, std::uint64_t begin, std::uint64_t end, std::vector<std::uint8_t>& out) {
  const std::uint64_t count = end - begin;
  const std::size_t before = out.size();
  out.resize(before + (count + 7) / 8 + 8);  // words are written whole
  std::uint8_t* to = out.data() + before;
  for (std::uint64_t done = 0; done < count; done += 56, to += 7) {
    std::uint64_t word = bits_at(bytes, begin + done, 56) << 8;
    if (count - done < 56) word &= ~(~std::uint64_t{0} >> (count - done));
    for (int shift = 56, i = 0; shift >= 0; shift -= 8, ++i) to[i] = static_cast<std::uint8_t>(word >> shift);
  }
  out.resize(before + (count + 7) / 8);
  return static_cast<int>((8 - count % 8) % 8);
}

// The block as a stream of its own: behind a header, and before a trailer with the block's own checksum.
void frame_block(const Bzip2Block& block, std::vector<std::uint8_t>& out) {
  out.assign({'B', 'Z', 'h', static_cast<std::uint8_t>(block.level)});
  int free = append_bits(block.bytes, block.begin, block.end, out);
  const auto put = [&](std::uint64_t value, int count) {
    for (int bit = count - 1; bit >= 0; --bit) {
      if (free == 0) out.push_back(0);
      if (free == 0) free = 8;
      --free;
      out.back() |= static_cast<std::uint8_t>((value >> bit & 1) << free);
    }
  };
  put(trailer_magic, magic_bits);
  put(block.checksum, checksum_bits);
}

}  // namespace

// The 48 bits hold five whole bytes, and so four pairs of them: one of every four pairs is looked at.
std::optional<Bzip2Mark> find_bzip2_mark(Bytes bytes, std::uint64_t from_bit) {
  static const PairsOfMarks pairs;
  for (std::size_t at = (from_bit + 7) / 8; at + 1 < bytes.size(); at += 4) {
    if (!pairs.has(bytes[at], bytes[at + 1])) continue;
    const std::uint64_t begin =
        std::max<std::uint64_t>(at * 8 - std::min<std::uint64_t>(at * 8, 31), from_bit);
    if (const auto mark = mark_between(bytes, begin, at * 8)) return mark;
  }
  return std::nullopt;
}

// What was forgotten is moved over here, once for all that a read brings: streams may be of a few bytes each.
void Bzip2Splitter::give(Bytes bytes) {
  given_.erase(given_.begin(), given_.begin() + static_cast<std::ptrdiff_t>(forgotten_));
  forgotten_ = 0;
  given_.insert(given_.end(), bytes.begin(), bytes.end());
}

Bytes Bzip2Splitter::packed() const { return Bytes(given_).subspan(forgotten_); }

void Bzip2Splitter::forget(std::size_t bytes) { forgotten_ += bytes; }

Part Bzip2Splitter::next() {
  if (unfit_) return Part::unfit;
  const Part part = find_part();
  unfit_ = part == Part::unfit || (part == Part::more && ended_);  // damaged, cut off
  return unfit_ ? Part::unfit : part;
}

Part Bzip2Splitter::find_part() {
  if (level_ == 0) {
    const Part part = begin_stream();
    if (level_ == 0) return part;
  }
  if (at_trailer_) return end_stream();
  const Bytes packed = this->packed();
  if (const auto mark = find_bzip2_mark(packed, scanned_)) return end_block(*mark);
  // What was seen of a mark may go on in what comes.
  const std::uint64_t seen = packed.size() * 8;
  scanned_ = std::max(scanned_, seen - std::min(seen, magic_bits - 1));
  return packed.size() > packed_max ? Part::unfit : Part::more;
}

Part Bzip2Splitter::begin_stream() {
  const Bytes packed = this->packed();
  if (packed.empty() && ended_) return Part::end;
  if (packed.size() * 8 < header_bits + magic_bits) return Part::more;
  if (std::memcmp(packed.data(), "BZh", 3) != 0 || packed[3] < '1' || packed[3] > '9') return Part::unfit;
  const auto mark = mark_between(packed, header_bits, header_bits);
  if (!mark) return Part::unfit;
  level_ = static_cast<char>(packed[3]);
  begin_ = header_bits;
  scanned_ = begin_ + magic_bits;
  at_trailer_ = mark->trailer;
  return Part::more;
}

Part Bzip2Splitter::end_block(const Bzip2Mark& mark) {
  const Bytes packed = this->packed();
  block.level = level_;
  block.begin = begin_ % 8;
  block.end = mark.bit;
  block.checksum = static_cast<std::uint32_t>(bits_at(packed, begin_ + magic_bits, checksum_bits));
  const std::size_t first = begin_ / 8;
  block.end -= first * 8;
  block.bytes.assign(packed.begin() + static_cast<std::ptrdiff_t>(first),
                     packed.begin() + static_cast<std::ptrdiff_t>((mark.bit + 7) / 8));
  begin_ = mark.bit % 8;
  scanned_ = begin_ + magic_bits;
  at_trailer_ = mark.trailer;
  forget(mark.bit / 8);
  return Part::block;
}

Part Bzip2Splitter::end_stream() {
  const Bytes packed = this->packed();
  const std::size_t end = (begin_ + magic_bits + checksum_bits + 7) / 8;
  if (packed.size() < end) return Part::more;
  checksum = static_cast<std::uint32_t>(bits_at(packed, begin_ + magic_bits, checksum_bits));
  forget(end);
  level_ = 0;
  at_trailer_ = false;
  return Part::trailer;
}

// What the library asks for, kept for its next block: a few pieces, the largest 3.6 MB.
class Bzip2BlockReader::Memory {
 public:
  void* take(std::size_t bytes) {
    for (Piece& piece : pieces_) {
      if (piece.used || piece.bytes != bytes) continue;
      piece.used = true;
      return piece.data.get();
    }
    std::erase_if(pieces_, [](const Piece& piece) { return !piece.used; });  // of another level
    void* data = ::operator new(bytes, std::align_val_t{64}, std::nothrow);
    if (data != nullptr) pieces_.push_back({std::unique_ptr<void, Free>(data), bytes, true});
    return data;
  }
  void give_back(void* data) {
    for (Piece& piece : pieces_) {
      if (piece.data.get() == data) piece.used = false;
    }
  }

 private:
  struct Free {
    void operator()(void* data) const { ::operator delete(data, std::align_val_t{64}); }
  };
  struct Piece {
    std::unique_ptr<void, Free> data;
    std::size_t bytes;
    bool used;
  };
  std::vector<Piece> pieces_;
};

Bzip2BlockReader::Bzip2BlockReader() : memory_(std::make_unique<Memory>()) {}
Bzip2BlockReader::~Bzip2BlockReader() = default;

Result<void> Bzip2BlockReader::unpack(const Bzip2Block& block, std::vector<std::uint8_t>& out) {
  frame_block(block, stream_);
  out.resize(std::max(out.size(), unpacked_min));
  const Result<void> done = run(out);
  if (!done) out.clear();
  return done;
}

Result<void> Bzip2BlockReader::run(std::vector<std::uint8_t>& out) {
  bz_stream state{};
  state.opaque = memory_.get();
  state.bzalloc = [](void* memory, int count, int bytes) {
    return static_cast<Memory*>(memory)->take(static_cast<std::size_t>(count) *
                                              static_cast<std::size_t>(bytes));
  };
  state.bzfree = [](void* memory, void* data) { static_cast<Memory*>(memory)->give_back(data); };
  if (BZ2_bzDecompressInit(&state, 0, 0) != BZ_OK) return fail(ErrorCode::internal, "bzip2: no memory");
  state.next_in = reinterpret_cast<char*>(stream_.data());
  state.avail_in = static_cast<unsigned>(stream_.size());
  std::size_t filled = 0;
  int status = BZ_OK;
  while (status == BZ_OK && filled < unpacked_max) {
    if (filled == out.size()) out.resize(out.size() * 2);
    state.next_out = reinterpret_cast<char*>(out.data() + filled);
    state.avail_out = static_cast<unsigned>(out.size() - filled);
    const unsigned before_in = state.avail_in, before_out = state.avail_out;
    status = BZ2_bzDecompress(&state);
    filled = out.size() - state.avail_out;
    if (state.avail_in == before_in && state.avail_out == before_out) break;  // cut off
  }
  const bool whole = status == BZ_STREAM_END && state.avail_in == 0;
  BZ2_bzDecompressEnd(&state);
  if (!whole) return fail(ErrorCode::corrupt, "the bzip2 block is damaged (code {})", status);
  out.resize(filled);
  return {};
}

}  // namespace peering::wire::mrt
