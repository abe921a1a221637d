#include "wire/mrt/bzip2_blocks.h"

#include <array>

#include <bzlib.h>

namespace peering::wire::mrt {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint64_t block_magic = 0x314159265359, trailer_magic = 0x177245385090;
constexpr std::uint64_t magic_bits = 48, magic_mask = (std::uint64_t{1} << magic_bits) - 1;
constexpr std::size_t block_bytes_max = 900'000 + 64;
constexpr std::size_t unpacked_min = 1 << 20;
// Runs of 4 to 259 equal bytes take five before the block sort.
constexpr std::size_t unpacked_max = block_bytes_max * 52;

// Appends bits, most significant first.
class BitWriter {
 public:
  explicit BitWriter(std::vector<std::uint8_t>& out) : out_(out) {}
  void put(std::uint32_t value, int count) {
    held_ = held_ << count | value;
    for (bits_ += count; bits_ >= 8; bits_ -= 8)
      out_.push_back(static_cast<std::uint8_t>(held_ >> (bits_ - 8)));
  }
  void flush() {
    if (bits_ > 0) put(0, 8 - bits_);
  }

 private:
  std::vector<std::uint8_t>& out_;
  std::uint64_t held_ = 0;
  int bits_ = 0;
};

// Whether a byte can be the one before the last whole byte of a mark, at any bit: most cannot.
constexpr auto inside_mark = [] {
  std::array<bool, 256> out{};
  for (int after = 0; after < 8; ++after) {
    for (const std::uint64_t magic : {block_magic, trailer_magic}) out[magic << after >> 16 & 0xff] = true;
  }
  return out;
}();

}  // namespace

std::uint32_t bits_at(Bytes bytes, std::uint64_t bit, int count) {
  std::uint64_t value = 0;
  const std::size_t first = bit / 8;
  for (std::size_t i = first; i < first + 5; ++i) value = value << 8 | (i < bytes.size() ? bytes[i] : 0U);
  value >>= 40 - static_cast<int>(bit % 8) - count;
  return static_cast<std::uint32_t>(value & ((std::uint64_t{1} << count) - 1));
}

std::optional<Bzip2Mark> find_bzip2_mark(Bytes bytes, std::uint64_t from_bit) {
  std::uint64_t window = 0;
  for (std::size_t at = from_bit / 8; at < bytes.size(); ++at) {
    window = window << 8 | bytes[at];
    if (!inside_mark[window >> 16 & 0xff]) continue;
    // The 48 bits end in the last byte, at any of its bits.
    for (int after = 7; after >= 0; --after) {
      const std::uint64_t value = window >> after & magic_mask;
      if (value != block_magic && value != trailer_magic) continue;
      const std::uint64_t end = (at + 1) * 8 - static_cast<std::uint64_t>(after);
      if (end < from_bit + magic_bits) continue;
      return Bzip2Mark{end - magic_bits, value == trailer_magic};
    }
  }
  return std::nullopt;
}

std::vector<std::uint8_t> bzip2_block_as_stream(Bytes bytes, std::uint64_t begin, std::uint64_t end,
                                                char level) {
  std::vector<std::uint8_t> out{'B', 'Z', 'h', static_cast<std::uint8_t>(level)};
  out.reserve((end - begin) / 8 + 24);
  const int shift = static_cast<int>(begin % 8);
  const std::uint64_t whole = (end - begin) / 8;
  for (std::uint64_t i = begin / 8; i < begin / 8 + whole; ++i) {
    const unsigned next = i + 1 < bytes.size() ? bytes[i + 1] : 0U;
    out.push_back(static_cast<std::uint8_t>((bytes[i] << 8 | next) >> (8 - shift)));
  }
  BitWriter bits(out);
  const int rest = static_cast<int>((end - begin) % 8);
  if (rest > 0) bits.put(bits_at(bytes, begin + whole * 8, rest), rest);
  bits.put(trailer_magic >> 24, 24);
  bits.put(trailer_magic & 0xffffff, 24);
  bits.put(bits_at(bytes, begin + magic_bits, 32), 32);  // of one block the checksum of all is its own
  bits.flush();
  return out;
}

Result<std::vector<std::uint8_t>> unpack_bzip2_block(Bytes stream) {
  bz_stream state{};
  if (BZ2_bzDecompressInit(&state, 0, 0) != BZ_OK) return fail(ErrorCode::internal, "bzip2: no memory");
  std::vector<std::uint8_t> out(unpacked_min);
  state.next_in = const_cast<char*>(reinterpret_cast<const char*>(stream.data()));
  state.avail_in = static_cast<unsigned>(stream.size());
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
  BZ2_bzDecompressEnd(&state);
  if (status != BZ_STREAM_END)
    return fail(ErrorCode::corrupt, "the bzip2 block is damaged (code {})", status);
  out.resize(filled);
  return out;
}

}  // namespace peering::wire::mrt
