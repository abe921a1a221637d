// The address space of a set of prefixes, and whether a prefix has a part in it.
//
// Two prefixes are either one inside the other or apart, so "a watched prefix, or one that covers or is
// covered by a watched one" is the same as "overlaps the space of the watched ones". The space is kept as
// disjoint ranges in order; a large IPv4 one also has a bit for every /24, so that the usual question is one
// look into 2 MiB.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "net/prefix.h"

namespace peering::net {

/// Immutable: any number of threads may ask.
class PrefixSpace {
 public:
  PrefixSpace() = default;
  explicit PrefixSpace(std::span<const Prefix> prefixes);

  bool empty() const { return ranges_v4_.empty() && ranges_v6_.empty(); }
  /// True when the prefix is in the space, has a part of it, or all of it.
  bool overlaps(const Prefix& prefix) const;
  /// The same for a prefix as numbers: its address from the top bit of `high` on, zero after `length`.
  bool overlaps(Family family, std::uint64_t high, std::uint64_t low, unsigned length) const;
  /// Reads into the cache early what `overlaps` will look at.
  void prefetch(Family family, std::uint64_t high) const {
    if (family == Family::ipv4 && !bits_24_.empty()) __builtin_prefetch(&bits_24_[high >> 46]);
  }

 private:
  struct RangeV4 {
    std::uint32_t first = 0, last = 0;
  };
  struct Key {
    std::uint64_t high = 0, low = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct RangeV6 {
    Key first, last;
  };

  bool overlaps_v4(std::uint32_t first, std::uint32_t last) const;
  bool any_24(std::uint32_t first, std::uint32_t last) const;
  void make_bits();

  std::vector<RangeV4> ranges_v4_;
  std::vector<RangeV6> ranges_v6_;
  std::vector<std::uint64_t> bits_24_;  // of the first address's /24 on; empty for small sets
};

}  // namespace peering::net
