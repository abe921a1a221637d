// The prefixes of a table: which there are, in what order, what covers what.
//
// A radix tree that takes a byte at each step and skips bytes at which nothing branches. A block stands for
// the prefixes whose length ends in one byte (1 to 8 bits, 9 to 16, …) after common leading bytes; it holds
// them as a sorted array without their leading bits, so that a prefix costs 8 bytes and a 32nd of a block. A
// full IPv4 table is three steps deep and looked up in as many cache misses.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "rib/prefix_bits.h"
#include "rib/slab_arena.h"

namespace peering::rib {

/// Owned by one thread.
class PrefixTree {
 public:
  /// What the table keeps for a prefix: a list of routes somewhere else.
  struct Slot {
    std::uint32_t key_and_count = 0;  // 12 bits: the last byte and how many bits of it; 20 bits: routes
    SlabArena::Ref routes = 0;

    static constexpr std::uint32_t count_max = (1U << 20) - 1;
    std::uint32_t key() const { return key_and_count >> 20; }
    std::uint32_t count() const { return key_and_count & count_max; }
    void set_count(std::uint32_t count) { key_and_count = (key_and_count & ~count_max) | count; }
  };

  PrefixTree();

  /// Null when absent. Valid, as all slots, until a prefix is inserted or erased.
  Slot* find(const PrefixBits& prefix);
  const Slot* find(const PrefixBits& prefix) const { return const_cast<PrefixTree*>(this)->find(prefix); }
  /// How many `find_together` takes at once.
  static constexpr std::size_t together_max = 32;
  /// The slots of many prefixes, null where absent. While one waits for memory the others go on, so this is
  /// several times as fast as `find` for each. They hold as long as `version` stays the same.
  void find_together(std::span<const PrefixBits> prefixes, std::span<Slot*> out) const;
  std::uint64_t version() const { return version_; }
  /// Its slot, made with no routes when absent.
  Slot& insert(const PrefixBits& prefix);
  /// The prefix must be there.
  void erase(const PrefixBits& prefix);
  std::size_t size() const { return size_; }
  /// Memory of blocks and slots.
  std::size_t bytes() const { return arena_.bytes() + blocks_.capacity() * sizeof(Block); }

  /// Calls `visit(prefix, slot)` for what covers `prefix`, itself excluded, shortest first.
  template <class Visit>
  void for_covering(const PrefixBits& prefix, Visit&& visit) const {
    Index at = root(prefix.family);
    while (at != none) {
      const Block& block = blocks_[at];
      const unsigned bits = prefix.length - 8U * block.depth;
      for (unsigned length = block.depth == 0 ? 0 : 1; length <= 8 && length < bits; ++length) {
        const Slot* slot = find_key(block, key_of(prefix.byte(block.depth), length));
        if (slot) visit(prefix_of(block, slot->key()), *slot);
      }
      if (bits <= 8) return;
      at = child(block, prefix.byte(block.depth));
      if (at != none && !on_path(blocks_[at], prefix)) return;
    }
  }

  /// Calls `visit(prefix, slot)` for `prefix` and what it covers, in order, until one gives false.
  template <class Visit>
  void for_covered(const PrefixBits& prefix, Visit&& visit) const {
    Index at = root(prefix.family);
    while (blocks_[at].depth < depth_of(prefix)) {
      at = child(blocks_[at], prefix.byte(blocks_[at].depth));
      if (at == none) return;
      const Block& block = blocks_[at];
      if (block.depth > depth_of(prefix)) {
        if (covers(prefix, block)) visit_block(block, 0, all_keys, visit);
        return;
      }
      if (!leads(block, prefix)) return;
    }
    const Block& block = blocks_[at];
    const unsigned bits = prefix.length - 8U * block.depth;
    const std::uint32_t first = key_of(prefix.byte(block.depth), bits);
    visit_block(block, first, first + (((1U << (8 - bits)) - 1) << 4 | (8 - bits)), visit);
  }

  /// A place in a walk over everything, in no order that means anything. What is inserted meanwhile may or
  /// may not be met; everything else is met once between two ends.
  struct Cursor {
    std::uint32_t block = 0, key = 0;
  };
  /// The next prefix and its slot. Null at the end; then the walk begins anew.
  Slot* next(Cursor& cursor, PrefixBits& prefix);

