#include "store/rocksdb/database.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "base/log.h"
#include "store/rocksdb/sketch_block.h"
#include "store/rocksdb/slices.h"

namespace peering::store::rocks {

namespace {

constexpr std::string_view format_key = "format", upgrade_key = "upgrade_from";
constexpr std::string_view format_version = "3";
constexpr std::array<std::string_view, 2> format_versions_before = {"1", "2"};

constexpr std::array<const char*, table_count> table_names = {
    "default",       "events",          "events_by_scope", "event_log",
    "open_events",   "alerts",          "alerts_by_scope", "outbox",
    "outbox_by_due", "pending",         "idempotency",     "idempotency_by_time",
    "sketches",      "session_changes", "sketches_15m",    "sketches_1h",
    "sketches_1d",   "roll_ups_due"};

// RocksDB's own words, into our log. It would otherwise keep a file LOG, and Debian's build aborts the
// process when that file meets a full disk.
class OwnLog final : public rocksdb::Logger {
 public:
  OwnLog() : rocksdb::Logger(rocksdb::WARN_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char text[512];
    (void)std::vsnprintf(text, sizeof text, format, arguments);
    log::debug("telemetry store: {}", text);
  }
};

// Small: the process also holds routing tables. Everything is bounded, whatever the number of tables.
rocksdb::DBOptions database_options() {
  constexpr std::size_t megabyte = 1024 * 1024;
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.db_write_buffer_size = 128 * megabyte;
  options.max_total_wal_size = 256 * megabyte;
  options.max_open_files = 512;
  options.max_background_jobs = 2;
  options.bytes_per_sync = megabyte;
  options.info_log = std::make_shared<OwnLog>();
  return options;
}

rocksdb::ColumnFamilyOptions table_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  constexpr double bloom_bits_per_key = 10;
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = cache;
  blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits_per_key));
  blocks.cache_index_and_filter_blocks = true;
  // In small blocks: a whole filter is megabytes, and reading one for each look costs more than the look
  // saves.
  blocks.partition_filters = true;
  blocks.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  blocks.pin_l0_filter_and_index_blocks_in_cache = true;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
  options.level_compaction_dynamic_level_bytes = true;
  return options;
}

// What is pending is gone in seconds: packing it would cost more than anything else that is done with it.
rocksdb::ColumnFamilyOptions pending_options(rocksdb::ColumnFamilyOptions options) {
  options.compression = rocksdb::kNoCompression;
  options.bottommost_compression = rocksdb::kNoCompression;
  return options;
}

// Blocks of sketches are summed up when they are read, flushed or compacted, never by who writes them: he
// would hold up every other write.
rocksdb::ColumnFamilyOptions sketch_options(rocksdb::ColumnFamilyOptions options) {
  options.merge_operator = block_merge_operator();
  return options;
}

}  // namespace

tl::unexpected<Error> failed(const rocksdb::Status& status, std::string_view what) {
  const auto code = [&] {
    if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace) return ErrorCode::out_of_space;
    if (status.IsCorruption()) return ErrorCode::corrupt;
    if (status.IsBusy() || status.IsTryAgain() || status.IsShutdownInProgress())
      return ErrorCode::unavailable;
    return status.IsIOError() ? ErrorCode::io : ErrorCode::internal;
  }();
  return fail(code, "telemetry store, {}: {}", what, status.ToString());
}

void Batch::put(Table table, std::string_view key, std::string_view value) {
  (void)writes_.Put(handle(table), slice(key), slice(value));
}
void Batch::merge(Table table, std::string_view key, std::string_view block) {
  (void)writes_.Merge(handle(table), slice(key), slice(block));
}
void Batch::remove(Table table, std::string_view key) { (void)writes_.Delete(handle(table), slice(key)); }
void Batch::remove_range(Table table, std::string_view first, std::string_view end) {
  (void)writes_.DeleteRange(handle(table), slice(first), slice(end));
}

