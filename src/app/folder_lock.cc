#include "app/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace peering::app {

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

Result<void> FolderLock::take(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return fail(ErrorCode::io, "the data folder {} cannot be made: {}", folder.string(), error.message());
  ::chmod(folder.c_str(), 0700);
  file_ = ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) return fail(ErrorCode::io, "the data folder {} cannot be written", folder.string());
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::io, "the data folder {} is in use by another peeringd", folder.string());
  }
  return {};
}

}  // namespace peering::app
