// Decompression of gzip, bzip2, zstd and xz streams, piece by piece, so that neither a large file nor a bomb
// grows memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace peering::wire::mrt {

enum class Compression : std::uint8_t { none, gzip, bzip2, zstd, xz };

/// By the magic at the start of a file (at least 6 bytes; fewer may count as `none`).
Compression detect_compression(std::span<const std::uint8_t> start);

/// One stream. Concatenated members are read one after the other, as gzip and bzip2 do.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Consumes the front of `input` and appends at most `output_max` bytes to `out`. Call again with what is
  /// left of the input until it is empty and nothing was appended. `corrupt` when the stream is damaged.
  virtual Result<void> feed(std::span<const std::uint8_t>& input, std::vector<std::uint8_t>& out,
                            std::size_t output_max) = 0;
  /// True between members: the input may end here.
  virtual bool complete() const = 0;
};

std::unique_ptr<Decompressor> make_decompressor(Compression compression);

}  // namespace peering::wire::mrt
