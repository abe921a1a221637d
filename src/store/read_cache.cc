#include "store/read_cache.h"

#include <algorithm>

namespace peering::store {

namespace {

// About what an entry takes beside its texts.
constexpr std::size_t entry_bytes = 200;

std::size_t bytes_of(std::string_view key, const std::optional<Resource>& found) {
  if (!found) return entry_bytes + key.size();
  return entry_bytes + key.size() + found->key.size() + found->type.size() + found->document.size() +
         found->etag.size();
}

}  // namespace

std::optional<std::optional<Resource>> ReadCache::find(std::string_view key) const {
  const Part& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  const auto found = part.kept.find(key);
  if (found == part.kept.end()) return std::nullopt;
  return found->second;
}

std::optional<Revision> ReadCache::revision_of(std::string_view key) const {
  const Part& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  const auto found = part.kept.find(key);
  if (found == part.kept.end() || !found->second) return std::nullopt;
  return found->second->revision;
}

bool ReadCache::holds(std::string_view key, std::string_view etag) const {
  const Part& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  const auto found = part.kept.find(key);
  return found != part.kept.end() && found->second && found->second->etag == etag;
}

void ReadCache::keep(std::string_view key, const std::optional<Resource>& found, std::uint64_t begun) {
  const std::size_t bytes = bytes_of(key, found);
  if (bytes > part_bytes_max_) return;
  Part& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  // A change is counted before its entries go: what was read before it is seen here, or goes with them.
  if (changes_ != begun) return;
  if (part.bytes + bytes > part_bytes_max_) {
    part.kept.clear();
    part.bytes = 0;
  }
  if (part.kept.emplace(key, found).second) part.bytes += bytes;
}

void ReadCache::forget(std::span<const Write> writes) {
  ++changes_;
  for (const Write& write : writes) {
    if (write.reach == Reach::nothing || write.reach == Reach::append) continue;
    if (write.reach == Reach::subtree) return clear();
    Part& part = part_of(write.key);
    const std::lock_guard lock(part.mutex);
    const auto found = part.kept.find(write.key);
    if (found == part.kept.end()) continue;
    part.bytes -= bytes_of(found->first, found->second);
    part.kept.erase(found);
  }
}

void ReadCache::clear() {
  for (Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    part.kept.clear();
    part.bytes = 0;
  }
}

}  // namespace peering::store
