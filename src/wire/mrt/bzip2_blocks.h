// bzip2 files taken apart into their blocks, which can be unpacked one by one and so by several threads.
//
// A file is streams; a stream is a header ("BZh" and the size of blocks), blocks that begin with a 48-bit
// magic at any bit, and a trailer with another magic and the checksum of all. The magic of a block can by
// chance stand inside one (once in some ten thousand files of a gigabyte): then that block does not unpack,
// and who unpacks falls back to reading in order.
#pragma once

#include <cstdint>
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

/// A block as a stream of its own: bits `begin` to `end` behind a header of size `level` ('1' to '9'), and a
/// trailer with the block's own checksum.
std::vector<std::uint8_t> bzip2_block_as_stream(std::span<const std::uint8_t> bytes, std::uint64_t begin,
                                                std::uint64_t end, char level);

/// Unpacks what `bzip2_block_as_stream` made; checks its checksum. `corrupt` when it is no whole block.
Result<std::vector<std::uint8_t>> unpack_bzip2_block(std::span<const std::uint8_t> stream);

/// `count` (at most 32) bits at `bit`; those beyond the end are zero.
std::uint32_t bits_at(std::span<const std::uint8_t> bytes, std::uint64_t bit, int count);

}  // namespace peering::wire::mrt
