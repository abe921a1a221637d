#include "store/sqlite/resource_store.h"

#include <algorithm>
#include <array>
#include <future>
#include <limits>
#include <mutex>

#include "store/read_cache.h"
#include "store/recent_changes.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/commit_queue.h"
#include "store/sqlite/database.h"
#include "store/sqlite/deletions.h"
#include "store/sqlite/log.h"
#include "store/sqlite/writes.h"

namespace peering::store {

namespace {

using sqlite::commit_group;
using sqlite::Database;
using sqlite::end_of_prefix;
using sqlite::Purge;
using sqlite::read_state;
using sqlite::Statement;
using sqlite::Transaction;

constexpr std::int64_t schema_version = 3;
constexpr std::size_t cache_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t recent_bytes_max = 4 * 1024 * 1024;

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

// What version 2 had more: the log, here as version 1 gets it on its way to the next.
constexpr const char* log_schema = R"(
CREATE TABLE log (
  root TEXT NOT NULL,
  at INTEGER NOT NULL,
  number INTEGER NOT NULL,
  key TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (root, at, number)
) WITHOUT ROWID;
INSERT INTO state VALUES ('log_number', 0);
UPDATE state SET value = 2 WHERE name = 'schema_version';
)";

// Version 3 puts one entry after the other, whole: in a key's tree those of more than a quarter of a page
// took a page each. Entries of one subscription lie together, in order of time, in the index alone.
constexpr const char* dense_log_schema = R"(
ALTER TABLE log RENAME TO sparse_log;
CREATE TABLE log (
  number INTEGER PRIMARY KEY,
  root TEXT NOT NULL,
  at INTEGER NOT NULL,
  key TEXT NOT NULL,
  document TEXT NOT NULL
);
INSERT INTO log SELECT number, root, at, key, document FROM sparse_log ORDER BY number;
DROP TABLE sparse_log;
CREATE INDEX log_by_time ON log (root, at);
)";

// What is deleted but not removed yet, and what is there beside it.
constexpr const char* doomed_schema = R"(
CREATE TABLE doomed (
  start TEXT NOT NULL,
  past TEXT NOT NULL,
  revision INTEGER NOT NULL,
  at INTEGER NOT NULL,
  trace TEXT NOT NULL,
  PRIMARY KEY (start, revision)
) WITHOUT ROWID;
CREATE VIEW living AS SELECT * FROM resources AS row WHERE document IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM doomed WHERE row.key > start AND row.key < past AND row.revision < doomed.revision);
UPDATE state SET value = 3 WHERE name = 'schema_version';
)";

// The writer's alone knows every page it wrote: it need not read them again.
constexpr const char* writer_settings = "PRAGMA cache_size=-65536;";

std::int64_t as_limit(std::size_t limit) {
  return static_cast<std::int64_t>(std::min<std::size_t>(limit, std::numeric_limits<std::int32_t>::max()));
}

Result<bool> has_tables(Database& database) {
  auto statement = database.prepare("SELECT name FROM sqlite_master WHERE name = 'state'");
  if (!statement) return tl::unexpected(statement.error());
  return statement->step();
}

// Makes the tables that a new file or one of version 1 lacks; refuses a file of another version.
Result<void> prepare_schema(Database& database, const std::string& path) {
  auto transaction = Transaction::begin(database, Transaction::Mode::write);
  if (!transaction) return tl::unexpected(transaction.error());
  const auto made_before = has_tables(database);
  if (!made_before) return tl::unexpected(made_before.error());
  if (!*made_before) {
    if (auto made = database.execute(schema); !made) return made;
  }
  auto version = read_state(database, "schema_version");
  const std::array<std::pair<std::int64_t, const char*>, 3> steps = {
      {{1, log_schema}, {2, dense_log_schema}, {2, doomed_schema}}};
  for (const auto& [from, changes] : steps) {
    if (!version || *version != from) continue;
    if (auto made = database.execute(changes); !made) return made;
    version = read_state(database, "schema_version");
  }
  if (!version) return tl::unexpected(version.error());
  if (*version != schema_version) {
    return fail(ErrorCode::corrupt, "resource database {}: schema version {}, this program knows {}", path,
                *version, schema_version);
  }
  return transaction->commit();
}

Resource read_resource(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3),
          Revision(static_cast<std::uint64_t>(row.integer(4)))};
}

