#include "rib/prefix_tree.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace peering::rib {

namespace {

constexpr std::uint16_t direct_children_min = 8;
constexpr std::size_t direct_children = 256;

std::size_t slot_units(std::size_t slots) { return (slots + 1) / 2; }
std::size_t list_units(std::size_t children) { return (children + 1) / 2; }
constexpr std::size_t direct_units = direct_children * sizeof(std::uint32_t) / SlabArena::unit_bytes;

}  // namespace

PrefixTree::PrefixTree() {
  blocks_.resize(2);
  blocks_[1].family = net::Family::ipv6;
}

PrefixBits PrefixTree::prefix_of(const Block& block, std::uint32_t key) const {
  PrefixBits out{block.high, block.low, block.family, 0};
  const std::uint64_t byte = key >> 4;
  if (block.depth < 8) {
    out.high |= byte << (56 - 8 * block.depth);
  } else {
    out.low |= byte << (56 - 8 * (block.depth - 8));
  }
  out.length = static_cast<std::uint8_t>(8 * block.depth + (key & 0xf));
  return out;
}

// Without a branch that depends on what is compared: the halves are as good as random.
const PrefixTree::Slot* PrefixTree::lower_bound(const Block& block, std::uint32_t key) const {
  const Slot* base = slots(block);
  std::size_t left = block.slot_count;
  while (left > 1) {
    const std::size_t half = left / 2;
    base += base[half - 1].key() < key ? half : 0;
    left -= half;
  }
  return base + (left == 1 && base->key() < key ? 1 : 0);
}

const PrefixTree::Slot* PrefixTree::find_key(const Block& block, std::uint32_t key) const {
  if (block.slot_count == 0) return nullptr;
  const Slot* at = lower_bound(block, key);
  return at != slots(block) + block.slot_count && at->key() == key ? at : nullptr;
}

PrefixTree::Slot& PrefixTree::insert_key(Block& block, std::uint32_t key) {
  const std::size_t count = block.slot_count;
  std::size_t before = 0;
  if (count > 0) before = static_cast<std::size_t>(lower_bound(block, key) - slots(block));
  const bool full = count == 0 || count == 2 * SlabArena::capacity(slot_units(count));
  if (full) {
    const auto grown = arena_.allocate(slot_units(count + 1));
    auto* into = arena_.at<Slot>(grown);
    if (count > 0) {
      std::memcpy(into, slots(block), before * sizeof(Slot));
      std::memcpy(into + before + 1, slots(block) + before, (count - before) * sizeof(Slot));
      arena_.release(block.slots, slot_units(count));
    }
    block.slots = grown;
  } else {
    Slot* at = slots(block) + before;
    std::memmove(at + 1, at, (count - before) * sizeof(Slot));
  }
  ++block.slot_count;
  ++size_;
  ++version_;
  Slot& made = slots(block)[before];
  made = {key << 20, 0};
  return made;
}

void PrefixTree::erase_key(Block& block, std::uint32_t key) {
  const std::size_t count = block.slot_count;
  Slot* gone = slots(block) + (lower_bound(block, key) - slots(block));
  std::memmove(gone, gone + 1, (count - 1 - static_cast<std::size_t>(gone - slots(block))) * sizeof(Slot));
  --block.slot_count;
  --size_;
  ++version_;
  const bool smaller =
      count > 1 && SlabArena::capacity(slot_units(count - 1)) != SlabArena::capacity(slot_units(count));
  if (count > 1 && !smaller) return;
  const auto former = block.slots;
  block.slots = 0;
  if (smaller) {
    block.slots = arena_.allocate(slot_units(count - 1));
    std::memcpy(slots(block), arena_.at<Slot>(former), (count - 1) * sizeof(Slot));
  }
  arena_.release(former, slot_units(count));
}

