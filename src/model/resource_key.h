// ARM ids as keys: compared without case, and kept as the resource itself has its id.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/shared_text.h"

namespace peering::model {

/// The sign of the order of two ids as if both were in lower case (ASCII).
inline int compare_ids(std::string_view a, std::string_view b) {
  const std::size_t common = a.size() < b.size() ? a.size() : b.size();
  std::size_t at = 0;
  const auto lowered = [](char c) { return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + 32 : c); };
  while (at < common) {
    std::uint64_t left, right;
    // Ids of one tenant have most of their letters in common.
    if (at + 8 <= common) {
      std::memcpy(&left, a.data() + at, 8);
      std::memcpy(&right, b.data() + at, 8);
      if (left == right) {
        at += 8;
        continue;
      }
    }
    const std::size_t end = at + 8 <= common ? at + 8 : common;
    for (; at < end; ++at) {
      const int order = lowered(a[at]) - lowered(b[at]);
      if (order != 0) return order;
    }
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

/// Whether the id starts with `start`, whatever the case.
inline bool is_below(std::string_view id, std::string_view start) {
  return compare_ids(id.substr(0, start.size()), start) == 0;
}

/// Immutable; a copy shares the letters.
class ResourceKey {
 public:
  ResourceKey(SharedText id) : id_(std::move(id)) {}  // NOLINT
  ResourceKey(const std::string& id) : id_(id) {}     // NOLINT
  ResourceKey(const char* id) : id_(id) {}            // NOLINT

  /// As it was given.
  const std::string& id() const { return id_.str(); }

  friend bool operator<(const ResourceKey& a, const ResourceKey& b) {
    return compare_ids(a.id(), b.id()) < 0;
  }
  friend bool operator==(const ResourceKey& a, const ResourceKey& b) {
    return compare_ids(a.id(), b.id()) == 0;
  }
  friend bool operator<(const ResourceKey& a, std::string_view b) { return compare_ids(a.id(), b) < 0; }
  friend bool operator==(const ResourceKey& a, std::string_view b) { return compare_ids(a.id(), b) == 0; }
  friend bool operator<(const ResourceKey& a, const std::string& b) { return compare_ids(a.id(), b) < 0; }
  friend bool operator==(const ResourceKey& a, const std::string& b) { return compare_ids(a.id(), b) == 0; }
  friend bool operator<(const ResourceKey& a, const char* b) { return compare_ids(a.id(), b) < 0; }
  friend bool operator==(const ResourceKey& a, const char* b) { return compare_ids(a.id(), b) == 0; }

 private:
  SharedText id_;
};

}  // namespace peering::model