// What a request changed, which is committed, where its writes alone tell. Takes their texts.
std::optional<std::vector<Change>> changes_of(sqlite::CommitRequest& request, Revision revision) {
  if (request.purge) return std::nullopt;
  std::vector<Change> out;
  for (Write& write : request.writes) {
    if (write.reach == Reach::nothing || write.reach == Reach::append) continue;
    if (write.reach == Reach::subtree || !write.document) return std::nullopt;
    out.push_back({std::move(write.key), std::move(write.type), revision, std::move(write.document)});
  }
  return out;
}

class SqliteResourceStore final : public ResourceStore {
 public:
  SqliteResourceStore(std::string path, Trace trace, Database writer, Database checkpoints, Database removals)
      : path_(std::move(path)),
        trace_(std::move(trace)),
        writer_(std::move(writer)),
        checkpointer_(writer_, std::move(checkpoints)),
        queue_([this](auto& group) { return commit_and_tell(group); }),
        deletions_(
            std::move(removals), [this](Purge piece) { return commit_piece(std::move(piece)); }, trace_) {}

  // Who waits for a deletion is told while everything is there.
  ~SqliteResourceStore() override { drain(); }
  SqliteResourceStore(const SqliteResourceStore&) = delete;
  SqliteResourceStore& operator=(const SqliteResourceStore&) = delete;

  Result<Revision> commit(std::span<const Write> writes) override {
    std::promise<Result<Revision>> outcome;
    commit_later({writes.begin(), writes.end()},
                 [&](Result<Revision> done) { outcome.set_value(std::move(done)); });
    return outcome.get_future().get();
  }

  void commit_later(std::vector<Write> writes, Committed done) override {
    const bool large = std::ranges::find(writes, Reach::subtree, &Write::reach) != writes.end();
    if (large) done = [this, done = std::move(done)](Result<Revision> told) { tell_removed(told, done); };
    queue_.push({std::move(writes), std::move(done)});
  }

  void drain() override {
    deletions_.stop();
    (void)commit({});
  }

  Result<std::optional<Resource>> get(std::string_view key) override {
    if (auto kept = cache_.find(key)) return std::move(*kept);
    const std::uint64_t begun = cache_.begin_read();
    auto found = read_one(key);
    if (found) cache_.keep(key, *found, begun);
    return found;
  }

  std::optional<Revision> revision_at_hand(std::string_view key) override { return cache_.revision_of(key); }

