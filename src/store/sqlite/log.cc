#include "store/sqlite/log.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace peering::store::sqlite {

namespace {

constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();

std::int64_t as_integer(std::uint64_t value) { return static_cast<std::int64_t>(value); }

LogPosition position_of(const Statement& row) {
  return {time_from_us(row.integer(0)), static_cast<std::uint64_t>(row.integer(1))};
}

// The newest entry beyond the number that is kept.
Result<std::optional<LogPosition>> newest_beyond(Database& database, std::string_view root,
                                                 std::size_t entries_max) {
  auto statement = database.prepare(
      "SELECT at, number FROM log WHERE root = ?1 ORDER BY at DESC, number DESC LIMIT 1 OFFSET ?2");
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->bind(1, root).bind(2, as_integer(entries_max)).step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::optional<LogPosition>{};
  return std::optional(position_of(*statement));
}

}  // namespace

Result<void> append_to_log(Database& database, std::uint64_t number, std::string_view key, TimePoint at,
                           std::string_view document) {
  auto statement =
      database.prepare("INSERT INTO log (root, at, number, key, document) VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, log_root(key)).bind(2, to_us(at)).bind(3, as_integer(number));
  return statement->bind(4, key).bind(5, document).run();
}

Result<LogPage> read_log(Database& database, const LogQuery& query) {
  auto statement = database.prepare(
      "SELECT at, number, key, document FROM log WHERE root = ?1 AND at >= ?2 AND at <= ?3"
      " AND (at, number) < (?4, ?5) ORDER BY at DESC, number DESC");
  if (!statement) return tl::unexpected(statement.error());
  const LogPosition before = query.before.value_or(LogPosition{time_from_us(latest), 0});
  statement->bind(1, log_root(query.scope));
  statement->bind(2, query.from ? to_us(*query.from) : earliest);
  statement->bind(3, std::min(query.to ? to_us(*query.to) : latest, to_us(before.at)));
  statement->bind(4, to_us(before.at)).bind(5, as_integer(before.number));
  LogPage out;
  std::optional<LogPosition> seen;
  for (std::size_t looked_at = 0;; ++looked_at) {
    const auto row = statement->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return out;
    if (out.entries.size() == query.limit || looked_at == query.looked_at_max) {
      out.next = seen;
      return out;
    }
    seen = position_of(*statement);
    std::string key = statement->text(2);
    const bool below = query.scope.empty() || key.starts_with(query.scope + "/");
    if (!below && key != query.scope) continue;
    out.entries.push_back({std::move(key), seen->at, seen->number, statement->text(3)});
  }
}

Result<std::optional<std::string>> next_root(Database& database, const std::optional<std::string>& root) {
  auto statement =
      database.prepare(root ? "SELECT min(root) FROM log WHERE root > ?1" : "SELECT min(root) FROM log");
  if (!statement) return tl::unexpected(statement.error());
  if (root) statement->bind(1, *root);
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement->optional_text(0) : std::nullopt;
}

Result<LogPosition> end_of_surplus(Database& database, std::string_view root, const LogLimits& limits) {
  const auto beyond = newest_beyond(database, root, limits.entries_max);
  if (!beyond) return tl::unexpected(beyond.error());
  const LogPosition oldest_kept{limits.before, 0};
  return *beyond ? std::max(oldest_kept, **beyond) : oldest_kept;
}

Result<LogPiece> oldest_until(Database& database, const LogCut& whole, std::size_t entries_max) {
  auto statement = database.prepare(
      "SELECT at, number FROM log WHERE root = ?1 AND (at, number) <= (?2, ?3) ORDER BY at, number LIMIT ?4");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, whole.root).bind(2, to_us(whole.last.at)).bind(3, as_integer(whole.last.number));
  statement->bind(4, as_integer(entries_max));
  LogPiece out{{whole.root, {}}, 0};
  while (true) {
    const auto row = statement->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return out;
    out.cut.last = position_of(*statement);
    ++out.entries;
  }
}

Result<void> cut_log(Database& database, const LogCut& cut) {
  auto statement = database.prepare("DELETE FROM log WHERE root = ?1 AND (at, number) <= (?2, ?3)");
  if (!statement) return tl::unexpected(statement.error());
  return statement->bind(1, cut.root).bind(2, to_us(cut.last.at)).bind(3, as_integer(cut.last.number)).run();
}

}  // namespace peering::store::sqlite
