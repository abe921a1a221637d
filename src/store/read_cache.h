// Resources that were read one by one, kept in memory until something changes them.
//
// Requests read the same few resources again and again: the token, the subscription, the group. A store that
// is the only writer of its data may answer them from here.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/resource_store.h"

namespace peering::store {

/// Thread-safe. Also remembers keys without a resource. A part that is full begins anew.
class ReadCache {
 public:
  explicit ReadCache(std::size_t bytes_max) : part_bytes_max_(bytes_max / part_count) {}

  /// What was kept for the key: a resource, or that there is none.
  std::optional<std::optional<Resource>> find(std::string_view key) const;
  /// Of the resource that was kept for the key; nothing also when it is kept that there is none.
  std::optional<Revision> revision_of(std::string_view key) const;

  /// True when it was kept that the key has a resource with this etag.
  bool holds(std::string_view key, std::string_view etag) const;

  /// Call before the read whose outcome is to be kept.
  std::uint64_t begin_read() const { return changes_; }
  /// Keeps what was read, unless something changed since `begun`.
  void keep(std::string_view key, const std::optional<Resource>& found, std::uint64_t begun);

  /// The writes are in the store, or may be. Call before anybody is told.
  void forget(std::span<const Write> writes);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Part {
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::optional<Resource>, Hash, std::equal_to<>> kept;
    std::size_t bytes = 0;
  };
  static constexpr std::size_t part_count = 16;

  Part& part_of(std::string_view key) { return parts_[Hash()(key) % part_count]; }
  const Part& part_of(std::string_view key) const { return parts_[Hash()(key) % part_count]; }
  void clear();

  const std::size_t part_bytes_max_;
  std::atomic<std::uint64_t> changes_{0};
  std::array<Part, part_count> parts_;
};

}  // namespace peering::store
