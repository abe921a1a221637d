#include "api/rehearsal_store.h"

#include <algorithm>

#include "store/conflicts.h"
#include "store/etag.h"

namespace peering::api {

using store::Condition;
using store::Resource;
using store::Write;

bool RehearsalStore::is_removed(std::string_view key) const {
  return std::ranges::any_of(removed_below_, [&](const std::string& each) { return key.starts_with(each); });
}

Result<std::optional<Resource>> RehearsalStore::get(std::string_view key) {
  if (const auto found = written_.find(key); found != written_.end()) return found->second.resource;
  if (is_removed(key)) return std::optional<Resource>();
  return behind_.get(key);
}

Result<std::vector<Resource>> RehearsalStore::list(const store::ListQuery& query) {
  std::map<std::string, Resource> out;
  store::ListQuery behind = query;
  while (true) {
    auto page = behind_.list(behind);
    if (!page) return page;
    const bool more = page->size() == behind.limit;
    if (more) behind.after = page->back().key;
    for (Resource& each : *page) {
      const bool hidden = written_.contains(each.key) || is_removed(each.key);
      if (!hidden) out.emplace(each.key, std::move(each));
    }
    if (!more || out.size() >= query.limit) break;
  }
  // Keys after the last one of a cut page may not come before those that were not read.
  const std::string upto = out.size() >= query.limit ? out.rbegin()->first : std::string();
  for (const auto& [key, entry] : written_) {
    const bool fits = entry.resource && entry.resource->type == query.type && key > query.after &&
                      key.starts_with(query.key_prefix) && (upto.empty() || key < upto);
    if (fits) out.emplace(key, *entry.resource);
  }
  std::vector<Resource> listed;
  for (auto& [key, resource] : out) {
    if (listed.size() == query.limit) break;
    listed.push_back(std::move(resource));
  }
  return listed;
}

Result<store::Changes> RehearsalStore::changes_since(store::Revision after, std::size_t limit) {
  return behind_.changes_since(after, limit);
}

Result<void> RehearsalStore::apply(const Write& write) {
  if (write.reach == store::Reach::append) return {};
  const auto there = get(write.key);
  if (!there) return tl::unexpected(there.error());
  const bool exists = there->has_value();
  const bool holds = write.condition == Condition::any || (write.condition == Condition::absent && !exists) ||
                     (write.condition == Condition::present && exists) ||
                     (write.condition == Condition::etag && exists && (*there)->etag == write.etag);
  if (!holds) return store::condition_conflict(write);
  if (write.reach == store::Reach::nothing) return {};
  if (!write.document) {
    written_[write.key] = {};
    if (write.reach != store::Reach::subtree) return {};
    removed_below_.push_back(write.key + "/");
    std::erase_if(written_, [&](const auto& each) { return each.first.starts_with(write.key + "/"); });
    return {};
  }
  for (const auto& [key, entry] : written_) {
    const bool taken = !write.unique.empty() && entry.resource && entry.resource->type == write.type &&
                       entry.unique == write.unique && key != write.key;
    if (taken) return store::unique_conflict(write, key);
  }
  const store::Revision revision(commits_);
  written_[write.key] = {Resource{write.key, write.type, *write.document,
                                  store::make_etag(revision, write.key, *write.document), revision},
                         write.unique};
  return {};
}

Result<store::Revision> RehearsalStore::commit(std::span<const Write> writes) {
  ++commits_;
  const auto written = written_;
  const auto removed = removed_below_;
  for (const Write& write : writes) {
    if (auto done = apply(write); !done) {
      written_ = written;
      removed_below_ = removed;
      return tl::unexpected(done.error());
    }
  }
  return store::Revision(commits_);
}

}  // namespace peering::api
