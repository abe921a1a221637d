// The catalogue in force: that of `[catalog] file`, read at the start and on SIGHUP, with what the operator
// changed over the API laid over it. A file that cannot be used leaves in force what was read before.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "api/catalog.h"
#include "api/catalog_overlay.h"
#include "base/metrics.h"
#include "store/resource_store.h"

namespace peering::app {

/// Thread-safe.
class CatalogFile {
 public:
  explicit CatalogFile(Metrics& metrics);

  /// Reads the file, which may be another one than before; an empty path is the compiled-in catalogue. The
  /// error is that of `api::load_catalog`.
  Result<void> read(const std::string& path);
  /// The same, and says in the log what became of it.
  void read_again(const std::string& path);
  /// Takes over changes of the stored entries; of other types it takes nothing. What cannot be used is told
  /// in the log.
  void follow(const std::vector<store::Change>& changes);
  /// Null until the first `read` that succeeded.
  api::CatalogPointer current() const;

 private:
  void lay_over();  // under `mutex_`

  Counter &used_, &refused_;
  Gauge &stored_, &left_out_;
  mutable std::mutex mutex_;
  api::CatalogPointer file_, current_;
  api::CatalogRows rows_;
};

}  // namespace peering::app
