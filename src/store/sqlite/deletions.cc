#include "store/sqlite/deletions.h"

#include <utility>

#include "base/log.h"
#include "store/sqlite/writes.h"

namespace peering::store::sqlite {

namespace {

constexpr std::chrono::seconds pause_after_failure{1};

std::int64_t as_integer(Revision revision) { return static_cast<std::int64_t>(revision.value); }
Revision as_revision(std::int64_t value) { return Revision(static_cast<std::uint64_t>(value)); }

}  // namespace

Result<std::vector<Doomed>> read_doomed(Database& database) {
  auto statement = database.prepare("SELECT start, revision, at, trace FROM doomed ORDER BY revision, start");
  if (!statement) return tl::unexpected(statement.error());
  std::vector<Doomed> out;
  while (true) {
    const auto row = statement->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return out;
    out.push_back({statement->text(0), as_revision(statement->integer(1)),
                   time_from_us(statement->integer(2)), statement->text(3)});
  }
}

Deletions::Deletions(Database own, CommitPiece commit, Trace trace)
    : own_(std::move(own)),
      commit_(std::move(commit)),
      trace_(std::move(trace)),
      thread_([this] { run(); }) {}

Deletions::~Deletions() { stop(); }

void Deletions::when_removed(Revision revision, ResourceStore::Committed done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      waiting_.emplace(revision, std::move(done));
      wanted_ = true;
      changed_.notify_all();
      return;
    }
  }
  done(revision);
}

void Deletions::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (auto& [revision, done] : std::exchange(waiting_, {})) done(revision);
}

bool Deletions::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Deletions::run() {
  for (std::unique_lock lock(mutex_);;) {
    changed_.wait(lock, [&] { return wanted_ || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    lock.unlock();
    const auto done = remove_doomed();
    lock.lock();
    if (done) continue;
    log::error("what was deleted is not removed yet: {}", done.error().message);
    changed_.wait_for(lock, pause_after_failure, [&] { return stopping_; });
    wanted_ = true;
  }
}

Result<void> Deletions::remove_doomed() {
  const auto all = read_doomed(own_);
  if (!all) return tl::unexpected(all.error());
  for (std::size_t i = 0; i < all->size(); ++i) {
    const auto last = remove((*all)[i]);
    if (!last) return tl::unexpected(last.error());
    if (is_stopping()) return {};
    const bool whole = i + 1 == all->size() || (*all)[i + 1].revision != (*all)[i].revision;
    if (whole) tell((*all)[i].revision, *last);
  }
  return {};
}

Result<Revision> Deletions::remove(const Doomed& doomed) {
  std::string after = doomed.start;
  while (true) {
    auto piece = next_piece(doomed, after);
    if (!piece) return tl::unexpected(piece.error());
    const bool last = piece->last;
    if (!last) after = piece->rows.back().key;
    auto done = commit_(std::move(*piece));
    if (!done || last || is_stopping()) return done;
  }
}

Result<Purge> Deletions::next_piece(const Doomed& doomed, const std::string& after) {
  auto statement = own_.prepare(
      "SELECT key, type, document, etag, revision FROM resources WHERE key > ?1 AND key < ?2 AND revision < "
      "?3"
      " AND document IS NOT NULL ORDER BY key LIMIT ?4");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, after).bind(2, end_of_prefix(doomed.start)).bind(3, as_integer(doomed.revision));
  statement->bind(4, static_cast<std::int64_t>(removed_at_once_max));
  Purge out{doomed, {}, false};
  while (true) {
    const auto row = statement->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    const Resource gone{statement->text(0), statement->text(1), statement->text(2), statement->text(3),
                        as_revision(statement->integer(4))};
    std::optional<std::string> entry;
    if (trace_ && !doomed.trace.empty()) entry = trace_(doomed.trace, gone);
    out.rows.push_back({gone.key, std::move(entry)});
  }
  out.last = out.rows.size() < removed_at_once_max;
  return out;
}

void Deletions::tell(Revision deletion, Revision last) {
  ResourceStore::Committed done;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(deletion);
    if (found == waiting_.end()) return;
    done = std::move(found->second);
    waiting_.erase(found);
  }
  done(last);
}

}  // namespace peering::store::sqlite