  Result<std::vector<Resource>> list(const ListQuery& query) override {
    return reading<std::vector<Resource>>([&](Database& database) -> Result<std::vector<Resource>> {
      auto statement = database.prepare(
          "SELECT key, type, document, etag, revision FROM living"
          " WHERE type = ?1 AND key > ?2 AND key >= ?3 AND key < ?4"
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
    if (auto recent = recent_.since(after, limit)) return std::move(*recent);
    return reading<Changes>([&](Database& database) { return read_changes(database, after, limit); });
  }

  Result<Revision> visit_all(const std::function<void(Change)>& visit) override {
    return reading<Revision>([&](Database& database) { return read_all(database, visit); });
  }

  Result<LogPage> log(const LogQuery& query) override {
    return reading<LogPage>([&](Database& database) { return sqlite::read_log(database, query); });
  }

  Result<std::size_t> trim_log(const LogLimits& limits) override {
    std::size_t dropped = 0;
    std::optional<std::string> root;
    while (true) {
      const auto whole = reading<std::optional<sqlite::LogCut>>(
          [&](Database& database) { return next_surplus(database, root, limits); });
      if (!whole) return tl::unexpected(whole.error());
      if (!*whole) return dropped;
      const auto done = drop(**whole, limits.piece);
      if (!done) return done;
      dropped += *done;
      root = (*whole)->root;
    }
  }

 private:
  std::vector<Result<Revision>> commit_and_tell(std::vector<sqlite::CommitRequest>& group) {
    auto outcomes = commit_group(writer_, group, trace_, known_);
    for (const sqlite::CommitRequest& request : group) cache_.forget(request.writes);
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (outcomes[i] && told_until_ < *outcomes[i]) tell_change(group[i], told_until_ = *outcomes[i]);
    }
    return outcomes;
  }

  void tell_change(sqlite::CommitRequest& request, Revision revision) {
    auto changes = changes_of(request, revision);
    changes ? recent_.add(std::move(*changes)) : recent_.pass_over(revision);
  }

  // On the queue's thread, after the commit of a deletion.
  void tell_removed(const Result<Revision>& told, const Committed& done) {
    const auto doomed = told ? sqlite::read_doomed(writer_) : std::vector<sqlite::Doomed>();
    const bool more = doomed && std::ranges::find(*doomed, *told, &sqlite::Doomed::revision) != doomed->end();
    if (!told || !more) return done(told);
    deletions_.when_removed(*told, done);
  }

  Result<Revision> commit_piece(Purge piece) {
    std::promise<Result<Revision>> outcome;
    queue_.push(
        {{}, [&](Result<Revision> done) { outcome.set_value(std::move(done)); }, {}, std::move(piece)});
    return outcome.get_future().get();
  }

  Result<std::optional<Resource>> read_one(std::string_view key) {
    return reading<std::optional<Resource>>([&](Database& database) -> Result<std::optional<Resource>> {
      auto statement =
          database.prepare("SELECT key, type, document, etag, revision FROM living WHERE key = ?1");
      if (!statement) return tl::unexpected(statement.error());
      const auto row = statement->bind(1, key).step();
      if (!row) return tl::unexpected(row.error());
      if (!*row) return std::nullopt;
      return read_resource(*statement);
    });
  }

  static Result<std::optional<sqlite::LogCut>> next_surplus(Database& database,
                                                            const std::optional<std::string>& root,
                                                            const LogLimits& limits) {
    auto next = sqlite::next_root(database, root);
    if (!next) return tl::unexpected(next.error());
    if (!*next) return std::optional<sqlite::LogCut>{};
    const auto last = sqlite::end_of_surplus(database, **next, limits);
    if (!last) return tl::unexpected(last.error());
    return std::optional(sqlite::LogCut{std::move(**next), *last});
  }

  // In pieces, between which others commit.
  Result<std::size_t> drop(const sqlite::LogCut& whole, std::size_t piece_max) {
    std::size_t dropped = 0;
    while (true) {
      const auto piece = reading<sqlite::LogPiece>(
          [&](Database& database) { return sqlite::oldest_until(database, whole, piece_max); });
      if (!piece) return tl::unexpected(piece.error());
      if (piece->entries == 0) return dropped;
      std::promise<Result<Revision>> outcome;
      queue_.push({{}, [&](Result<Revision> done) { outcome.set_value(std::move(done)); }, piece->cut});
      if (const auto done = outcome.get_future().get(); !done) return tl::unexpected(done.error());
      dropped += piece->entries;
    }
  }

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

  // In order of key, as the rows lie: in order of revision each would be looked up by itself.
  static Result<Revision> read_all(Database& database, const std::function<void(Change)>& visit) {
    auto snapshot = Transaction::begin(database, Transaction::Mode::read);
    if (!snapshot) return tl::unexpected(snapshot.error());
    const auto latest = read_state(database, "revision");
    if (!latest) return tl::unexpected(latest.error());
    auto statement = database.prepare("SELECT key, type, revision, document FROM living ORDER BY key");
    if (!statement) return tl::unexpected(statement.error());
    while (true) {
      const auto row = statement->step();
      if (!row) return tl::unexpected(row.error());
      if (!*row) return Revision(static_cast<std::uint64_t>(*latest));
      visit({statement->text(0), statement->text(1),
             Revision(static_cast<std::uint64_t>(statement->integer(2))), statement->optional_text(3)});
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
  const Trace trace_;
  const sqlite::Known known_ = [this](std::string_view key, std::string_view etag) {
    return cache_.holds(key, etag);
  };
  ReadCache cache_{cache_bytes_max};
  RecentChanges recent_{recent_bytes_max};
  Revision told_until_;  // of the queue's thread alone
  std::mutex readers_mutex_;
  std::vector<Database> readers_;
  Database writer_;  // of the queue's thread alone
  sqlite::Checkpointer checkpointer_;
  sqlite::CommitQueue queue_;
  sqlite::Deletions deletions_;
};

}  // namespace

Result<std::unique_ptr<ResourceStore>> open_sqlite(const std::string& path, Trace trace) {
  auto database = Database::open(path);
  if (!database) return tl::unexpected(database.error());
  if (auto prepared = prepare_schema(*database, path); !prepared) return tl::unexpected(prepared.error());
  if (auto set = database->execute(writer_settings); !set) return tl::unexpected(set.error());
  auto checkpoints = Database::open(path);
  if (!checkpoints) return tl::unexpected(checkpoints.error());
  auto removals = Database::open(path);
  if (!removals) return tl::unexpected(removals.error());
  return std::make_unique<SqliteResourceStore>(path, std::move(trace), std::move(*database),
                                               std::move(*checkpoints), std::move(*removals));
}

}  // namespace peering::store
