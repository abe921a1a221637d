// The address space of a set of prefixes, and whether a prefix has a part in it.
//
// Two prefixes are either one inside the other or apart, so "a watched prefix, or one that covers or is
// covered by a watched one" is the same as "overlaps the space of the watched ones". Who has the prefixes as
// a tree lends it: the space follows it from change to change without looking at what stays. A large IPv4 one
// also has a bit for every /24, so that the usual question is one look into 2 MiB; the bits of what left may
// stay for a while, since a set bit only says that the tree has to be asked.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "net/prefix.h"
#include "net/shared_prefix_map.h"

namespace peering::net {

/// Any number of threads may ask while it does not change.
class PrefixSpace {
 public:
  PrefixSpace() = default;
  explicit PrefixSpace(std::span<const Prefix> prefixes);

  /// Becomes the space of `tree`, which must not change and differs from the one before by `added` and
  /// `removed`.
  void follow(std::shared_ptr<const PrefixTree> tree, std::span<const Prefix> added,
              std::span<const Prefix> removed);

  bool empty() const { return !tree_ || tree_->empty(); }
  /// True when the prefix is in the space, has a part of it, or all of it.
  bool overlaps(const Prefix& prefix) const;
  /// The same for a prefix as numbers: its address from the top bit of `high` on, zero after `length`.
  bool overlaps(Family family, std::uint64_t high, std::uint64_t low, unsigned length) const;
  /// Reads into the cache early what `overlaps` will look at.
  void prefetch(Family family, std::uint64_t high) const {
    if (family == Family::ipv4 && !bits_24_.empty()) __builtin_prefetch(&bits_24_[high >> 46]);
  }

 private:
  bool any_24(std::uint32_t first, std::uint32_t last) const;
  void set_bits(const Prefix& prefix);
  void make_bits();

  std::shared_ptr<const PrefixTree> tree_;
  std::vector<std::uint64_t> bits_24_;  // of the first address's /24 on; empty for small sets
  std::size_t stale_ = 0;               // prefixes that left since the bits were made
};

}  // namespace peering::net
