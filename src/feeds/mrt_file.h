// An MRT file or standard input as a stream of records: plain or compressed, in bounded memory.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "feeds/frame_file.h"
#include "wire/mrt/record.h"

namespace peering::feeds {

/// Reads one file from its start to its end. Not thread-safe.
class MrtFile {
 public:
  /// `path` "-" is standard input. `not_found` or `io` when it cannot be opened.
  static Result<MrtFile> open(const std::string& path);

  /// The next record, or false at the end. The record refers to memory that lasts until the next call. What
  /// is no record is skipped (`gap`). Errors end the file: a damaged stream (`corrupt`), damage that no
  /// record follows, bytes that are left over after the last whole record.
  Result<bool> next(wire::mrt::Record& record);
  /// Whole records handed out so far.
  std::uint64_t records() const { return file_.frames(); }
  /// Where in the plain file the last record began.
  std::uint64_t offset() const { return file_.offset(); }
  /// What was skipped before the last record, if anything.
  const std::optional<FrameFile::Gap>& gap() const { return file_.gap(); }

 private:
  explicit MrtFile(FrameFile file) : file_(std::move(file)) {}
  FrameFile file_;
};

}  // namespace peering::feeds
