#include "store/sqlite/writes.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>

#include "store/conflicts.h"
#include "store/etag.h"
#include "store/sqlite/log.h"

namespace peering::store::sqlite {

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

namespace {

// What a write must know of the row it replaces.
struct Existing {
  bool row = false, alive = false, doomed = false;
  std::string type, etag;
};

Result<Existing> read_existing(Database& database, std::string_view key) {
  auto statement = database.prepare(
      "SELECT type, etag, document IS NOT NULL, EXISTS (SELECT 1 FROM doomed WHERE ?1 > start AND ?1 < past"
      " AND resources.revision < doomed.revision) FROM resources WHERE key = ?1");
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->bind(1, key).step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return Existing{};
  const bool alive = statement->integer(2) != 0;
  return Existing{true, alive, alive && statement->integer(3) != 0, statement->text(0), statement->text(1)};
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

constexpr std::string_view insert_row = "INSERT INTO resources VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr std::string_view replace_row =
    "INSERT OR REPLACE INTO resources VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

Result<void> put_row(Database& database, std::string_view how, const Write& write, std::string_view type,
                     Revision revision, std::size_t position) {
  auto statement = database.prepare(how);
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

// What is known of the rows without a look at them, and what the group has changed since.
class Knowledge {
 public:
  explicit Knowledge(const Known& known) : known_(known) {}

  bool holds(const Write& write) const {
    return known_ && write.condition == Condition::etag && !changed_.contains(write.key) &&
           known_(write.key, write.etag);
  }
  // `write` lives as long as this.
  void changes(const Write& write) {
    if (write.reach == Reach::subtree) return many_change();
    if (write.reach == Reach::one) changed_.insert(write.key);
  }
  void many_change() { known_ = nullptr; }

 private:
  Known known_;
  std::unordered_set<std::string_view> changed_;
};

// Where the next row of a commit goes, and the next entry of the log; and what makes entries.
struct Place {
  Revision revision;
  std::size_t position = 0;
  std::uint64_t log_number = 0;  // of the last entry
  const Trace& trace;
  Knowledge& knowledge;
};

Result<void> append(Database& database, std::string_view key, TimePoint at, std::string_view document,
                    Place& place) {
  return append_to_log(database, ++place.log_number, key, at, document);
}

Result<std::vector<Resource>> living_below(Database& database, const Write& write) {
  auto statement = database.prepare(
      "SELECT key, type, document, etag, revision FROM living WHERE key > ?1 AND key < ?2 ORDER BY key");
  if (!statement) return tl::unexpected(statement.error());
  const std::string first = write.key + "/";
  statement->bind(1, first).bind(2, end_of_prefix(first));
  std::vector<Resource> out;
  while (true) {
    const auto row = statement->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return out;
    out.push_back({statement->text(0), statement->text(1),
                   write.trace.empty() ? std::string() : statement->text(2), statement->text(3),
                   Revision(static_cast<std::uint64_t>(statement->integer(4)))});
  }
}

Result<void> remove_below(Database& database, const Write& write, const Resource& gone, Place& place) {
  Write row;
  row.key = gone.key;
  if (auto put = put_row(database, replace_row, row, gone.type, place.revision, place.position++); !put)
    return put;
  if (!place.trace || write.trace.empty()) return {};
  return append(database, gone.key, write.at, place.trace(write.trace, gone), place);
}

// True when there are more than are removed at once.
Result<bool> has_many_below(Database& database, const std::string& start) {
  auto statement =
      database.prepare("SELECT count(*) FROM (SELECT 1 FROM living WHERE key > ?1 AND key < ?2 LIMIT ?3)");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, start).bind(2, end_of_prefix(start));
  const auto row = statement->bind(3, static_cast<std::int64_t>(removed_at_once_max + 1)).step();
  if (!row) return tl::unexpected(row.error());
  return statement->integer(0) > static_cast<std::int64_t>(removed_at_once_max);
}

Result<void> doom(Database& database, const Write& write, Revision revision) {
  auto statement = database.prepare("INSERT OR REPLACE INTO doomed VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!statement) return tl::unexpected(statement.error());
  const std::string start = write.key + "/";
  statement->bind(1, start).bind(2, end_of_prefix(start));
  statement->bind(3, static_cast<std::int64_t>(revision.value)).bind(4, to_us(write.at));
  return statement->bind(5, write.trace).run();
}

Result<bool> purge(Database& database, const Purge& piece, Place& place) {
  for (const Purge::Row& row : piece.rows) {
    // The row was read before this commit: what was made anew since then stays.
    auto statement = database.prepare(
        "UPDATE resources SET document = NULL, etag = '', revision = ?2, position = ?3, unique_value = NULL"
        " WHERE key = ?1 AND document IS NOT NULL AND revision < ?4 RETURNING key");
    if (!statement) return tl::unexpected(statement.error());
    statement->bind(1, row.key).bind(2, static_cast<std::int64_t>(place.revision.value));
    statement->bind(3, static_cast<std::int64_t>(place.position));
    statement->bind(4, static_cast<std::int64_t>(piece.of.revision.value));
    const auto gone = statement->step();
    if (!gone) return tl::unexpected(gone.error());
    if (!*gone) continue;
    if (auto ended = statement->run(); !ended) return tl::unexpected(ended.error());
    ++place.position;
    if (!row.entry) continue;
    if (auto kept = append(database, row.key, piece.of.at, *row.entry, place); !kept) {
      return tl::unexpected(kept.error());
    }
  }
  if (!piece.last) return true;
  auto statement = database.prepare("DELETE FROM doomed WHERE start = ?1 AND revision = ?2");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, piece.of.start).bind(2, static_cast<std::int64_t>(piece.of.revision.value));
  if (auto done = statement->run(); !done) return tl::unexpected(done.error());
  return true;
}

Result<bool> remove(Database& database, const Write& write, const Existing& existing, Place& place) {
  bool changed = false;
  if (existing.alive) {
    changed = true;
    auto put = put_row(database, replace_row, write, existing.type, place.revision, place.position++);
    if (!put) return tl::unexpected(put.error());
  }
  if (write.reach != Reach::subtree) return changed;
  const auto many = has_many_below(database, write.key + "/");
  if (!many) return many;
  if (*many) {
    if (auto done = doom(database, write, place.revision); !done) return tl::unexpected(done.error());
    return true;
  }
  const auto below = living_below(database, write);
  if (!below) return tl::unexpected(below.error());
  for (const Resource& each : *below) {
    changed = true;
    if (auto removed = remove_below(database, write, each, place); !removed) {
      return tl::unexpected(removed.error());
    }
  }
  return changed;
}

// False when nothing changed.
Result<bool> apply(Database& database, const Write& write, Place& place) {
  if (write.reach == Reach::append) {
    const std::string_view document = write.document ? std::string_view(*write.document) : "";
    auto appended = append(database, write.key, write.at, document, place);
    if (!appended) return tl::unexpected(appended.error());
    return false;
  }
  if (write.reach == Reach::nothing && place.knowledge.holds(write)) return false;
  place.knowledge.changes(write);
  if (write.condition == Condition::absent && write.reach == Reach::one && write.document) {
    // Mostly there is neither such a row nor one with the unique value, and the tables themselves say so.
    auto made = put_row(database, insert_row, write, write.type, place.revision, place.position);
    if (made) {
      ++place.position;
      return true;
    }
    if (made.error().code != ErrorCode::conflict) return tl::unexpected(made.error());
  }
  const auto existing = read_existing(database, write.key);
  if (!existing) return tl::unexpected(existing.error());
  if (existing->doomed) return fail(ErrorCode::conflict, "{} is still being deleted", write.key);
  if (!holds(write, *existing)) return condition_conflict(write);
  if (write.reach == Reach::nothing) return false;
  if (!write.document) return remove(database, write, *existing, place);
  if (auto unique = check_unique(database, write); !unique) return tl::unexpected(unique.error());
  auto put = put_row(database, replace_row, write, write.type, place.revision, place.position++);
  if (!put) return tl::unexpected(put.error());
  return true;
}

// Whether one of the writes can be refused after another has changed something.
bool needs_savepoint(std::span<const Write> writes) {
  bool changing = false;
  for (const Write& write : writes) {
    if (changing && write.reach != Reach::append) return true;
    changing = changing || write.reach != Reach::nothing;
  }
  return false;
}

// All writes of one request, in a savepoint of its own where that is needed.
Result<bool> apply_all(Database& database, const CommitRequest& request, Place& place) {
  std::optional<Savepoint> savepoint;
  if (needs_savepoint(request.writes)) {
    auto begun = Savepoint::begin(database);
    if (!begun) return tl::unexpected(begun.error());
    savepoint.emplace(std::move(*begun));
  }
  bool changed = false;
  for (const Write& write : request.writes) {
    const auto applied = apply(database, write, place);
    if (!applied) return applied;
    changed = changed || *applied;
  }
  if (savepoint) {
    if (auto kept = savepoint->keep(); !kept) return tl::unexpected(kept.error());
  }
  return changed;
}

Result<void> write_state(Database& database, std::string_view name, std::int64_t value) {
  auto statement = database.prepare("UPDATE state SET value = ?1 WHERE name = ?2");
  if (!statement) return tl::unexpected(statement.error());
  return statement->bind(1, value).bind(2, name).run();
}

// What a group has reached.
struct Progress {
  std::int64_t revision = 0, log_number = 0;
  bool cut = false;
  friend bool operator==(const Progress&, const Progress&) = default;
};

Result<Progress> read_progress(Database& database) {
  const auto revision = read_state(database, "revision");
  if (!revision) return tl::unexpected(revision.error());
  const auto log_number = read_state(database, "log_number");
  if (!log_number) return tl::unexpected(log_number.error());
  return Progress{*revision, *log_number, false};
}

Result<void> write_progress(Database& database, const Progress& before, const Progress& now) {
  if (now.revision != before.revision) {
    if (auto counted = write_state(database, "revision", now.revision); !counted) return counted;
  }
  if (now.log_number == before.log_number) return {};
  return write_state(database, "log_number", now.log_number);
}

// One request's outcome; a conflict is its own matter, another error that of the group.
Result<Revision> apply_request(Database& database, const CommitRequest& request, const Trace& trace,
                               Knowledge& knowledge, Progress& progress) {
  if (request.cut) {
    if (auto cut = cut_log(database, *request.cut); !cut) return tl::unexpected(cut.error());
    progress.cut = true;
  }
  const Revision revision(static_cast<std::uint64_t>(progress.revision) + 1);
  Place place{revision, 0, static_cast<std::uint64_t>(progress.log_number), trace, knowledge};
  if (request.purge) knowledge.many_change();
  const auto applied =
      request.purge ? purge(database, *request.purge, place) : apply_all(database, request, place);
  if (!applied) return tl::unexpected(applied.error());
  progress.log_number = static_cast<std::int64_t>(place.log_number);
  if (*applied) ++progress.revision;
  return Revision(static_cast<std::uint64_t>(progress.revision));
}

using Outcomes = std::vector<Result<Revision>>;

// An error here is one of the whole transaction: nothing of the group happened.
Result<Outcomes> commit_together(Database& database, std::span<const CommitRequest> group, const Trace& trace,
                                 const Known& known) {
  auto transaction = Transaction::begin(database, Transaction::Mode::write);
  if (!transaction) return tl::unexpected(transaction.error());
  const auto before = read_progress(database);
  if (!before) return tl::unexpected(before.error());
  Progress progress = *before;
  Knowledge knowledge(known);
  Outcomes out;
  for (const CommitRequest& request : group) {
    auto outcome = apply_request(database, request, trace, knowledge, progress);
    if (!outcome && outcome.error().code != ErrorCode::conflict) return tl::unexpected(outcome.error());
    out.push_back(std::move(outcome));
  }
  if (progress == *before) return out;
  if (auto counted = write_progress(database, *before, progress); !counted) {
    return tl::unexpected(counted.error());
  }
  if (auto committed = transaction->commit(); !committed) return tl::unexpected(committed.error());
  return out;
}

}  // namespace

std::vector<Result<Revision>> commit_group(Database& database, const std::vector<CommitRequest>& group,
                                           const Trace& trace, const Known& known) {
  auto together = commit_together(database, group, trace, known);
  if (together) return std::move(*together);
  // A database that another process locks was already waited for; each alone would wait as long again.
  if (group.size() == 1 || together.error().code == ErrorCode::unavailable) {
    return Outcomes(group.size(), tl::unexpected(together.error()));
  }
  Outcomes out;
  for (const CommitRequest& request : group) {
    // What is known may no longer be so after the first of them.
    auto alone = commit_together(database, std::span(&request, 1), trace, nullptr);
    out.push_back(alone ? std::move(alone->front()) : tl::unexpected(alone.error()));
  }
  return out;
}

}  // namespace peering::store::sqlite
