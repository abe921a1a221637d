// Longest match at the speed of memory: which of many prefixes an address belongs to.
//
// `PrefixMap` answers every question about prefixes and changes cheaply; this table answers one question, for
// those who ask it millions of times a second. The first bits of the address index a flat root; where
// prefixes are longer, nodes of six bits follow, whose two bitmaps say where their children and their
// distinct answers lie (as in Poptrie, Asai and Ohara, SIGCOMM 2015, but with 32-bit answers). A prefix alone
// below a place needs no nodes: it is part of the answer and compared, which ends most walks of sparse IPv6
// space early. The root has as many bits as the table deserves: a few prefixes get 64 entries, a full IPv4
// table 2^24, where one look into 64 MiB of huge pages answers for everything up to /24.
//
// Smaller tables of bitmaps were slower there, though they fit the cache: a look waits for memory, and a
// processor waits for as many looks at once as their instructions fit its window. So a look is as few
// instructions as can be, and one that cannot lead further (`deeper_`) does not even ask.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "net/huge_pages.h"
#include "net/prefix_map.h"

namespace peering::net {

/// The table of a part of an address space. Any number of readers while nobody writes.
class StrideTable {
 public:
  /// Values are smaller than this, which stands for no match.
  static constexpr std::uint32_t none = 0x3fffffff;
  /// A prefix as numbers: address bits from the top of `high` on, zero after `length`.
  struct Entry {
    std::uint64_t high = 0, low = 0;
    std::uint32_t value = 0;
    std::uint8_t length = 0;
  };

  /// The part: addresses that begin with the first `bits` (below 32) of `high`, which no look asks for again.
  struct Part {
    std::uint64_t high = 0;
    unsigned bits = 0;
  };

  /// `entries` in order: by address, then shorter first; each prefix once; all in the part or around it.
  explicit StrideTable(std::span<const Entry> entries = {}, Part part = {0, 0});

  std::uint32_t lookup(std::uint64_t high, std::uint64_t low) const {
    const std::uint32_t found = root_[slot_of(high)];
    return deeper_ == 0 || (found & (is_node | is_lone)) == 0 ? found : walk(found, high, low);
  }
  /// The same for an IPv4 address as a number, where the part is all of them.
  std::uint32_t lookup(std::uint32_t address) const {
    const std::uint32_t found = root_[address >> (root_shift_ - 32)];
    if (deeper_ == 0 || (found & (is_node | is_lone)) == 0) return found;
    return walk(found, std::uint64_t{address} << 32, 0);
  }
  /// Many at once: while one look waits for memory others go on. `low` may be empty: all zero.
  void lookup(std::span<const std::uint64_t> high, std::span<const std::uint64_t> low,
              std::span<std::uint32_t> out) const;
  /// The same for IPv4 addresses as numbers.
  void lookup(std::span<const std::uint32_t> addresses, std::span<std::uint32_t> out) const;

  /// The prefix of `entry` (no longer than `top_bits`) was made or has another value. Returns where (as the
  /// high half of an address) entries of the root have longer prefixes below and must be replaced because of
  /// it.
  std::vector<std::uint64_t> assign(const Entry& entry);
  /// The prefix of `entry` is no more; `around` covers it next (length and value; `nothing` if none does).
  std::vector<std::uint64_t> erase(const Entry& entry, const Entry& around);
  /// All that the root's entry of this address covers is now `entries`, in order, and where they say nothing
  /// `around`.
  void replace(std::uint64_t high, const Entry& around, std::span<const Entry> entries);
  /// No prefix at all, as the one around another.
  static constexpr Entry nothing{0, 0, none, 0xff};
  /// Bits of an address that the root decides on.
  int top_bits() const { return static_cast<int>(root_bits_ + part_bits_); }
  /// Nodes and answers that `replace` left behind; time to build anew when they are most of `bytes`.
  std::size_t bytes_unused() const { return unused_; }
  std::size_t bytes() const {
    return root_.size() * 5 + nodes_.size() * sizeof(Node) + leaves_.size() * sizeof(Leaf) +
           long_.size() * sizeof(Entry);
  }

 private:
  static constexpr std::uint32_t is_node = 0x80000000, is_lone = 0x40000000;
  static constexpr unsigned stride = 6;
  struct Node {
    std::uint64_t inner = 0;  // which of 64 are nodes
    std::uint64_t leaf = 0;   // where, among the others, another answer begins
    std::uint32_t first_inner = 0, first_leaf = 0;
  };
  // An answer, and where it may be wrong: of a prefix with no other one beside it, its bits followed by a one
  // (which tells their number), and the answer where they do not match. A plain answer has no bits and
  // matches all. Prefixes of 64 bits and more are kept apart: `value` says where.
  struct Leaf {
    std::uint64_t bits = std::uint64_t{1} << 63;
    std::uint32_t value = none, around = none;

