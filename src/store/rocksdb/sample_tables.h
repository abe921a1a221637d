// Accepted samples in RocksDB, until they are settled (`sketch_tables.h`).
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/rocksdb/database.h"
#include "store/telemetry_store.h"

namespace peering::store::rocks {

/// Thread-safe; accepting requests share one sync.
class SampleTables {
 public:
  explicit SampleTables(Database& database) : database_(database) {}
  /// Finds the last sequence given. Call before anything else, and after the database was opened again.
  Result<void> load();
  /// Removes what writes that were answered with an error left in the log. Call after the database was opened
  /// again: a batch that nobody acknowledged must not come back under its idempotency key.
  Result<void> discard_failed();

  Result<Accepted> accept(const model::SampleBatch& batch, std::string_view answer);
  Result<std::vector<PendingBatch>> pending(std::uint64_t after, std::size_t limit);
  /// Forgets old idempotency keys.
  Result<void> expire();

 private:
  class KeyClaim;
  Result<void> expire_keys(Batch& batch, TimePoint before);

  Database& database_;
  std::atomic<std::uint64_t> sequence_ = 0;  // of the last batch that was accepted

  // Idempotency keys of requests that are being written: a second request with such a key waits.
  std::mutex claims_mutex_;
  std::condition_variable claim_released_;
  std::set<std::string, std::less<>> claims_;

  struct FailedAccept {
    std::uint64_t sequence = 0;
    std::string idempotency_key;
  };
  std::mutex failed_mutex_;
  std::vector<FailedAccept> failed_;  // since the database was opened
};

}  // namespace peering::store::rocks
