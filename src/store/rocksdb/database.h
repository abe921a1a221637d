// RocksDB as this store uses it: a fixed set of tables (column families), errors as Result, synced atomic
// writes, and recovery from a full disk without a restart.
//
// After a failed write RocksDB takes no more. It would come back by itself once it finds room for all its
// write buffers, hundreds of megabytes, too late for us; so the store opens it anew as soon as there is room.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <rocksdb/db.h>

#include "base/result.h"

namespace peering::store::rocks {

/// Column families; docs/on-disk.md says what each holds.
enum class Table : std::uint8_t {
  state,
  events,
  events_by_scope,
  event_log,
  open_events,
  alerts,
  alerts_by_scope,
  outbox,
  outbox_by_due,
  pending,
  idempotency,
  idempotency_by_time,
  sketches,
  session_changes,
  sketches_15m,
  sketches_1h,
  sketches_1d,
  roll_ups_due,
};
inline constexpr std::size_t table_count = 18;

/// A RocksDB result as ours; `what` says what was tried.
tl::unexpected<Error> failed(const rocksdb::Status& status, std::string_view what);

/// Writes that happen together. Later writes of one key win.
class Batch {
 public:
  void put(Table table, std::string_view key, std::string_view value);
  /// Adds a block of sketches (`sketch_block.h`) to what is stored. For tables of sketches only.
  void merge(Table table, std::string_view key, std::string_view block);
  void remove(Table table, std::string_view key);
  /// Keys from `first`, inclusive, to `end`, exclusive.
  void remove_range(Table table, std::string_view first, std::string_view end);
  bool empty() const { return writes_.Count() == 0; }

 private:
  friend class Database;
  explicit Batch(const std::array<rocksdb::ColumnFamilyHandle*, table_count>& handles) : handles_(&handles) {}
  rocksdb::ColumnFamilyHandle* handle(Table table) const {
    return (*handles_)[static_cast<std::size_t>(table)];
  }
  const std::array<rocksdb::ColumnFamilyHandle*, table_count>* handles_;
  rocksdb::WriteBatch writes_;
};

/// Thread-safe, but for `reopen`. Iterators and snapshots must not outlive it.
class Database {
 public:
  /// Opens or creates the folder. `corrupt` for one of another format version.
  static Result<std::unique_ptr<Database>> open(const std::string& folder);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Batch batch() const { return Batch(handles_); }
  /// All of the batch or nothing, synced to disk. Concurrent writers share one sync (group commit). A failure
  /// leaves the database `broken`: it can be read, but every further write fails, too.
  Result<void> write(Batch& batch);

  /// The format version that the folder still has in part; empty: it is as this program writes it.
  const std::string& upgrade_from() const { return upgrade_from_; }
  /// Writes the batch, with which the folder is wholly of this format version.
  Result<void> finish_upgrade(Batch& batch);

  bool broken() const { return broken_; }
  /// False only after a `reopen` that failed half-way; nothing but `reopen` may be called then.
  bool is_open() const { return db_ != nullptr; }
  /// Closes and opens again, when there is room for it: `out_of_space` before anything is closed otherwise.
  /// What a failed write had written to the log by then may appear. Nobody else may use the database.
  Result<void> reopen();

  /// `snapshot` may be null: the latest state.
  Result<std::optional<std::string>> get(Table table, std::string_view key,
                                         const rocksdb::Snapshot* snapshot = nullptr) const;
  /// Not positioned yet. Look at `status()` when it is no longer valid.
  std::unique_ptr<rocksdb::Iterator> iterate(Table table, const rocksdb::Snapshot* snapshot = nullptr) const;
  rocksdb::ManagedSnapshot snapshot() const { return rocksdb::ManagedSnapshot(db_.get()); }

 private:
  explicit Database(std::string folder) : folder_(std::move(folder)) {}
  Result<void> open_folder();
  void close();
  Result<void> check_room() const;
  Result<void> check_format();
  rocksdb::ColumnFamilyHandle* handle(Table table) const { return handles_[static_cast<std::size_t>(table)]; }

  const std::string folder_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, table_count> handles_{};
  std::atomic<bool> broken_ = false;
  std::string upgrade_from_;
};

}  // namespace peering::store::rocks