    [[gnu::always_inline]] std::uint32_t answer(std::uint64_t high) const {
      return (high ^ bits) >> 1 >> __builtin_ctzll(bits) == 0 ? value : around;
    }
    friend bool operator==(const Leaf&, const Leaf&) = default;
  };
  using Entries = std::span<const Entry>;

  // Pure, so that a loop of lookups keeps the table's places in registers across it.
  [[gnu::pure]] std::uint32_t walk(std::uint32_t found, std::uint64_t high, std::uint64_t low) const;
  [[gnu::pure]] std::uint32_t walk_counting(std::uint32_t found, std::uint64_t high, std::uint64_t low) const;
  std::uint32_t walk_down(std::uint32_t found, std::uint64_t high, std::uint64_t low) const;
  std::size_t slot_of(std::uint64_t high) const { return high << part_bits_ >> root_shift_; }
  std::size_t slots_of(const Entry& entry) const;
  std::vector<std::uint64_t> repaint(const Entry& range, std::uint8_t from, const Entry& answer);
  void paint_root(Entries entries);
  std::uint32_t subtree(unsigned depth, std::uint32_t around, Entries entries);
  void fill_node(std::size_t at, unsigned depth, std::uint32_t around, Entries entries);
  Leaf lone(std::uint32_t around, const Entry& entry);
  std::uint32_t answer(const Leaf& leaf, std::uint64_t high, std::uint64_t low) const;
  void count_unused(std::uint32_t found);

  // As wide as no answer is: a loop that stores answers keeps them in registers.
  std::uint64_t root_bits_ = stride, root_shift_ = 64 - stride, part_bits_ = 0, part_high_ = 0;
  std::uint64_t deeper_ = 0;  // entries of the root that are no answers
  HugeVector<std::uint32_t> root_;
  HugeVector<std::uint8_t> marks_;  // of each entry: 1 + the length of the prefix it was painted by, or 0
  HugeVector<Node> nodes_;
  HugeVector<Leaf> leaves_;
  HugeVector<Entry> long_;  // prefixes of 64 bits and more
  std::size_t unused_ = 0;
};

/// IPv6: what is allocated to networks lies in 2000::/3 (RFC 4291 section 2.4), so that part has a root of
/// its own, which is eight times finer for it.
class Ipv6Table {
 public:
  /// As of `StrideTable`.
  explicit Ipv6Table(std::span<const StrideTable::Entry> entries = {});

  /// As of `StrideTable`.
  std::uint32_t lookup(std::uint64_t high, std::uint64_t low) const {
    return (in_global(high) ? global_ : rest_).lookup(high, low);
  }
  void lookup(std::span<const std::uint64_t> high, std::span<const std::uint64_t> low,
              std::span<std::uint32_t> out) const;
  std::size_t bytes() const { return global_.bytes() + rest_.bytes(); }

  /// The part of 2000::/3, and the one for all else.
  static constexpr StrideTable::Part global_part{std::uint64_t{1} << 61, 3}, rest_part{};
  static bool in_global(std::uint64_t high) { return high >> 61 == 1; }
  /// Which of the two a prefix is part of: one that covers 2000::/3 is of both.
  static bool concerns_global(const StrideTable::Entry& entry) {
    return in_global(entry.high) || (entry.length < global_part.bits && entry.high == 0);
  }
  static bool concerns_rest(const StrideTable::Entry& entry) {
    return !in_global(entry.high) || entry.length < global_part.bits;
  }
  StrideTable& global() { return global_; }
  StrideTable& rest() { return rest_; }

 private:
  StrideTable global_, rest_;
};

/// Both families. As a snapshot immutable; or kept in step with a map by its owner.
class LookupTable {
 public:
  static constexpr std::uint32_t none = StrideTable::none;

  /// Values must be smaller than `none`.
  explicit LookupTable(const PrefixMap<std::uint32_t>& map = {});
  /// The same without a map: each prefix once, in any order (fastest in theirs).
  explicit LookupTable(std::span<const std::pair<Prefix, std::uint32_t>> prefixes);

  /// The value of the most specific prefix that contains the address, or `none`.
  std::uint32_t lookup(const Address& address) const {
    return address.is_v4() ? v4_.lookup(address.high64(), address.low64())
                           : v6_.lookup(address.high64(), address.low64());
  }
  const StrideTable& ipv4() const { return v4_; }
  const Ipv6Table& ipv6() const { return v6_; }

  /// After the map's entry of this prefix was made, changed or erased. Costs a walk down the map, and as many
  /// entries of the root as the prefix covers.
  void changed(const PrefixMap<std::uint32_t>& map, const Prefix& prefix);

 private:
  StrideTable v4_;
  Ipv6Table v6_;
};

}  // namespace peering::net
