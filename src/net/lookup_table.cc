#include "net/lookup_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <tuple>

namespace peering::net {

namespace {

// How many prefixes are worth a root of how many bits.
constexpr std::array<std::pair<std::size_t, unsigned>, 3> root_sizes = {
    std::pair{std::size_t{150'000}, 24U}, {std::size_t{2'000}, 18U}, {std::size_t{32}, 12U}};
constexpr unsigned smallest_root = 6;

// Six bits of the address after the first `depth`; zero beyond its end.
[[gnu::always_inline]] inline unsigned six_bits(std::uint64_t high, std::uint64_t low, unsigned depth) {
  if (depth >= 64) return static_cast<unsigned>(low << (depth - 64) >> 58);
  const std::uint64_t from_low = depth == 0 ? 0 : low >> (64 - depth);
  return static_cast<unsigned>((high << depth | from_low) >> 58);
}

StrideTable::Entry entry_of(const Prefix& prefix, std::uint32_t value) {
  return {prefix.address().high64(), prefix.address().low64(), value,
          static_cast<std::uint8_t>(prefix.length())};
}

std::uint8_t mark_of(const StrideTable::Entry& entry) { return static_cast<std::uint8_t>(entry.length + 1); }

// Has the instruction that counts bits; without it a walk takes three times as long.
const bool counts_bits = __builtin_cpu_supports("popcnt");

// Addresses that go down together, and how far ahead of a look memory is asked for.
constexpr std::size_t group = 32, ahead = 32;

}  // namespace

StrideTable::StrideTable(Entries entries, Part part) : part_bits_(part.bits), part_high_(part.high) {
  root_bits_ = smallest_root;
  for (const auto& [count, bits] : root_sizes) {
    if (entries.size() >= count) root_bits_ = std::max<std::uint64_t>(root_bits_, bits);
  }
  root_shift_ = 64 - root_bits_;
  root_.assign(std::size_t{1} << root_bits_, none);
  marks_.resize(root_.size());
  paint_root(entries);
}

// How many entries of the root a prefix covers.
std::size_t StrideTable::slots_of(const Entry& entry) const {
  const std::uint64_t inside = entry.length > part_bits_ ? entry.length - part_bits_ : 0;
  return std::size_t{1} << (root_bits_ - inside);
}

// In order the covering prefix comes first, and those inside it paint over it.
void StrideTable::paint_root(Entries entries) {
  for (std::size_t at = 0; at < entries.size();) {
    const Entry& entry = entries[at];
    const std::size_t slot = slot_of(entry.high);
    if (entry.length <= root_bits_ + part_bits_) {
      const std::size_t count = slots_of(entry);
      std::fill_n(root_.data() + slot, count, entry.value);
      std::fill_n(marks_.data() + slot, count, mark_of(entry));
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < entries.size() && slot_of(entries[end].high) == slot) ++end;
    root_[slot] = subtree(static_cast<unsigned>(top_bits()), root_[slot], entries.subspan(at, end - at));
    ++deeper_;
    at = end;
  }
}

StrideTable::Leaf StrideTable::lone(std::uint32_t around, const Entry& entry) {
  if (entry.length < 64) return {entry.high | std::uint64_t{1} << (63 - entry.length), entry.value, around};
  long_.push_back(entry);
  return {Leaf{}.bits, static_cast<std::uint32_t>(long_.size() - 1) | is_lone, around};
}

std::uint32_t StrideTable::subtree(unsigned depth, std::uint32_t around, Entries entries) {
  if (entries.size() == 1) {
    leaves_.push_back(lone(around, entries[0]));
    return static_cast<std::uint32_t>(leaves_.size() - 1) | is_lone;
  }
  const std::size_t at = nodes_.size();
  nodes_.emplace_back();
  fill_node(at, depth, around, entries);
  return static_cast<std::uint32_t>(at) | is_node;
}

void StrideTable::fill_node(std::size_t at, unsigned depth, std::uint32_t around, Entries entries) {
  std::array<Leaf, 64> values;
  values.fill({Leaf{}.bits, around, around});
  std::array<Entries, 64> below;
  Node node;
  for (std::size_t i = 0; i < entries.size();) {
    const Entry& entry = entries[i];
    const unsigned slot = six_bits(entry.high, entry.low, depth);
    if (entry.length <= depth + stride) {
      std::fill_n(values.begin() + slot, std::size_t{1} << (depth + stride - entry.length),
                  Leaf{Leaf{}.bits, entry.value, entry.value});
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    while (end < entries.size() && six_bits(entries[end].high, entries[end].low, depth) == slot) ++end;
    if (end - i == 1) {
      values[slot] = lone(values[slot].value, entry);
    } else {
      below[slot] = entries.subspan(i, end - i);
      node.inner |= std::uint64_t{1} << slot;
    }
    i = end;
  }
  node.first_inner = static_cast<std::uint32_t>(nodes_.size());
  nodes_.resize(nodes_.size() + static_cast<std::size_t>(std::popcount(node.inner)));
  node.first_leaf = static_cast<std::uint32_t>(leaves_.size());
  for (unsigned slot = 0; slot < 64; ++slot) {
    const std::uint64_t bit = std::uint64_t{1} << slot;
    if ((node.inner & bit) != 0) continue;
    const bool same = node.leaf != 0 && leaves_.back() == values[slot];
    if (same) continue;
    node.leaf |= bit;
    leaves_.push_back(values[slot]);
  }
  nodes_[at] = node;
  std::size_t child = node.first_inner;
  for (unsigned slot = 0; slot < 64; ++slot) {
    if (!below[slot].empty()) fill_node(child++, depth + stride, values[slot].value, below[slot]);
  }
}

void StrideTable::count_unused(std::uint32_t found) {
  const auto leaf = [this](std::uint32_t at) {
    unused_ += sizeof(Leaf) + ((leaves_[at].value & is_lone) != 0 ? sizeof(Entry) : 0);
  };
  if ((found & is_lone) != 0) leaf(found & ~is_lone);
  if ((found & is_node) == 0) return;
  const Node& node = nodes_[found & ~is_node];
  unused_ += sizeof node;
  for (int i = 0; i < std::popcount(node.leaf); ++i) leaf(node.first_leaf + static_cast<std::uint32_t>(i));
  for (int i = 0; i < std::popcount(node.inner); ++i) {
    count_unused((node.first_inner + static_cast<std::uint32_t>(i)) | is_node);
  }
}

// Where the mark is at least `from` and at most that of `range`, `answer` answers from now on.
std::vector<std::uint64_t> StrideTable::repaint(const Entry& range, std::uint8_t from, const Entry& answer) {
  std::vector<std::uint64_t> below;
  const std::size_t first = slot_of(range.high);
  for (std::size_t slot = first; slot < first + slots_of(range); ++slot) {
    if (marks_[slot] < from || marks_[slot] > mark_of(range)) continue;
    if ((root_[slot] & (is_node | is_lone)) != 0) {
      below.push_back(part_high_ | slot << root_shift_ >> part_bits_);
      continue;
    }
    root_[slot] = answer.value;
    marks_[slot] = mark_of(answer);
  }
  return below;
}

std::vector<std::uint64_t> StrideTable::assign(const Entry& entry) { return repaint(entry, 0, entry); }

std::vector<std::uint64_t> StrideTable::erase(const Entry& entry, const Entry& around) {
  return repaint(entry, mark_of(entry), around);
}

void StrideTable::replace(std::uint64_t high, const Entry& around, Entries entries) {
  const std::size_t slot = slot_of(high);
  count_unused(root_[slot]);
  if ((root_[slot] & (is_node | is_lone)) != 0) --deeper_;
  root_[slot] = around.value;
  marks_[slot] = mark_of(around);
  paint_root(entries);
}

namespace {

// One step down: true when `at` is another node, false when it is the place of the answer.
template <class Node>
[[gnu::always_inline]] inline bool step(const Node* nodes, std::uint32_t& at, unsigned six) {
  const Node& node = nodes[at];
  const std::uint64_t until = (std::uint64_t{2} << six) - 1;
  const bool inner = (node.inner >> six & 1) != 0;
  const std::uint64_t bits = (inner ? node.inner : node.leaf) & until;
  at = (inner ? node.first_inner : node.first_leaf) + static_cast<std::uint32_t>(__builtin_popcountll(bits)) -
       1;
  return inner;
}

// A group of addresses goes down together, a step at a time, so that all wait for memory at once. `out` has
// entries of the root, then the places of answers of those whose was a node.
template <class Node, class Leaf>
[[gnu::always_inline]] inline void walk_group(const Node* nodes, const Leaf* leaves, unsigned depth,
                                              std::span<const std::uint64_t> high, const std::uint64_t* low,
                                              std::uint32_t* out, std::uint32_t node_flag) {
  std::array<std::uint32_t, group> waiting;
  std::size_t left = 0;
  for (std::uint32_t i = 0; i < high.size(); ++i) {
    waiting[left] = i;
    left += out[i] >> 31;
    out[i] &= ~node_flag;
  }
  for (; left > 0; depth += 6) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < left; ++i) {
      const std::uint32_t which = waiting[i];
      const bool inner = step(nodes, out[which], six_bits(high[which], low ? low[which] : 0, depth));
      __builtin_prefetch(inner ? static_cast<const void*>(nodes + out[which]) : leaves + out[which]);
      waiting[kept] = which;
      kept += inner ? 1 : 0;
    }
    left = kept;
  }
}

template <class Node, class Leaf>
[[gnu::target("popcnt")]] void walk_group_counting(const Node* nodes, const Leaf* leaves, unsigned depth,
                                                   std::span<const std::uint64_t> high,
                                                   const std::uint64_t* low, std::uint32_t* out,
                                                   std::uint32_t node_flag) {
  walk_group(nodes, leaves, depth, high, low, out, node_flag);
}

}  // namespace

