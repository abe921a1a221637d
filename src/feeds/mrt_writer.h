// MRT files written as collectors write them: one for every stretch of time, under a hidden name until it is
// complete, then renamed to `updates.YYYYMMDD.HHMM` (UTC, the stretch's begin; `.gz` when compressed). What
// has a name that counts is whole.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace peering::feeds {

struct MrtWriterSettings {
  std::filesystem::path folder;  ///< made when it is not there
  std::chrono::seconds every{900};
  bool compress = true;  ///< gzip
  /// Files whose stretch ended longer ago are deleted when one is completed; 0: none.
  std::chrono::seconds keep{0};
};

/// Owned by one thread. A file that was begun is completed by the destructor too.
class MrtWriter {
 public:
  explicit MrtWriter(MrtWriterSettings settings);
  ~MrtWriter();
  MrtWriter(const MrtWriter&) = delete;
  MrtWriter& operator=(const MrtWriter&) = delete;

  /// Appends whole records. `at` says into which stretch; one that is over already counts as the current.
  /// `io` when the disk refuses: the file so far is dropped, the next record begins another.
  Result<void> append(TimePoint at, std::span<const std::uint8_t> records);
  /// Completes the file when its stretch is over at `at`. For times without records.
  Result<void> tick(TimePoint at);
  /// Completes the file, if one was begun.
  Result<void> finish();
  /// Files completed so far.
  std::uint64_t files() const { return files_; }

 private:
  struct File;

  Result<void> begin(std::int64_t stretch);
  std::filesystem::path name_of(std::int64_t stretch) const;
  void drop();
  void delete_old(std::int64_t stretch);

  const MrtWriterSettings settings_;
  std::unique_ptr<File> file_;
  std::uint64_t files_ = 0;
};

}  // namespace peering::feeds
