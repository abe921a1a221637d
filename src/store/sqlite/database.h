// SQLite's C interface as two value-like owners: a connection and a prepared statement. Errors come back as
// Result, with SQLite's codes mapped to ours once, here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace peering::store::sqlite {

/// One prepared statement. Bind by position from 1, then step. Text that is read lives until the next step.
class Statement {
 public:
  Statement& bind(int position, std::int64_t value);
  Statement& bind(int position, std::string_view value);
  Statement& bind_null(int position);

  /// True when a row can be read, false at the end.
  Result<bool> step();
  /// Steps to the end.
  Result<void> run();

  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::optional<std::string> optional_text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection to a database file in WAL mode, with every commit synced. Not thread-safe.
class Database {
 public:
  /// Opens or creates the file (mode 0600) and its folder.
  static Result<Database> open(const std::string& path);

  Result<Statement> prepare(std::string_view sql);
  /// Runs statements that give no rows.
  Result<void> execute(const char* sql);

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  explicit Database(sqlite3* connection) : connection_(connection) {}
  std::unique_ptr<sqlite3, Close> connection_;
};

/// Begins at construction by `Transaction::begin`; rolled back at the end unless committed.
class Transaction {
 public:
  enum class Mode { read, write };
  static Result<Transaction> begin(Database& database, Mode mode);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// Durable when it returns.
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace peering::store::sqlite