 private:
  using Index = std::uint32_t;
  static constexpr Index none = 0xffffffff;
  static constexpr std::uint32_t all_keys = 0xfff;
  static constexpr std::uint16_t listed_children_max = 16;

  struct Block {
    std::uint64_t high = 0, low = 0;  // the leading `depth` bytes
    SlabArena::Ref slots = 0;
    SlabArena::Ref children = 0;  // up to 16: a sorted list of (byte << 32 | block); more: 256 blocks
    std::uint16_t slot_count = 0, child_count = 0;
    std::uint8_t depth = 0;
    net::Family family = net::Family::ipv4;
    bool live = true;
    bool direct = false;  // children are a table of 256
  };

  static unsigned depth_of(const PrefixBits& prefix) {
    return prefix.length == 0 ? 0 : (prefix.length - 1U) / 8;
  }
  // Sorted by it, prefixes of a block are in order: by address, then shorter first.
  static std::uint32_t key_of(unsigned byte, unsigned bits) {
    return (byte & (0xff00U >> bits) & 0xffU) << 4 | bits;
  }
  static Index root(net::Family family) { return family == net::Family::ipv4 ? 0 : 1; }
  static bool leads(const Block& block, const PrefixBits& prefix) {
    const PrefixBits cut = truncated(prefix, 8U * block.depth);
    return cut.high == block.high && cut.low == block.low;
  }
  // True when the prefix is of the block or further down.
  static bool on_path(const Block& block, const PrefixBits& prefix) {
    return block.depth <= depth_of(prefix) && leads(block, prefix);
  }
  static bool covers(const PrefixBits& prefix, const Block& block) {
    const PrefixBits cut = truncated({block.high, block.low, block.family, 128}, prefix.length);
    return cut.high == prefix.high && cut.low == prefix.low;
  }
  PrefixBits prefix_of(const Block& block, std::uint32_t key) const;

  Slot* slots(const Block& block) const { return arena_.at<Slot>(block.slots); }
  const Slot* lower_bound(const Block& block, std::uint32_t key) const;
  const Slot* find_key(const Block& block, std::uint32_t key) const;
  Slot& insert_key(Block& block, std::uint32_t key);
  void erase_key(Block& block, std::uint32_t key);

  Index child(const Block& block, unsigned byte) const;
  void search_together(std::span<const PrefixBits> prefixes, std::span<const Index> blocks,
                       std::span<Slot*> out) const;
  void prefetch_child(const Block& block, unsigned byte) const;
  void set_child(Block& block, unsigned byte, Index child);
  void drop_child(Block& block, unsigned byte);
  void list_children(Block& block);
  Index make(const PrefixBits& prefix, unsigned depth);
  Index find_or_make(const PrefixBits& prefix);
  Index branch(Index parent, Index below, const PrefixBits& prefix);
  void prune(const PrefixBits& prefix);

  // Slots with keys from `first` to `last`, and everything below, in order; false when a visit said so.
  template <class Visit>
  bool visit_block(const Block& block, std::uint32_t first, std::uint32_t last, Visit& visit) const {
    const Slot* slot = block.slot_count == 0 ? nullptr : lower_bound(block, first);
    const Slot* const end = block.slot_count == 0 ? nullptr : slots(block) + block.slot_count;
    const auto slots_until = [&](std::uint32_t key) {
      for (; slot != end && slot->key() <= key; ++slot) {
        if (!visit(prefix_of(block, slot->key()), *slot)) return false;
      }
      return true;
    };
    const unsigned last_byte = last >> 4;
    for (unsigned byte = first >> 4; block.child_count != 0 && byte <= last_byte; ++byte) {
      const Index below = child(block, byte);
      if (below == none) continue;
      // What is as long as a byte and names this one comes before what is below it.
      if (!slots_until(std::min(last, byte << 4 | 8))) return false;
      if (!visit_block(blocks_[below], 0, all_keys, visit)) return false;
    }
    return slots_until(last);
  }

  SlabArena arena_;
  std::vector<Block> blocks_;
  std::vector<Index> free_;
  std::size_t size_ = 0;
  std::uint64_t version_ = 0;  // counts what moves slots
};

}  // namespace peering::rib
