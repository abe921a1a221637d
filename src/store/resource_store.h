// The small, transactional store: resources (JSON documents) with revisions and etags.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/registry.h"

namespace peering::store {

using model::Revision;

/// A stored resource. `key` is its ARM id in lower case; children's keys start with the parent's key + "/".
struct Resource {
  std::string key;
  std::string type;      ///< lower case, e.g. "microsoft.peering/peeringservices/prefixes"
  std::string document;  ///< JSON text, not interpreted by the store
  std::string etag;      ///< changes with every write
  Revision revision;     ///< of the commit that wrote it
  friend bool operator==(const Resource&, const Resource&) = default;
};

/// What must hold for a write to happen.
enum class Condition : std::uint8_t {
  any,
  absent,   ///< no resource with this key
  present,  ///< some resource with this key
  etag,     ///< the resource has exactly `Write::etag`
};

/// What a write does beside replacing a resource by its document.
enum class Reach : std::uint8_t {
  one,  ///< the resource alone; no document: it is deleted
  /// No document: deletes the resource and everything whose key begins with its key and "/". A store may do
  /// so piece by piece, so that others need not wait: then all is gone for readers with the first, what lies
  /// below cannot be written before the last (`conflict`), and the outcome is told after it. An end of the
  /// process between them changes nothing of that.
  subtree,
  nothing,  ///< only the condition counts: something else in the commit needs it to hold
  append,   ///< `document` becomes an entry of the log about `key`; has no condition, makes no revision
};

/// One write of a commit; no document means delete. `unique` (optional) is a value that no two resources of
/// one type may share (e.g. a registered prefix).
struct Write {
  std::string key;
  std::string type;
  std::optional<std::string> document;
  Condition condition = Condition::any;
  std::string etag;
  std::string unique;
  Reach reach = Reach::one;
  TimePoint at{};  ///< with `append`: when it happened
  /// With `subtree`, or empty: the store's `Trace` makes of it the entry (of the time `at`) that the log gets
  /// about each resource that goes because it lies below.
  std::string trace;
};

/// Makes the document of a log entry about a resource that goes with what lies above it. Called while a
/// commit is made, or in another process that finishes it; must not block or throw. Thread-safe.
using Trace = std::function<std::string(std::string_view trace, const Resource& gone)>;

/// What the log says of one change. Entries outlive what they are about.
struct LogEntry {
  std::string key;  ///< what it is about
  TimePoint at{};
  std::uint64_t number = 0;  ///< no two entries have the same; grows with every commit
  std::string document;      ///< JSON text, not interpreted by the store
  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

/// A place in the log; entries are in order of time, then number.
struct LogPosition {
  TimePoint at{};
  std::uint64_t number = 0;
  friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

/// A page of the log, newest first.
struct LogQuery {
  /// The entries about this key and what lies below; empty: those about what is in no subscription.
  std::string scope;
  std::optional<TimePoint> from, to;   ///< both inclusive
  std::optional<LogPosition> before;   ///< only what comes after it in the list
  std::size_t limit = 1000;            ///< at most so many entries
  std::size_t looked_at_max = 50'000;  ///< ends the page before the limit when few entries are of the scope
};
struct LogPage {
  std::vector<LogEntry> entries;
  std::optional<LogPosition> next;  ///< ask again with this; absent: there is no more
};

/// What the log need not keep.
struct LogLimits {
  TimePoint before{};           ///< older entries go
  std::size_t entries_max = 0;  ///< of each subscription, and of all that is in none; the oldest beyond it go
  std::size_t piece = 500;      ///< entries dropped in one transaction, so that commits need not wait long
};

struct Change {
  std::string key;
  std::string type;
  Revision revision;
  std::optional<std::string> document;  ///< absent: deleted
  friend bool operator==(const Change&, const Change&) = default;
};
struct Changes {
  std::vector<Change> changes;  ///< at most one a key, the latest; in order of revision
  Revision upto;                ///< ask again with this
};

/// A page of a listing, in order of key.
struct ListQuery {
  std::string type;        ///< exact
  std::string key_prefix;  ///< e.g. "/subscriptions/…/"; empty for all
  std::string after;       ///< exclusive lower bound of key; empty for the start
  std::size_t limit = 1000;
};

/// Blocking and thread-safe; called from workers only. Errors: `conflict` (message names the key and the
/// condition), `out_of_space`, `io`, `corrupt`.
class ResourceStore {
 public:
  virtual ~ResourceStore() = default;
  /// All writes or none, in order: a write sees the ones before it. Deleting an absent key with `any` is no
  /// error. The revision is a new one unless nothing changed.
  virtual Result<Revision> commit(std::span<const Write> writes) = 0;

  using Committed = std::function<void(Result<Revision>)>;
  /// The same without waiting for it: many may be under way and become durable together, each with its own
  /// outcome. `done` is called once, on another thread or within the call; it must not block or throw. Waits
  /// only when too many are under way.
  virtual void commit_later(std::vector<Write> writes, Committed done) { done(commit(writes)); }

  /// Returns when the outcome of every commit that is under way has been told. Deletions that go piece by
  /// piece are told as done; the rest of them goes when the store is opened again.
  virtual void drain() { (void)commit({}); }

  virtual Result<std::optional<Resource>> get(std::string_view key) = 0;
  /// The revision of the resource that `get` would give, if it would do so from memory just now; nothing
  /// otherwise, or when there is no resource. Does not block; called from any thread.
  virtual std::optional<Revision> revision_at_hand(std::string_view) { return std::nullopt; }
  virtual Result<std::vector<Resource>> list(const ListQuery& query) = 0;
  /// Everything that changed after `after`, oldest first, at most `limit` changes. A commit is never cut: one
  /// that is larger than `limit` comes whole.
  virtual Result<Changes> changes_since(Revision after, std::size_t limit) = 0;
  /// Everything that is there, each resource once, in whatever order costs least: what one who follows
  /// changes begins with. Gives the revision from which to follow. The order of a commit's writes is not
  /// kept.
  virtual Result<Revision> visit_all(const std::function<void(Change)>& visit);

  virtual Result<LogPage> log(const LogQuery& query) = 0;
  /// Drops what the limits do not keep; gives how many entries that were. Commits go on meanwhile.
  virtual Result<std::size_t> trim_log(const LogLimits& limits) = 0;
};

/// The part of the log where entries about the key are: "/subscriptions/<id>", or empty.
std::string_view log_root(std::string_view key);

}  // namespace peering::store
