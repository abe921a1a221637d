// The catalogue in force: that of `[catalog] file`, read at the start and on SIGHUP. A file that cannot be
// used leaves in force what was read before.
#pragma once

#include <mutex>
#include <string>

#include "api/catalog.h"
#include "base/metrics.h"

namespace peering::app {

/// Thread-safe.
class CatalogFile {
 public:
  explicit CatalogFile(Metrics& metrics);

  /// Reads the file, which may be another one than before; an empty path is the compiled-in catalogue. The
  /// error is that of `api::load_catalog`.
  Result<void> read(const std::string& path);
  /// Null until the first `read` that succeeded.
  api::CatalogPointer current() const;

 private:
  Counter &used_, &refused_;
  mutable std::mutex mutex_;
  api::CatalogPointer current_;
};

}  // namespace peering::app
