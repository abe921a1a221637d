// Sketches of all levels in RocksDB, a table for each.
//
// Settling writes five-minute bins and marks their days as due, in one write; rolling up sums up a due day
// anew and takes the mark off, in one write. So a late batch only makes its day due again, and a crash at any
// moment loses and doubles nothing. Readers use five-minute bins of days that are due. Expiry drops ranges.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/rocksdb/database.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/sketch_block.h"
#include "store/sketch_levels.h"
#include "store/telemetry_store.h"

namespace peering::store::rocks {

/// Thread-safe.
class SketchTables {
 public:
  explicit SketchTables(Database& database) : database_(database) {}
  /// Call before anything else, and after the database was opened again. Brings what an older version of this
  /// program wrote to the present form.
  Result<void> load();

  Result<void> settle(const model::SketchBatch& added, std::uint64_t through);
  Result<Sketches> sketches(const SketchQuery& query);
  Result<std::size_t> roll_up(TimePoint before, std::size_t limit);
  Result<void> expire(const model::OfLevels<TimePoint>& before);

 private:
  using ResourceDay = std::pair<std::string, TimePoint>;

  Result<bool> was_settled(std::uint64_t through) const;
  Result<model::OfLevels<TimePoint>> kept_from(const rocksdb::Snapshot* snapshot) const;
  Result<std::set<TimePoint>> due_days(const SketchQuery& query, const rocksdb::Snapshot* snapshot) const;
  using VisitBlock = std::function<void(const BlockKey&, std::span<const BlockSketch>)>;
  Result<void> read(const LevelRange& range, const std::string& resource, const rocksdb::Snapshot* snapshot,
                    const VisitBlock& visit) const;
  // Both under `changing_`.
  Result<std::vector<ResourceDay>> due_before(TimePoint before, std::size_t limit) const;
  Result<bool> roll_up_day(const ResourceDay& due);
  Result<void> add_late(Batch& batch, std::span<const SketchRow> late,
                        const model::OfLevels<TimePoint>& kept) const;
  Result<void> remove_days_before(Batch& batch, Table table, TimePoint day) const;

  Database& database_;
  std::mutex changing_;            // one settles, rolls up or drops at a time
  std::set<ResourceDay> due_;      // some of those that are marked on disk; guarded by `changing_`
  std::set<ResourceDay> damaged_;  // cannot be rolled up; guarded by `changing_`
};

}  // namespace peering::store::rocks
