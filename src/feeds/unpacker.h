// Compressed files unpacked ahead of their reader, on other cores: gzip by libdeflate where a member fits
// into memory, bzip2 by its blocks, everything else one piece ahead. Memory is bounded.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "wire/mrt/decompress.h"

namespace peering::feeds {

/// Used by one thread.
class Unpacker {
 public:
  virtual ~Unpacker() = default;
  /// The next plain bytes, in memory that lasts until the next call; none at the end. `corrupt` when the
  /// stream is damaged or cut off, after all that could be unpacked.
  virtual Result<std::span<const std::uint8_t>> next() = 0;
};

/// `file` is a regular file, read from its begin; it must stay open. `compression` is not `none`.
std::unique_ptr<Unpacker> make_unpacker(int file, wire::mrt::Compression compression);

}  // namespace peering::feeds
