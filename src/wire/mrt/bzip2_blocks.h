// bzip2 files taken apart into their blocks, which can be unpacked one by one and so by several threads.
//
// A file is streams; a stream is a header ("BZh" and the size of blocks), blocks that begin with a 48-bit
// magic at any bit, and a trailer with another magic and the checksum of all. The magic of a block can by
// chance stand inside one (once in some ten thousand files of a gigabyte): then that block does not unpack,
// and who unpacks falls back to reading in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"

namespace peering::wire::mrt {

/// Where something begins, in bits from the begin of the bytes.
struct Bzip2Mark {
  std::uint64_t bit = 0;
  bool trailer = false;  ///< of a stream, else a block
};

/// The first mark at or after `from_bit`; nothing when the bytes hold no whole one.
std::optional<Bzip2Mark> find_bzip2_mark(std::span<const std::uint8_t> bytes, std::uint64_t from_bit);

/// A block, not unpacked, as it lies in a file: some bits behind the begin of a byte.
struct Bzip2Block {
  std::vector<std::uint8_t> bytes;
  std::uint64_t begin = 0, end = 0;  ///< in bits
  char level = '9';                  ///< of the stream's header: '1' to '9'
  std::uint32_t checksum = 0;        ///< that the block says it has
};

/// Takes a file apart. Its memory is bounded by the size of a block and what is given at a time.
class Bzip2Splitter {
 public:
  enum class Part : std::uint8_t {
    more,     ///< `give` more, or say that this was all
    block,    ///< `block` is the next
    trailer,  ///< a stream ended; `checksum` is that of its blocks
    end,      ///< of the file, where it may end
    unfit,    ///< no bzip2 file as it should be: it has to be read in order
  };

  /// The next bytes of the file.
  void give(std::span<const std::uint8_t> bytes);
  /// No more will be given.
  void give_end() { ended_ = true; }
  /// After `end` and `unfit` it stays there.
  Part next();

  /// What the last `block` found. May be moved from.
  Bzip2Block block;
  /// What the last `trailer` found.
  std::uint32_t checksum = 0;

 private:
  Part find_part();
  Part begin_stream();  // `more` also when the header was read
  Part end_block(const Bzip2Mark& mark);
  Part end_stream();
  std::span<const std::uint8_t> packed() const;
  void forget(std::size_t bytes);

  std::vector<std::uint8_t> given_;
  std::size_t forgotten_ = 0;  // at its front: behind it is the byte in which the current block begins
  std::uint64_t begin_ = 0, scanned_ = 0;
  char level_ = 0;  // 0: a stream's header is next
  bool at_trailer_ = false, ended_ = false, unfit_ = false;
};

/// The checksum of a stream from those of its blocks, one after the other, beginning with 0.
constexpr std::uint32_t combine_bzip2_checksums(std::uint32_t sum, std::uint32_t block) {
  return (sum << 1 | sum >> 31) ^ block;
}

/// Unpacks one block after the other in memory that is used again. Used by one thread.
class Bzip2BlockReader {
 public:
  Bzip2BlockReader();
  ~Bzip2BlockReader();
  Bzip2BlockReader(const Bzip2BlockReader&) = delete;
  Bzip2BlockReader& operator=(const Bzip2BlockReader&) = delete;

  /// Replaces `out` by the block's plain bytes; checks its checksum. `corrupt` when it is no whole block,
  /// then `out` holds nothing.
  Result<void> unpack(const Bzip2Block& block, std::vector<std::uint8_t>& out);

 private:
  class Memory;
  Result<void> run(std::vector<std::uint8_t>& out);

  std::unique_ptr<Memory> memory_;
  std::vector<std::uint8_t> stream_;
};

}  // namespace peering::wire::mrt