PrefixTree::Index PrefixTree::child(const Block& block, unsigned byte) const {
  if (block.direct) return arena_.at<Index>(block.children)[byte];
  const auto* list = arena_.at<std::uint64_t>(block.child_count == 0 ? 0 : block.children);
  for (unsigned i = 0; i < block.child_count; ++i) {
    if (list[i] >> 32 == byte) return static_cast<Index>(list[i]);
  }
  return none;
}

void PrefixTree::prefetch_child(const Block& block, unsigned byte) const {
  if (block.child_count == 0) return;
  __builtin_prefetch(block.direct ? static_cast<const void*>(arena_.at<Index>(block.children) + byte)
                                  : static_cast<const void*>(arena_.at<std::uint64_t>(block.children)));
}

// Makes a list of a table.
void PrefixTree::list_children(Block& block) {
  const auto* table = arena_.at<Index>(block.children);
  const auto list = arena_.allocate(list_units(block.child_count));
  std::size_t count = 0;
  for (std::uint64_t byte = 0; byte < direct_children; ++byte) {
    if (table[byte] != none) arena_.at<std::uint64_t>(list)[count++] = byte << 32 | table[byte];
  }
  arena_.release(block.children, direct_units);
  block.children = list;
  block.direct = false;
}

void PrefixTree::set_child(Block& block, unsigned byte, Index child) {
  if (block.direct) {
    Index& at = arena_.at<Index>(block.children)[byte];
    block.child_count = static_cast<std::uint16_t>(block.child_count + (at == none ? 1 : 0));
    at = child;
    return;
  }
  std::array<std::uint64_t, listed_children_max + 1> list;
  const std::size_t count = block.child_count;
  if (count > 0) std::memcpy(list.data(), arena_.at<std::uint64_t>(block.children), count * 8);
  std::size_t at = 0;
  while (at < count && list[at] >> 32 < byte) ++at;
  const std::uint64_t entry = std::uint64_t{byte} << 32 | child;
  if (at < count && list[at] >> 32 == byte) {
    arena_.at<std::uint64_t>(block.children)[at] = entry;
    return;
  }
  std::memmove(list.data() + at + 1, list.data() + at, (count - at) * 8);
  list[at] = entry;
  if (count > 0) arena_.release(block.children, list_units(count));
  block.child_count = static_cast<std::uint16_t>(count + 1);
  if (count + 1 <= listed_children_max) {
    block.children = arena_.allocate(list_units(count + 1));
    std::memcpy(arena_.at<std::uint64_t>(block.children), list.data(), (count + 1) * 8);
    return;
  }
  block.children = arena_.allocate(direct_units);
  block.direct = true;
  auto* table = arena_.at<Index>(block.children);
  std::fill_n(table, direct_children, none);
  for (std::size_t i = 0; i <= count; ++i) table[list[i] >> 32] = static_cast<Index>(list[i]);
}

void PrefixTree::drop_child(Block& block, unsigned byte) {
  const std::size_t count = block.child_count--;
  if (block.direct) {
    arena_.at<Index>(block.children)[byte] = none;
    if (block.child_count < direct_children_min) list_children(block);
    return;
  }
  std::array<std::uint64_t, listed_children_max> left;
  std::size_t kept = 0;
  const auto* list = arena_.at<std::uint64_t>(block.children);
  for (std::size_t i = 0; i < count; ++i) {
    if (list[i] >> 32 != byte) left[kept++] = list[i];
  }
  arena_.release(block.children, list_units(count));
  block.children = 0;
  if (kept == 0) return;
  block.children = arena_.allocate(list_units(kept));
  std::memcpy(arena_.at<std::uint64_t>(block.children), left.data(), kept * 8);
}

PrefixTree::Index PrefixTree::make(const PrefixBits& prefix, unsigned depth) {
  Index at = static_cast<Index>(blocks_.size());
  if (free_.empty()) {
    blocks_.emplace_back();
  } else {
    at = free_.back();
    free_.pop_back();
  }
  const PrefixBits leading = truncated(prefix, 8 * depth);
  Block& block = blocks_[at];
  block = Block();
  block.high = leading.high;
  block.low = leading.low;
  block.depth = static_cast<std::uint8_t>(depth);
  block.family = prefix.family;
  return at;
}

