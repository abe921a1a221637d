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
  Result<Revision> commit(std::span<const Write> writes) override {
    const std::lock_guard lock(mutex_);
    Entries next = entries_;
    const Revision revision(revision_.value + 1);
    bool changed = false;
    std::size_t position = 0;
    for (const Write& write : writes) {
      const auto applied = apply(next, write, revision, position);
      if (!applied) return tl::unexpected(applied.error());
      changed = changed || *applied;
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

 private:
  static Resource as_resource(const std::string& key, const Entry& entry) {
    return {key, entry.type, *entry.document, entry.etag, entry.revision};
  }

  // Deletes what there is from the entry on, as far as the write reaches. False when nothing is there.
  static bool remove(Entries& entries, const Write& write, Revision revision, std::size_t& position) {
    bool changed = false;
    for (auto at = entries.lower_bound(write.key); at != entries.end(); ++at) {
      const bool below = write.reach == Reach::subtree && at->first.starts_with(write.key + "/");
      if (at->first != write.key && !below) {
        if (!at->first.starts_with(write.key)) break;
        continue;
      }
      if (!at->second.document) continue;
      at->second = {at->second.type, std::nullopt, "", "", revision, position++};
      changed = true;
    }
    return changed;
  }

  // False when nothing changed. `position` is that of the next change.
  static Result<bool> apply(Entries& entries, const Write& write, Revision revision, std::size_t& position) {
    const auto found = entries.find(write.key);
    if (!holds(write, found == entries.end() ? nullptr : &found->second)) return condition_conflict(write);
    if (write.reach == Reach::nothing) return false;
    if (!write.document) return remove(entries, write, revision, position);
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

  std::mutex mutex_;
  Entries entries_;
  Revision revision_;
};

}  // namespace

std::unique_ptr<ResourceStore> make_memory_resource_store() {
  return std::make_unique<MemoryResourceStore>();
}

}  // namespace peering::store
