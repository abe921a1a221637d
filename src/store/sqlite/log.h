// The log's table: entries in, pages out, and what is too old.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/sqlite/commit_queue.h"
#include "store/sqlite/database.h"

namespace peering::store::sqlite {

/// Adds an entry about `key` under its number. Within a transaction.
Result<void> append_to_log(Database& database, std::uint64_t number, std::string_view key, TimePoint at,
                           std::string_view document);

Result<LogPage> read_log(Database& database, const LogQuery& query);

/// The first part of the log whose root comes after `root` (nothing: the first of all); nothing: no more.
Result<std::optional<std::string>> next_root(Database& database, const std::optional<std::string>& root);

/// Where what the limits do not keep of a part ends, inclusive.
Result<LogPosition> end_of_surplus(Database& database, std::string_view root, const LogLimits& limits);

/// The oldest entries of `whole`, at most `entries_max`.
struct LogPiece {
  LogCut cut;
  std::size_t entries = 0;  ///< 0: none, and `cut` means nothing
};
Result<LogPiece> oldest_until(Database& database, const LogCut& whole, std::size_t entries_max);

/// Deletes them. Within a transaction.
Result<void> cut_log(Database& database, const LogCut& cut);

}  // namespace peering::store::sqlite
