#include "store/sqlite/database.h"

#include <cerrno>
#include <filesystem>
#include <unordered_map>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace peering::store::sqlite {

struct Connection {
  sqlite3* handle = nullptr;
  std::unordered_multimap<std::string_view, sqlite3_stmt*> idle;  // compiled, by their own text
  std::function<void(std::size_t)> after_commit;
};

namespace {

ErrorCode code_of(sqlite3* connection, int result) {
  const int system_error = sqlite3_system_errno(connection);
  switch (result & 0xff) {
    case SQLITE_FULL:
      return ErrorCode::out_of_space;
    case SQLITE_IOERR:
      return system_error == ENOSPC || system_error == EDQUOT ? ErrorCode::out_of_space : ErrorCode::io;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::unavailable;
    case SQLITE_CONSTRAINT:
      return ErrorCode::conflict;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return ErrorCode::io;
    default:
      return ErrorCode::internal;
  }
}

tl::unexpected<Error> failed(sqlite3* connection, int result) {
  return fail(code_of(connection, result), "resource database: {}", sqlite3_errmsg(connection));
}

// The file holds secrets of channels: readable by its owner only, from its first byte on.
Result<void> make_private_file(const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) {
    const int why = errno;
    return fail(why == ENOSPC || why == EDQUOT ? ErrorCode::out_of_space : ErrorCode::io,
                "resource database {}: {}", path, std::error_code(why, std::system_category()).message());
  }
  ::close(file);
  return {};
}

}  // namespace

void Statement::GiveBack::operator()(sqlite3_stmt* statement) const {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  connection->idle.emplace(sqlite3_sql(statement), statement);
}

Database::Database(sqlite3* handle) : connection_(new Connection{handle, {}, {}}) {}

void Database::Close::operator()(Connection* connection) const {
  for (const auto& [text, statement] : connection->idle) sqlite3_finalize(statement);
  sqlite3_close_v2(connection->handle);
  delete connection;
}

Statement& Statement::bind(int position, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), position, value);
  return *this;
}

Statement& Statement::bind(int position, std::string_view value) {
  const char* data = value.data() ? value.data() : "";  // a null pointer would bind NULL
  sqlite3_bind_text64(statement_.get(), position, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_null(int position) {
  sqlite3_bind_null(statement_.get(), position);
  return *this;
}

Result<bool> Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return failed(sqlite3_db_handle(statement_.get()), result);
}

Result<void> Statement::run() {
  while (true) {
    const auto row = step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
  }
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::text(int column) const { return optional_text(column).value_or(""); }

std::optional<std::string> Statement::optional_text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (!text) return std::nullopt;
  return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

Result<Database> Database::open(const std::string& path) {
  constexpr int busy_wait_ms = 5000;
  if (auto made = make_private_file(path); !made) return tl::unexpected(made.error());
  sqlite3* raw = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (result != SQLITE_OK) {
    return fail(code_of(raw, result), "resource database {}: {}", path, sqlite3_errmsg(raw));
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, busy_wait_ms);
  const auto configured = database.execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;"
      "PRAGMA trusted_schema=OFF;");
  if (!configured) return tl::unexpected(configured.error());
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  const auto idle = connection_->idle.find(sql);
  if (idle != connection_->idle.end()) {
    sqlite3_stmt* const compiled = idle->second;
    connection_->idle.erase(idle);
    return Statement(compiled, *connection_);
  }
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(connection_->handle, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return failed(connection_->handle, result);
  return Statement(statement, *connection_);
}

Result<void> Database::execute(const char* sql) {
  const int result = sqlite3_exec(connection_->handle, sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return failed(connection_->handle, result);
  return {};
}

void Database::after_commit(std::function<void(std::size_t log_pages)> told) {
  connection_->after_commit = std::move(told);
  const auto hook = [](void* connection, sqlite3*, const char*, int pages) {
    static_cast<Connection*>(connection)->after_commit(static_cast<std::size_t>(pages));
    return SQLITE_OK;
  };
  sqlite3_wal_hook(connection_->handle, hook, connection_.get());
}

Result<void> Database::checkpoint() {
  const int result =
      sqlite3_wal_checkpoint_v2(connection_->handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (result != SQLITE_OK && (result & 0xff) != SQLITE_BUSY) return failed(connection_->handle, result);
  return {};
}

Result<Transaction> Transaction::begin(Database& database, Mode mode) {
  const auto begun = database.execute(mode == Mode::write ? "BEGIN IMMEDIATE" : "BEGIN");
  if (!begun) return tl::unexpected(begun.error());
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_) (void)database_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
  auto committed = database_->execute("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

Result<Savepoint> Savepoint::begin(Database& database) {
  if (auto begun = database.execute("SAVEPOINT part"); !begun) return tl::unexpected(begun.error());
  return Savepoint(database);
}

Savepoint::~Savepoint() {
  if (database_) (void)database_->execute("ROLLBACK TO part; RELEASE part");
}

Result<void> Savepoint::keep() {
  auto kept = database_->execute("RELEASE part");
  if (kept) database_ = nullptr;
  return kept;
}

}  // namespace peering::store::sqlite