// `below` hangs under `parent` where `prefix` wants to go, and is not on its path: a block between them.
PrefixTree::Index PrefixTree::branch(Index parent, Index below, const PrefixBits& prefix) {
  const unsigned byte = prefix.byte(blocks_[parent].depth);
  const PrefixBits other{blocks_[below].high, blocks_[below].low, prefix.family, 0};
  unsigned depth = blocks_[parent].depth + 1U;
  const unsigned depth_max = std::min<unsigned>(depth_of(prefix), blocks_[below].depth);
  while (depth < depth_max && prefix.byte(depth) == other.byte(depth)) ++depth;
  const Index made = make(prefix, depth);
  set_child(blocks_[made], other.byte(depth), below);
  set_child(blocks_[parent], byte, made);
  return made;
}

PrefixTree::Index PrefixTree::find_or_make(const PrefixBits& prefix) {
  const unsigned target = depth_of(prefix);
  Index at = root(prefix.family);
  while (blocks_[at].depth < target) {
    const unsigned byte = prefix.byte(blocks_[at].depth);
    Index below = child(blocks_[at], byte);
    if (below == none) {
      below = make(prefix, target);
      set_child(blocks_[at], byte, below);
    } else if (!on_path(blocks_[below], prefix)) {
      below = branch(at, below, prefix);
    }
    at = below;
  }
  return at;
}

PrefixTree::Slot& PrefixTree::insert(const PrefixBits& prefix) {
  Block& block = blocks_[find_or_make(prefix)];
  const std::uint32_t key = key_of(prefix.byte(block.depth), prefix.length - 8U * block.depth);
  const Slot* known = find_key(block, key);
  return known ? const_cast<Slot&>(*known) : insert_key(block, key);
}

PrefixTree::Slot* PrefixTree::find(const PrefixBits& prefix) {
  const unsigned target = depth_of(prefix);
  Index at = root(prefix.family);
  while (blocks_[at].depth < target) {
    at = child(blocks_[at], prefix.byte(blocks_[at].depth));
    if (at == none || !on_path(blocks_[at], prefix)) return nullptr;
  }
  const Block& block = blocks_[at];
  const unsigned bits = prefix.length - 8U * block.depth;
  return const_cast<Slot*>(find_key(block, key_of(prefix.byte(block.depth), bits)));
}

void PrefixTree::find_together(std::span<const PrefixBits> prefixes, std::span<Slot*> out) const {
  std::array<Index, together_max> at;
  std::array<std::uint8_t, together_max> walking;  // who is not there yet
  std::size_t left = 0;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    at[i] = root(prefixes[i].family);
    if (depth_of(prefixes[i]) > 0) walking[left++] = static_cast<std::uint8_t>(i);
  }
  // A step of all to the next block, then a look at where each is.
  while (left > 0) {
    for (std::size_t w = 0; w < left; ++w) {
      const std::size_t i = walking[w];
      at[i] = child(blocks_[at[i]], prefixes[i].byte(blocks_[at[i]].depth));
      if (at[i] != none) __builtin_prefetch(&blocks_[at[i]]);
    }
    const std::size_t walked = std::exchange(left, 0);
    for (std::size_t w = 0; w < walked; ++w) {
      const std::size_t i = walking[w];
      if (at[i] == none) continue;
      const Block& block = blocks_[at[i]];
      if (!on_path(block, prefixes[i])) {
        at[i] = none;
      } else if (block.depth < depth_of(prefixes[i])) {
        prefetch_child(block, prefixes[i].byte(block.depth));
        walking[left++] = static_cast<std::uint8_t>(i);
      }
    }
  }
  search_together(prefixes, {at.data(), prefixes.size()}, out);
}