[[gnu::always_inline]] inline std::uint32_t StrideTable::answer(const Leaf& leaf, std::uint64_t high,
                                                                std::uint64_t low) const {
  const std::uint32_t found = leaf.answer(high);
  if ((found & is_lone) == 0) [[likely]]
    return found;
  const Entry& entry = long_[found & ~is_lone];
  const bool match =
      high == entry.high && (entry.length == 64 || (low ^ entry.low) >> (128 - entry.length) == 0);
  return match ? entry.value : leaf.around;
}

[[gnu::always_inline]] inline std::uint32_t StrideTable::walk_down(std::uint32_t found, std::uint64_t high,
                                                                   std::uint64_t low) const {
  std::uint32_t at = found & ~(is_node | is_lone);
  if ((found & is_node) != 0) {
    const Node* const nodes = nodes_.data();
    auto depth = static_cast<unsigned>(top_bits());
    while (step(nodes, at, six_bits(high, low, depth))) depth += stride;
  }
  return answer(leaves_[at], high, low);
}

[[gnu::target("popcnt")]] std::uint32_t StrideTable::walk_counting(std::uint32_t found, std::uint64_t high,
                                                                   std::uint64_t low) const {
  return walk_down(found, high, low);
}

std::uint32_t StrideTable::walk(std::uint32_t found, std::uint64_t high, std::uint64_t low) const {
  return counts_bits ? walk_counting(found, high, low) : walk_down(found, high, low);
}

