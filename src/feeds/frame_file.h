// A file, or standard input, as a stream of frames: plain or compressed, in bounded memory. What a
// frame is, a function says: an MRT record, a BMP message.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
  /// Where the next frame seems to begin; the size of the bytes when there is none. The second argument: the
  /// file ends with these bytes.
  using Find = std::size_t (*)(std::span<const std::uint8_t>, bool);

  /// Bytes that are no frame.
  struct Gap {
    std::uint64_t offset = 0, bytes = 0;  ///< in the plain file
    std::string reason;
  };

  ~FrameFile();
  FrameFile(FrameFile&&) noexcept;
  FrameFile& operator=(FrameFile&&) noexcept;

  /// `path` "-" is standard input. `not_found` or `io` when it cannot be opened. With `find` damage is
  /// skipped; without, it ends the file.
  static Result<FrameFile> open(const std::string& path, Split split, Find find = nullptr);

  /// The next frame, or an empty span at the end. It refers to memory that lasts until the next call. Errors
  /// end the file: a damaged stream (`corrupt`), damage that nothing readable follows, bytes that are left
  /// over after the last whole frame.
  Result<std::span<const std::uint8_t>> next();
  /// Whole frames handed out so far.
  std::uint64_t frames() const;
  /// Where in the plain file the last frame began.
  std::uint64_t offset() const;
  /// What was skipped before the last frame, if anything.
  const std::optional<Gap>& gap() const;

 private:
  struct State;
  explicit FrameFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