// `lower_bound` in the blocks of all, step by step.
void PrefixTree::search_together(std::span<const PrefixBits> prefixes, std::span<const Index> blocks,
                                 std::span<Slot*> out) const {
  struct Search {
    const Slot* base;
    std::uint32_t key;
    std::uint16_t left, index;
  };
  std::array<Search, together_max> searches;
  std::size_t count = 0;
  std::uint16_t left_max = 0;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    out[i] = nullptr;
    if (blocks[i] == none || blocks_[blocks[i]].slot_count == 0) continue;
    const Block& block = blocks_[blocks[i]];
    const std::uint32_t key = key_of(prefixes[i].byte(block.depth), prefixes[i].length - 8U * block.depth);
    const Slot* base = slots(block);
    __builtin_prefetch(base + block.slot_count / 2);
    left_max = std::max(left_max, block.slot_count);
    searches[count++] = {base, key, block.slot_count, static_cast<std::uint16_t>(i)};
  }
  for (; left_max > 1; left_max = static_cast<std::uint16_t>(left_max - left_max / 2)) {
    for (std::size_t s = 0; s < count; ++s) {
      Search& search = searches[s];
      const std::uint16_t half = search.left / 2;
      if (half == 0) continue;
      search.base += search.base[half - 1].key() < search.key ? half : 0;
      search.left = static_cast<std::uint16_t>(search.left - half);
      __builtin_prefetch(search.base + search.left / 2);
    }
  }
  for (std::size_t s = 0; s < count; ++s) {
    const Search& search = searches[s];
    const Block& block = blocks_[blocks[search.index]];
    const Slot* found = search.base + (search.base->key() < search.key ? 1 : 0);
    const bool there = found != slots(block) + block.slot_count && found->key() == search.key;
    if (there) out[search.index] = const_cast<Slot*>(found);
  }
}

void PrefixTree::erase(const PrefixBits& prefix) {
  const unsigned target = depth_of(prefix);
  Index at = root(prefix.family);
  while (blocks_[at].depth < target) at = child(blocks_[at], prefix.byte(blocks_[at].depth));
  Block& block = blocks_[at];
  erase_key(block, key_of(prefix.byte(block.depth), prefix.length - 8U * block.depth));
  if (block.slot_count == 0 && block.child_count < 2) prune(prefix);
}

// Takes out blocks on the way to the prefix that hold nothing and at which nothing branches, from below.
void PrefixTree::prune(const PrefixBits& prefix) {
  std::array<Index, 17> path;
  std::size_t steps = 0;
  path[0] = root(prefix.family);
  while (blocks_[path[steps]].depth < depth_of(prefix)) {
    const Block& block = blocks_[path[steps]];
    path[++steps] = child(block, prefix.byte(block.depth));
  }
  for (; steps > 0; --steps) {
    Block& block = blocks_[path[steps]];
    Block& parent = blocks_[path[steps - 1]];
    if (block.slot_count != 0 || block.child_count > 1) return;
    const unsigned byte = prefix.byte(parent.depth);
    if (block.child_count == 0) {
      drop_child(parent, byte);
    } else {
      set_child(parent, byte, static_cast<Index>(*arena_.at<std::uint64_t>(block.children)));
      arena_.release(block.children, list_units(1));
    }
    block.live = false;
    block.children = 0;
    block.child_count = 0;
    free_.push_back(path[steps]);
  }
}

PrefixTree::Slot* PrefixTree::next(Cursor& cursor, PrefixBits& prefix) {
  for (; cursor.block < blocks_.size(); ++cursor.block, cursor.key = 0) {
    const Block& block = blocks_[cursor.block];
    if (!block.live || block.slot_count == 0) continue;
    const Slot* at = lower_bound(block, cursor.key);
    if (at == slots(block) + block.slot_count) continue;
    cursor.key = at->key() + 1;
    prefix = prefix_of(block, at->key());
    return const_cast<Slot*>(at);
  }
  cursor = Cursor();
  return nullptr;
}

}  // namespace peering::rib
