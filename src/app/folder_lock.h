// One process a data folder: two would acknowledge into each other's files.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace peering::app {

/// Held until it is gone.
class FolderLock {
 public:
  FolderLock() = default;
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// Makes the folder when it is not there. `io`: it cannot be made or written, or another process has it.
  Result<void> take(const std::filesystem::path& folder);

 private:
  int file_ = -1;
};

}  // namespace peering::app