Result<std::unique_ptr<Database>> Database::open(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::io, "telemetry store {}: {}", folder, error.message());
  std::unique_ptr<Database> out(new Database(folder));
  if (auto opened = out->open_folder(); !opened) return tl::unexpected(opened.error());
  return out;
}

Database::~Database() { close(); }

Result<void> Database::open_folder() {
  constexpr std::size_t cache_bytes = 64UL * 1024 * 1024;
  const auto cache = rocksdb::NewLRUCache(cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> tables;
  for (const char* name : table_names) tables.emplace_back(name, table_options(cache));
  const auto options_of = [&](Table table) -> rocksdb::ColumnFamilyOptions& {
    return tables[static_cast<std::size_t>(table)].options;
  };
  options_of(Table::pending) = pending_options(options_of(Table::pending));
  for (const Table table : {Table::sketches, Table::sketches_15m, Table::sketches_1h, Table::sketches_1d})
    options_of(table) = sketch_options(options_of(table));
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::Open(database_options(), folder_, tables, &handles, &raw);
  if (!status.ok()) return failed(status, folder_);
  db_.reset(raw);
  std::ranges::copy(handles, handles_.begin());
  broken_ = false;
  return check_format();
}

void Database::close() {
  if (!db_) return;
  for (rocksdb::ColumnFamilyHandle* each : handles_) (void)db_->DestroyColumnFamilyHandle(each);
  (void)db_->Close();
  db_.reset();
}

Result<void> Database::reopen() {
  if (auto room = check_room(); !room) return room;
  close();
  auto opened = open_folder();
  if (opened) log::info("telemetry store: opened again after a failed write");
  return opened;
}

// Opening writes what the logs hold to tables, and a few small files.
Result<void> Database::check_room() const {
  constexpr std::uintmax_t small_files_bytes = 16UL * 1024 * 1024;
  std::error_code error;
  std::uintmax_t needed = small_files_bytes;
  for (const auto& each : std::filesystem::directory_iterator(folder_, error)) {
    if (each.path().extension() == ".log") needed += each.file_size(error);
  }
  const auto space = std::filesystem::space(folder_, error);
  if (error) return fail(ErrorCode::io, "telemetry store {}: {}", folder_, error.message());
  if (space.available >= needed) return {};
  return fail(ErrorCode::out_of_space, "telemetry store: the disk is full ({} bytes free, {} needed)",
              space.available, needed);
}

// A program of an older version must not open a folder that is half as this one writes it: the version comes
// first, and from which one the folder is still to be brought to it.
Result<void> Database::check_format() {
  const auto found = get(Table::state, format_key);
  if (!found) return tl::unexpected(found.error());
  if (*found && **found != format_version) {
    if (std::ranges::find(format_versions_before, std::string_view(**found)) == format_versions_before.end())
      return fail(ErrorCode::corrupt, "telemetry store: format version {}, this program knows {}", **found,
                  format_version);
    upgrade_from_ = **found;
  } else if (*found) {
    const auto unfinished = get(Table::state, upgrade_key);
    if (!unfinished) return tl::unexpected(unfinished.error());
    upgrade_from_ = unfinished->value_or("");
    return {};
  }
  Batch first = batch();
  first.put(Table::state, format_key, format_version);
  if (!upgrade_from_.empty()) first.put(Table::state, upgrade_key, upgrade_from_);
  return write(first);
}

Result<void> Database::finish_upgrade(Batch& batch) {
  batch.remove(Table::state, upgrade_key);
  auto written = write(batch);
  if (written) upgrade_from_.clear();
  return written;
}

Result<void> Database::write(Batch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = db_->Write(options, &batch.writes_);
  if (status.ok()) return {};
  broken_ = true;
  return failed(status, "write");
}

Result<std::optional<std::string>> Database::get(Table table, std::string_view key,
                                                 const rocksdb::Snapshot* snapshot) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::string value;
  const auto status = db_->Get(options, handle(table), slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return failed(status, "read");
  return value;
}

std::unique_ptr<rocksdb::Iterator> Database::iterate(Table table, const rocksdb::Snapshot* snapshot) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, handle(table)));
}

}  // namespace peering::store::rocks