void StrideTable::lookup(std::span<const std::uint64_t> high, std::span<const std::uint64_t> low,
                         std::span<std::uint32_t> out) const {
  const std::uint32_t* root = root_.data();
  const auto walk_them = counts_bits ? walk_group_counting<Node, Leaf> : walk_group<Node, Leaf>;
  std::array<std::uint32_t, group> found;
  for (std::size_t at = 0; at < high.size(); at += group) {
    const std::size_t count = std::min(group, high.size() - at);
    for (std::size_t i = at; i < at + count; ++i) __builtin_prefetch(root + slot_of(high[i]));
    for (std::size_t i = 0; i < count; ++i) {
      found[i] = out[at + i] = root[slot_of(high[at + i])];
      const std::uint32_t place = found[i] & ~(is_node | is_lone);
      __builtin_prefetch((found[i] & is_node) != 0 ? static_cast<const void*>(nodes_.data() + place)
                                                   : leaves_.data() + place);
    }
    const std::uint64_t* const rest = low.empty() ? nullptr : low.data() + at;
    walk_them(nodes_.data(), leaves_.data(), static_cast<unsigned>(top_bits()), high.subspan(at, count), rest,
              out.data() + at, is_node);
    for (std::size_t i = 0; i < count; ++i) {
      if ((found[i] & (is_node | is_lone)) == 0) continue;
      out[at + i] = answer(leaves_[out[at + i] & ~is_lone], high[at + i], rest ? rest[i] : 0);
    }
  }
}

void StrideTable::lookup(std::span<const std::uint32_t> addresses, std::span<std::uint32_t> out) const {
  constexpr std::size_t block = 512;
  const std::uint32_t* const root = root_.data();
  const std::uint64_t shift = root_shift_ - 32;
  const std::size_t size = addresses.size();
  for (std::size_t first = 0; first < size; first += block) {
    const std::size_t end = std::min(first + block, size);
    for (std::size_t at = first; at < end; ++at) {
      __builtin_prefetch(root + (addresses[std::min(at + ahead, size - 1)] >> shift));
      out[at] = root[addresses[at] >> shift];
    }
    for (std::size_t at = first; deeper_ != 0 && at < end; ++at) {
      if ((out[at] & (is_node | is_lone)) == 0) continue;
      out[at] = walk(out[at], std::uint64_t{addresses[at]} << 32, 0);
    }
  }
}

