// The history of BGP sessions in RocksDB.
#pragma once

#include <span>
#include <vector>

#include "store/rocksdb/database.h"
#include "store/telemetry_store.h"

namespace peering::store::rocks {

/// The part of the telemetry store that is about sessions. Thread-safe, but for two appends at once.
class SessionTables {
 public:
  explicit SessionTables(Database& database) : database_(database) {}

  Result<void> append(std::span<const model::SessionChange> changes, TimePoint until);
  Result<std::vector<model::SessionChange>> changes(const SessionQuery& query);
  Result<KnownSessions> known();
  Result<void> expire(TimePoint before);

 private:
  Result<std::optional<TimePoint>> known_until();

  Database& database_;
};

}  // namespace peering::store::rocks
