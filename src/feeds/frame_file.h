// A file, or standard input, as a stream of frames: plain, gzip, bzip2 or zstd, in bounded memory. What a
// frame is, a function says: an MRT record, a BMP message.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace peering::feeds {

/// Reads one file from its start to its end. Not thread-safe.
class FrameFile {
 public:
  /// The length of the frame that the bytes begin with; 0 when more bytes are needed; an error when nothing
  /// after this point can be trusted. It limits the length, and so this class's memory.
  using Split = Result<std::size_t> (*)(std::span<const std::uint8_t>);

  ~FrameFile();
  FrameFile(FrameFile&&) noexcept;
  FrameFile& operator=(FrameFile&&) noexcept;

  /// `path` "-" is standard input. `not_found` or `io` when it cannot be opened.
  static Result<FrameFile> open(const std::string& path, Split split);

  /// The next frame, or an empty span at the end. It refers to memory that lasts until the next call. Errors
  /// end the file: a damaged stream (`corrupt`), a length that lies, bytes that are left over after the last
  /// whole frame.
  Result<std::span<const std::uint8_t>> next();
  /// Whole frames handed out so far.
  std::uint64_t frames() const;

 private:
  struct State;
  explicit FrameFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