namespace {

using Entries = HugeVector<StrideTable::Entry>;

Entries entries_of(const PrefixMap<std::uint32_t>& map, Family family) {
  Entries out;
  out.reserve(map.size());
  map.for_each([&](const Prefix& prefix, std::uint32_t value) {
    if (prefix.family() == family) out.push_back(entry_of(prefix, value));
  });
  return out;
}

Entries entries_of(std::span<const std::pair<Prefix, std::uint32_t>> prefixes, Family family) {
  Entries out;
  out.reserve(prefixes.size());
  for (const auto& [prefix, value] : prefixes) {
    if (prefix.family() == family) out.push_back(entry_of(prefix, value));
  }
  const auto before = [](const StrideTable::Entry& a, const StrideTable::Entry& b) {
    return std::tie(a.high, a.low, a.length) < std::tie(b.high, b.low, b.length);
  };
  if (!std::ranges::is_sorted(out, before)) std::ranges::sort(out, before);
  return out;
}

template <class Chosen>
Entries only(std::span<const StrideTable::Entry> entries, Chosen chosen) {
  Entries out;
  std::ranges::copy_if(entries, std::back_inserter(out), chosen);
  return out;
}

Prefix prefix_at(Family family, std::uint64_t high, int bits) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
  return {family == Family::ipv4 ? Address(std::span(bytes).first<4>()) : Address(bytes), bits};
}

// Makes all anew that the root's entry of `whole` covers: its nodes lie together.
void renew(StrideTable& table, const PrefixMap<std::uint32_t>& map, const Prefix& whole) {
  std::vector<StrideTable::Entry> entries;
  StrideTable::Entry around = StrideTable::nothing;
  map.for_covering(whole, [&](const Prefix& at, std::uint32_t value) {
    if (at != whole) around = entry_of(at, value);
  });
  map.for_covered(whole,
                  [&](const Prefix& at, std::uint32_t value) { entries.push_back(entry_of(at, value)); });
  table.replace(whole.address().high64(), around, entries);
}

// After the map's entry of this prefix was changed. Returns whether the table had better be built anew.
bool change(StrideTable& table, const PrefixMap<std::uint32_t>& map, const Prefix& prefix) {
  if (prefix.length() > table.top_bits()) {
    renew(table, map, prefix.truncated(table.top_bits()));
  } else {
    StrideTable::Entry own = StrideTable::nothing, around = StrideTable::nothing;
    map.for_covering(prefix, [&](const Prefix& at, std::uint32_t value) {
      (at == prefix ? own : around) = entry_of(at, value);
    });
    const bool is_there = own.value != StrideTable::none;
    const auto below = is_there ? table.assign(own) : table.erase(entry_of(prefix, 0), around);
    for (const std::uint64_t high : below)
      renew(table, map, prefix_at(prefix.family(), high, table.top_bits()));
  }
  return table.bytes_unused() * 2 > table.bytes();
}

}  // namespace

Ipv6Table::Ipv6Table(std::span<const StrideTable::Entry> entries)
    : global_(only(entries, concerns_global), global_part), rest_(only(entries, concerns_rest), rest_part) {}

void Ipv6Table::lookup(std::span<const std::uint64_t> high, std::span<const std::uint64_t> low,
                       std::span<std::uint32_t> out) const {
  for (std::size_t at = 0; at < high.size(); at += group) {
    const std::size_t count = std::min(group, high.size() - at);
    const auto some = high.subspan(at, count);
    const auto rest = low.empty() ? low : low.subspan(at, count);
    if (std::ranges::all_of(some, in_global)) {
      global_.lookup(some, rest, out.subspan(at, count));
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) out[at + i] = lookup(some[i], rest.empty() ? 0 : rest[i]);
  }
}

LookupTable::LookupTable(const PrefixMap<std::uint32_t>& map)
    : v4_(entries_of(map, Family::ipv4)), v6_(entries_of(map, Family::ipv6)) {}

LookupTable::LookupTable(std::span<const std::pair<Prefix, std::uint32_t>> prefixes)
    : v4_(entries_of(prefixes, Family::ipv4)), v6_(entries_of(prefixes, Family::ipv6)) {}

void LookupTable::changed(const PrefixMap<std::uint32_t>& map, const Prefix& prefix) {
  const Family family = prefix.family();
  if (family == Family::ipv4) {
    if (change(v4_, map, prefix)) v4_ = StrideTable(entries_of(map, family));
    return;
  }
  const StrideTable::Entry entry = entry_of(prefix, 0);
  const bool stale = (Ipv6Table::concerns_global(entry) && change(v6_.global(), map, prefix)) ||
                     (Ipv6Table::concerns_rest(entry) && change(v6_.rest(), map, prefix));
  if (stale) v6_ = Ipv6Table(entries_of(map, family));
}

}  // namespace peering::net
