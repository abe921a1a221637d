#include "store/memory/resource_store.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "store/conflicts.h"
#include "store/etag.h"

namespace peering::store {

namespace {

// The latest state of a key: a resource, or the trace of a deleted one.
struct Entry {
  std::string type;
  std::optional<std::string> document;
  std::string etag;
  std::string unique;
  Revision revision;
  std::size_t position = 0;  // within its commit
};
using Entries = std::map<std::string, Entry, std::less<>>;

bool holds(const Write& write, const Entry* entry) {
  const bool exists = entry && entry->document;
  switch (write.condition) {
    case Condition::any:
      return true;
    case Condition::absent:
      return !exists;
    case Condition::present:
      return exists;
    case Condition::etag:
      return exists && entry->etag == write.etag;
  }
  return false;
}

class MemoryResourceStore final : public ResourceStore {
 public:
  explicit MemoryResourceStore(Trace trace) : trace_(std::move(trace)) {}

  Result<Revision> commit(std::span<const Write> writes) override {
    const std::lock_guard lock(mutex_);
    Entries next = entries_;
    const Revision revision(revision_.value + 1);
    bool changed = false;
    std::size_t position = 0;
    std::vector<LogEntry> logged;
    for (const Write& write : writes) {
      const auto applied = apply(next, write, revision, position, logged);
      if (!applied) return tl::unexpected(applied.error());
      changed = changed || *applied;
    }
    for (LogEntry& entry : logged) {
      entry.number = ++log_number_;
      log_[std::string(log_root(entry.key))].emplace(LogPosition{entry.at, entry.number}, std::move(entry));
    }
    if (changed) {
      entries_ = std::move(next);
      revision_ = revision;
    }
    return revision_;
  }

  Result<std::optional<Resource>> get(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end() || !found->second.document) return std::nullopt;
    return as_resource(found->first, found->second);
  }

  std::optional<Revision> revision_at_hand(std::string_view key) override {
    const auto found = get(key);
    if (!found || !*found) return std::nullopt;
    return (*found)->revision;
  }

  Result<std::vector<Resource>> list(const ListQuery& query) override {
    const std::lock_guard lock(mutex_);
    std::vector<Resource> out;
    for (const auto& [key, entry] : entries_) {
      if (out.size() == query.limit) break;
      if (!entry.document || entry.type != query.type) continue;
      if (!key.starts_with(query.key_prefix) || key <= query.after) continue;
      out.push_back(as_resource(key, entry));
    }
    return out;
  }

  Result<Changes> changes_since(Revision after, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    std::map<std::pair<std::uint64_t, std::size_t>, Change> ordered;
    for (const auto& [key, entry] : entries_) {
      if (entry.revision <= after) continue;
      ordered.emplace(std::pair(entry.revision.value, entry.position),
                      Change{key, entry.type, entry.revision, entry.document});
    }
    Changes out{{}, std::max(revision_, after)};
    for (auto& [order, change] : ordered) {
      if (out.changes.size() >= std::max<std::size_t>(limit, 1) &&
          change.revision != out.changes.back().revision) {
        out.upto = out.changes.back().revision;
        break;
      }
      out.changes.push_back(std::move(change));
    }
    return out;
  }

  Result<LogPage> log(const LogQuery& query) override {
    const std::lock_guard lock(mutex_);
    LogPage out;
    std::size_t looked_at = 0;
    const auto part = log_.find(std::string(log_root(query.scope)));
    if (part == log_.end()) return out;
    for (auto at = part->second.rbegin(); at != part->second.rend(); ++at) {
      const LogPosition& position = at->first;
      if (query.before && position >= *query.before) continue;
      if (query.to && position.at > *query.to) continue;
      if (query.from && position.at < *query.from) break;
      if (out.entries.size() == query.limit || looked_at++ == query.looked_at_max) {
        out.next = std::prev(at)->first;
        break;
      }
      const LogEntry& entry = at->second;
      const bool below = query.scope.empty() || entry.key.starts_with(query.scope + "/");
      if (below || entry.key == query.scope) out.entries.push_back(entry);
    }
    return out;
  }

  Result<std::size_t> trim_log(const LogLimits& limits) override {
    const std::lock_guard lock(mutex_);
    std::size_t dropped = 0;
    for (auto& [root, entries] : log_) {
      while (!entries.empty() &&
             (entries.size() > limits.entries_max || entries.begin()->first.at < limits.before)) {
        entries.erase(entries.begin());
        ++dropped;
      }
    }
    return dropped;
  }

 private:
  static Resource as_resource(const std::string& key, const Entry& entry) {
    return {key, entry.type, *entry.document, entry.etag, entry.revision};
  }

  // Deletes what there is from the entry on, as far as the write reaches. False when nothing is there.
  bool remove(Entries& entries, const Write& write, Revision revision, std::size_t& position,
              std::vector<LogEntry>& logged) const {
    bool changed = false;
    for (auto at = entries.lower_bound(write.key); at != entries.end(); ++at) {
      const bool below = write.reach == Reach::subtree && at->first.starts_with(write.key + "/");
      if (at->first != write.key && !below) {
        if (!at->first.starts_with(write.key)) break;
        continue;
      }
      if (!at->second.document) continue;
      if (below && trace_ && !write.trace.empty()) {
        logged.push_back({at->first, write.at, 0, trace_(write.trace, as_resource(at->first, at->second))});
      }
      at->second = {at->second.type, std::nullopt, "", "", revision, position++};
      changed = true;
    }
    return changed;
  }

  // False when nothing changed. `position` is that of the next change.
  Result<bool> apply(Entries& entries, const Write& write, Revision revision, std::size_t& position,
                     std::vector<LogEntry>& logged) const {
    if (write.reach == Reach::append) {
      logged.push_back({write.key, write.at, 0, write.document.value_or("")});
      return false;
    }
    const auto found = entries.find(write.key);
    if (!holds(write, found == entries.end() ? nullptr : &found->second)) return condition_conflict(write);
    if (write.reach == Reach::nothing) return false;
    if (!write.document) return remove(entries, write, revision, position, logged);
    if (!write.unique.empty()) {
      for (const auto& [key, entry] : entries) {
        const bool taken = entry.document && entry.type == write.type && entry.unique == write.unique;
        if (taken && key != write.key) return unique_conflict(write, key);
      }
    }
    entries[write.key] = {write.type,   write.document, make_etag(revision, write.key, *write.document),
                          write.unique, revision,       position++};
    return true;
  }

  const Trace trace_;
  std::mutex mutex_;
  Entries entries_;
  Revision revision_;
  std::map<std::string, std::map<LogPosition, LogEntry>> log_;  // by root
  std::uint64_t log_number_ = 0;
};

}  // namespace

std::unique_ptr<ResourceStore> make_memory_resource_store(Trace trace) {
  return std::make_unique<MemoryResourceStore>(std::move(trace));
}

}  // namespace peering::store
