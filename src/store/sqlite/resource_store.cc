#include "store/sqlite/resource_store.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include "store/conflicts.h"
#include "store/etag.h"
#include "store/sqlite/database.h"

namespace peering::store {

namespace {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

constexpr std::int64_t schema_version = 1;

// A deleted resource keeps its row without a document, so that followers learn of the deletion.
constexpr const char* schema = R"(
CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO state VALUES ('schema_version', 1), ('revision', 0);
CREATE TABLE resources (
  key TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  document TEXT,
  etag TEXT NOT NULL,
  revision INTEGER NOT NULL,
  position INTEGER NOT NULL,
  unique_value TEXT
) WITHOUT ROWID;
CREATE INDEX resources_by_type ON resources (type, key) WHERE document IS NOT NULL;
CREATE UNIQUE INDEX resources_by_unique ON resources (type, unique_value)
  WHERE unique_value IS NOT NULL;
CREATE UNIQUE INDEX resources_by_revision ON resources (revision, position);
)";

std::int64_t as_limit(std::size_t limit) {
  return static_cast<std::int64_t>(std::min<std::size_t>(limit, std::numeric_limits<std::int32_t>::max()));
}

// The first key after all that start with `prefix`. No UTF-8 text starts with 0xff.
std::string end_of_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return "\xff";
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

Result<std::int64_t> read_state(Database& database, std::string_view name) {
  auto statement = database.prepare("SELECT value FROM state WHERE name = ?1");
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->bind(1, name).step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail(ErrorCode::corrupt, "resource database: no {} in table state", name);
  return statement->integer(0);
}

Result<bool> has_tables(Database& database) {
  auto statement = database.prepare("SELECT name FROM sqlite_master WHERE name = 'state'");
  if (!statement) return tl::unexpected(statement.error());
  return statement->step();
}

// Makes the tables of a new file; refuses a file of another version.
Result<void> prepare_schema(Database& database, const std::string& path) {
  auto transaction = Transaction::begin(database, Transaction::Mode::write);
  if (!transaction) return tl::unexpected(transaction.error());
  const auto made_before = has_tables(database);
  if (!made_before) return tl::unexpected(made_before.error());
  if (!*made_before) {
    if (auto made = database.execute(schema); !made) return made;
  }
  const auto version = read_state(database, "schema_version");
  if (!version) return tl::unexpected(version.error());
  if (*version != schema_version) {
    return fail(ErrorCode::corrupt, "resource database {}: schema version {}, this program knows {}", path,
                *version, schema_version);
  }
  return transaction->commit();
}

// What a write must know of the row it replaces.
struct Existing {
  bool row = false, alive = false;
  std::string type, etag;
};

Result<Existing> read_existing(Database& database, std::string_view key) {
  auto statement = database.prepare("SELECT type, etag, document IS NOT NULL FROM resources WHERE key = ?1");
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->bind(1, key).step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return Existing{};
  return Existing{true, statement->integer(2) != 0, statement->text(0), statement->text(1)};
}

bool holds(const Write& write, const Existing& existing) {
  switch (write.condition) {
    case Condition::any:
      return true;
    case Condition::absent:
      return !existing.alive;
    case Condition::present:
      return existing.alive;
    case Condition::etag:
      return existing.alive && existing.etag == write.etag;
  }
  return false;
}

Result<void> check_unique(Database& database, const Write& write) {
  if (write.unique.empty()) return {};
  auto statement = database.prepare("SELECT key FROM resources WHERE type = ?1 AND unique_value = ?2");
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->bind(1, write.type).bind(2, write.unique).step();
  if (!row) return tl::unexpected(row.error());
  if (*row && statement->text(0) != write.key) return unique_conflict(write, statement->text(0));
  return {};
}

Result<void> put_row(Database& database, const Write& write, std::string_view type, Revision revision,
                     std::size_t position) {
  auto statement = database.prepare("INSERT OR REPLACE INTO resources VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, write.key).bind(2, type);
  statement->bind(5, static_cast<std::int64_t>(revision.value)).bind(6, static_cast<std::int64_t>(position));
  if (write.document) {
    statement->bind(3, *write.document).bind(4, make_etag(revision, write.key, *write.document));
  } else {
    statement->bind_null(3).bind(4, std::string_view());
  }
  if (write.document && !write.unique.empty()) {
    statement->bind(7, write.unique);
  } else {
    statement->bind_null(7);
  }
  return statement->run();
}

// False when nothing changed.
Result<bool> apply(Database& database, const Write& write, Revision revision, std::size_t position) {
  const auto existing = read_existing(database, write.key);
  if (!existing) return tl::unexpected(existing.error());
  if (!holds(write, *existing)) return condition_conflict(write);
  if (!write.document && !existing->alive) return false;
  if (write.document) {
    if (auto unique = check_unique(database, write); !unique) return tl::unexpected(unique.error());
  }
  const std::string_view type = write.document ? write.type : existing->type;
  if (auto put = put_row(database, write, type, revision, position); !put) return tl::unexpected(put.error());
  return true;
}

Resource read_resource(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3),
          Revision(static_cast<std::uint64_t>(row.integer(4)))};
}

class SqliteResourceStore final : public ResourceStore {
 public:
  SqliteResourceStore(std::string path, Database writer)
      : path_(std::move(path)), writer_(std::move(writer)) {}

