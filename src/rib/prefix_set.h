// An unchanging set of prefixes that answers which of them cover a prefix.
//
// The prefixes stand in one sorted list per family; in that order a prefix comes right before what it covers,
// so what covers a query is the last entry before it, that entry's parent, the parent's parent and so on.
// One binary search, narrowed by a table over the first 16 bits, then a few steps: no tree to walk, nothing
// to allocate, and the whole is built by sorting.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "net/prefix.h"

namespace peering::rib {

/// Immutable after construction; any number of threads may read.
class PrefixSet {
 public:
  using Index = std::uint32_t;

  PrefixSet() = default;
  /// In any order; repetitions count once. At most 2^31 prefixes.
  explicit PrefixSet(std::vector<net::Prefix> prefixes);

  /// Calls `visit(index)` for each member that covers `prefix` (itself included), the most specific first,
  /// until it gives false. Indexes count the members in order, IPv4 first.
  template <class Visit>
  void for_covering(const net::Prefix& prefix, Visit&& visit) const {
    if (prefix.family() == net::Family::ipv4) {
      v4_.for_covering(key4(prefix), [&](Index at) { return visit(at); });
    } else {
      const auto offset = static_cast<Index>(v4_.keys.size());
      v6_.for_covering(key6(prefix), [&](Index at) { return visit(at + offset); });
    }
  }
  /// Calls `visit(index)` for each member inside `prefix` (itself not included), in order, until it gives
  /// false.
  template <class Visit>
  void for_within(const net::Prefix& prefix, Visit&& visit) const {
    if (prefix.family() == net::Family::ipv4) {
      v4_.for_within(key4(prefix), [&](Index at) { return visit(at); });
    } else {
      const auto offset = static_cast<Index>(v4_.keys.size());
      v6_.for_within(key6(prefix), [&](Index at) { return visit(at + offset); });
    }
  }
  /// Some member covers `prefix`, or is it.
  bool covers(const net::Prefix& prefix) const;
  /// Some member covers `prefix`, or is covered by it.
  bool touches(const net::Prefix& prefix) const;
  /// The member of an index.
  net::Prefix prefix(Index at) const;
  /// The members in order.
  std::vector<net::Prefix> prefixes() const;
  std::size_t size() const { return v4_.keys.size() + v6_.keys.size(); }
  bool empty() const { return size() == 0; }
  std::size_t bytes() const;

 private:
  static constexpr Index none = 0xFFFFFFFF;

  // Address in the upper, length in the lower part, so that keys sort as prefixes do.
  struct Key4 {
    std::uint64_t value = 0;  // 32 bits of address, 8 of length
    friend auto operator<=>(const Key4&, const Key4&) = default;
    std::uint32_t top() const { return static_cast<std::uint32_t>(value >> 24); }
    bool covers(const Key4& other) const {
      const int length = static_cast<int>(value & 0xFF);
      return length <= static_cast<int>(other.value & 0xFF) &&
             (length == 0 || (value >> 8 ^ other.value >> 8) >> (32 - length) == 0);
    }
  };
  struct Key6 {
    std::uint64_t high = 0, low = 0;
    std::uint8_t length = 0;
    friend auto operator<=>(const Key6&, const Key6&) = default;
    std::uint32_t top() const { return static_cast<std::uint32_t>(high >> 48); }
    bool covers(const Key6& other) const {
      if (length > other.length) return false;
      if (length == 0) return true;
      if (length <= 64) return (high ^ other.high) >> (64 - length) == 0;
      return high == other.high && (low ^ other.low) >> (128 - length) == 0;
    }
  };
  static Key4 key4(const net::Prefix& prefix) {
    return {(prefix.address().high64() >> 32) << 8 | static_cast<std::uint64_t>(prefix.length())};
  }
  static Key6 key6(const net::Prefix& prefix) {
    return {prefix.address().high64(), prefix.address().low64(), static_cast<std::uint8_t>(prefix.length())};
  }

  template <class Key>
  struct Sorted {
    std::vector<Key> keys;
    std::vector<Index> parents;  // `none` for those that nothing covers
    std::vector<Index> starts;   // of the first 16 bits: the first entry; empty in a small set

    void build(std::vector<Key> unsorted);
    // The number of entries that do not come after the key.
    Index upper_bound(const Key& key) const {
      Index low = 0, count = static_cast<Index>(keys.size());
      if (!starts.empty()) {
        low = starts[key.top()];
        count = starts[key.top() + 1] - low;
      }
      while (count > 0) {
        const Index half = count / 2;
        const bool before = keys[low + half] <= key;
        low = before ? low + half + 1 : low;
        count = before ? count - half - 1 : half;
      }
      return low;
    }
    template <class Visit>
    void for_covering(const Key& key, Visit&& visit) const {
      const Index after = upper_bound(key);
      for (Index at = after == 0 ? none : after - 1; at != none; at = parents[at]) {
        if (keys[at].covers(key) && !visit(at)) return;
      }
    }
    // What a prefix covers comes right after it.
    template <class Visit>
    void for_within(const Key& key, Visit&& visit) const {
      for (Index at = upper_bound(key); at < keys.size() && key.covers(keys[at]); ++at) {
        if (!visit(at)) return;
      }
    }
  };

  Sorted<Key4> v4_;
  Sorted<Key6> v6_;
};

}  // namespace peering::rib
