// SQLite's C interface as two value-like owners: a connection and a prepared statement. Errors come back as
// Result, with SQLite's codes mapped to ours once, here. A connection keeps the statements it compiled: the
// texts are constants of this room, and compiling one costs more than running it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace peering::store::sqlite {

struct Connection;

/// One prepared statement. Bind by position from 1, then step. Text that is read lives until the next step.
/// Must end before its Database.
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
  struct GiveBack {
    Connection* connection = nullptr;
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3_stmt* statement, Connection& connection) : statement_(statement, GiveBack{&connection}) {}
  std::unique_ptr<sqlite3_stmt, GiveBack> statement_;
};

/// One connection to a database file in WAL mode, with every commit synced. Not thread-safe.
class Database {
 public:
  /// Opens or creates the file (mode 0600) and its folder.
  static Result<Database> open(const std::string& path);

  Result<Statement> prepare(std::string_view sql);
  /// Runs statements that give no rows.
  Result<void> execute(const char* sql);

  /// `told` hears after every commit of this connection how many pages the write-ahead log has, and SQLite no
  /// longer checkpoints by itself. Called within the commit; must not throw.
  void after_commit(std::function<void(std::size_t log_pages)> told);
  /// Moves what it can from the write-ahead log into the file without holding up a reader or a writer;
  /// nothing when another connection is at it.
  Result<void> checkpoint();

 private:
  struct Close {
    void operator()(Connection* connection) const;
  };
  explicit Database(sqlite3* handle);
  std::unique_ptr<Connection, Close> connection_;
};

/// Begun by `Transaction::begin`; rolled back at the end unless committed.
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

/// A part of a transaction that can be undone alone: undone at the end unless kept.
class Savepoint {
 public:
  static Result<Savepoint> begin(Database& database);
  Savepoint(Savepoint&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Savepoint& operator=(Savepoint&&) = delete;
  ~Savepoint();

  Result<void> keep();

 private:
  explicit Savepoint(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace peering::store::sqlite