  Result<Revision> commit(std::span<const Write> writes) override {
    const std::lock_guard lock(writer_mutex_);
    auto transaction = Transaction::begin(writer_, Transaction::Mode::write);
    if (!transaction) return tl::unexpected(transaction.error());
    const auto before = read_state(writer_, "revision");
    if (!before) return tl::unexpected(before.error());
    const Revision revision(static_cast<std::uint64_t>(*before) + 1);
    bool changed = false;
    for (std::size_t i = 0; i < writes.size(); ++i) {
      const auto applied = apply(writer_, writes[i], revision, i);
      if (!applied) return tl::unexpected(applied.error());
      changed = changed || *applied;
    }
    if (!changed) return Revision(revision.value - 1);
    auto statement = writer_.prepare("UPDATE state SET value = value + 1 WHERE name = 'revision'");
    if (!statement) return tl::unexpected(statement.error());
    if (auto ran = statement->run(); !ran) return tl::unexpected(ran.error());
    if (auto committed = transaction->commit(); !committed) return tl::unexpected(committed.error());
    return revision;
  }

  Result<std::optional<Resource>> get(std::string_view key) override {
    return reading<std::optional<Resource>>([&](Database& database) -> Result<std::optional<Resource>> {
      auto statement = database.prepare(
          "SELECT key, type, document, etag, revision FROM resources WHERE key = ?1 AND document IS NOT "
          "NULL");
      if (!statement) return tl::unexpected(statement.error());
      const auto row = statement->bind(1, key).step();
      if (!row) return tl::unexpected(row.error());
      if (!*row) return std::nullopt;
      return read_resource(*statement);
    });
  }

  Result<std::vector<Resource>> list(const ListQuery& query) override {
    return reading<std::vector<Resource>>([&](Database& database) -> Result<std::vector<Resource>> {
      auto statement = database.prepare(
          "SELECT key, type, document, etag, revision FROM resources"
          " WHERE type = ?1 AND document IS NOT NULL AND key > ?2 AND key >= ?3 AND key < ?4"
          " ORDER BY key LIMIT ?5");
      if (!statement) return tl::unexpected(statement.error());
      statement->bind(1, query.type).bind(2, query.after).bind(3, query.key_prefix);
      statement->bind(4, end_of_prefix(query.key_prefix)).bind(5, as_limit(query.limit));
      std::vector<Resource> out;
      while (true) {
        const auto row = statement->step();
        if (!row) return tl::unexpected(row.error());
        if (!*row) return out;
        out.push_back(read_resource(*statement));
      }
    });
  }

  Result<Changes> changes_since(Revision after, std::size_t limit) override {
    return reading<Changes>([&](Database& database) { return read_changes(database, after, limit); });
  }

 private:
  static Result<Changes> read_changes(Database& database, Revision after, std::size_t limit) {
    auto snapshot = Transaction::begin(database, Transaction::Mode::read);
    if (!snapshot) return tl::unexpected(snapshot.error());
    const auto latest = read_state(database, "revision");
    if (!latest) return tl::unexpected(latest.error());
    auto statement = database.prepare(
        "SELECT key, type, revision, document FROM resources WHERE revision > ?1 ORDER BY revision, "
        "position");
    if (!statement) return tl::unexpected(statement.error());
    statement->bind(1, static_cast<std::int64_t>(after.value));
    Changes out{{}, std::max(Revision(static_cast<std::uint64_t>(*latest)), after)};
    while (true) {
      const auto row = statement->step();
      if (!row) return tl::unexpected(row.error());
      if (!*row) return out;
      const Revision revision(static_cast<std::uint64_t>(statement->integer(2)));
      if (out.changes.size() >= std::max<std::size_t>(limit, 1) && revision != out.changes.back().revision) {
        out.upto = out.changes.back().revision;
        return out;
      }
      out.changes.push_back({statement->text(0), statement->text(1), revision, statement->optional_text(3)});
    }
  }

  // Runs `read` on a connection of its own: one that waits from an earlier call, or a new one.
  template <class T, class Read>
  Result<T> reading(Read read) {
    std::optional<Database> database;
    {
      const std::lock_guard lock(readers_mutex_);
      if (!readers_.empty()) {
        database.emplace(std::move(readers_.back()));
        readers_.pop_back();
      }
    }
    if (!database) {
      auto opened = Database::open(path_);
      if (!opened) return tl::unexpected(opened.error());
      database.emplace(std::move(*opened));
    }
    Result<T> out = read(*database);
    if (out) {
      const std::lock_guard lock(readers_mutex_);
      readers_.push_back(std::move(*database));
    }
    return out;
  }

  const std::string path_;
  std::mutex writer_mutex_, readers_mutex_;
  Database writer_;
  std::vector<Database> readers_;
};

}  // namespace

Result<std::unique_ptr<ResourceStore>> open_sqlite(const std::string& path) {
  auto database = Database::open(path);
  if (!database) return tl::unexpected(database.error());
  if (auto prepared = prepare_schema(*database, path); !prepared) return tl::unexpected(prepared.error());
  return std::make_unique<SqliteResourceStore>(path, std::move(*database));
}

}  // namespace peering::store
