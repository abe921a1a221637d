// Longest match at the speed of memory: which of many prefixes an address belongs to.
//
// `PrefixMap` answers every question about prefixes and changes cheaply; this table answers one question, for
// those who ask it millions of times a second. The first bits of the address index a flat root; where
// prefixes are longer, nodes of six bits follow, whose two bitmaps say where their children and their
// distinct answers lie (as in Poptrie, Asai and Ohara, SIGCOMM 2015, but with 32-bit answers). A prefix alone
// below a place needs no nodes: it is kept there and compared, which ends most walks of sparse IPv6 space
// early. The root has as many bits as the table deserves: a few prefixes get 64 entries, a full IPv4 table
// 2^24, where one look into 64 MiB of huge pages answers for everything up to /24.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "net/huge_pages.h"
#include "net/prefix_map.h"

namespace peering::net {

/// The table of one family. Any number of readers while nobody writes.
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

  /// `entries` in order: by address, then shorter first; each prefix once.
  explicit StrideTable(std::span<const Entry> entries = {});

  std::uint32_t lookup(std::uint64_t high, std::uint64_t low) const {
    const std::uint32_t found = root_[high >> root_shift_];
    return (found & (is_node | is_lone)) == 0 ? found : walk(found, high, low);
  }
  /// Many at once: while one look waits for memory others go on. `low` may be empty: all zero.
  void lookup(std::span<const std::uint64_t> high, std::span<const std::uint64_t> low,
              std::span<std::uint32_t> out) const;
  /// The same for IPv4 addresses as numbers.
  void lookup(std::span<const std::uint32_t> addresses, std::span<std::uint32_t> out) const;

  /// What `changed` covers is now `entries` (in order, itself included if it is there), and where they say
  /// nothing `around`. Costs as much as what is covered.
  void replace(const Entry& changed, std::uint32_t around, std::span<const Entry> entries);
  /// Bits that index the root; `replace` takes no longer prefix.
  int root_bits() const { return static_cast<int>(root_bits_); }
  /// Nodes and answers that `replace` left behind; time to build anew when they are most of `bytes`.
  std::size_t bytes_unused() const { return unused_; }
  std::size_t bytes() const {
    return root_.size() * 4 + nodes_.size() * sizeof(Node) + leaves_.size() * 4 +
           lones_.size() * sizeof(Lone);
  }

 private:
  static constexpr std::uint32_t is_node = 0x80000000, is_lone = 0x40000000;
  static constexpr unsigned stride = 6;
  struct Node {
    std::uint64_t inner = 0;  // which of 64 are nodes
    std::uint64_t leaf = 0;   // where, among the others, another answer begins
    std::uint32_t first_inner = 0, first_leaf = 0;
  };
  // A prefix with no other one beside it, and the answer where it does not match.
  struct Lone {
    Entry entry;
    std::uint32_t around = none;

    [[gnu::always_inline]] std::uint32_t answer(std::uint64_t high, std::uint64_t low) const {
      const unsigned length = entry.length;
      bool match = ((high ^ entry.high) >> (length >= 64 ? 0 : 64 - length)) == 0;
      if (length > 64) match = match && ((low ^ entry.low) >> (128 - length)) == 0;
      return match ? entry.value : around;
    }
  };
  using Entries = std::span<const Entry>;

  std::uint32_t walk(std::uint32_t found, std::uint64_t high, std::uint64_t low) const;
  void paint_root(std::size_t first, std::size_t last, Entries entries);
  std::uint32_t subtree(unsigned depth, std::uint32_t around, Entries entries);
  void fill_node(std::size_t at, unsigned depth, std::uint32_t around, Entries entries);
  std::uint32_t lone(std::uint32_t around, const Entry& entry);
  void count_unused(std::uint32_t found);

  unsigned root_bits_ = stride, root_shift_ = 64 - stride;
  HugeVector<std::uint32_t> root_;
  HugeVector<Node> nodes_;
  HugeVector<std::uint32_t> leaves_;
  HugeVector<Lone> lones_;
  std::size_t unused_ = 0;
};

/// Both families. As a snapshot immutable; or kept in step with a map by its owner.
class LookupTable {
 public:
  static constexpr std::uint32_t none = StrideTable::none;

  /// Values must be smaller than `none`.
  explicit LookupTable(const PrefixMap<std::uint32_t>& map = {});

  /// The value of the most specific prefix that contains the address, or `none`.
  std::uint32_t lookup(const Address& address) const {
    return (address.is_v4() ? v4_ : v6_).lookup(address.high64(), address.low64());
  }
  const StrideTable& ipv4() const { return v4_; }
  const StrideTable& ipv6() const { return v6_; }

  /// After the map's entry of this prefix was made, changed or erased.
  void changed(const PrefixMap<std::uint32_t>& map, const Prefix& prefix);

 private:
  StrideTable v4_, v6_;
};

}  // namespace peering::net
