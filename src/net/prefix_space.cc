#include "net/prefix_space.h"

#include <algorithm>
#include <bit>

namespace peering::net {

namespace {

// From this many prefixes on, a walk down their tree costs more than a look into the bits.
constexpr std::size_t prefixes_without_bits_max = 64;
// As many may leave, and a quarter of those that are there, before the bits are made anew.
constexpr std::size_t stale_max = 4096;
constexpr std::uint32_t blocks_24 = 1U << 24;

std::uint32_t last_v4(std::uint32_t first, unsigned length) {
  return length >= 32 ? first : first | (0xffffffffU >> length);
}

std::uint64_t in_memory_order(std::uint64_t number) {
  return std::endian::native == std::endian::big ? number : __builtin_bswap64(number);
}

}  // namespace

PrefixSpace::PrefixSpace(std::span<const Prefix> prefixes) {
  auto tree = std::make_shared<SharedPrefixMap<char>>();
  for (const Prefix& prefix : prefixes) (*tree)[prefix] = 1;
  follow(std::move(tree), prefixes, {});
}

void PrefixSpace::follow(std::shared_ptr<const PrefixTree> tree, std::span<const Prefix> added,
                         std::span<const Prefix> removed) {
  tree_ = std::move(tree);
  stale_ += removed.size();
  if (bits_24_.empty() && tree_->size() <= prefixes_without_bits_max) return;
  if (bits_24_.empty() || stale_ > stale_max + tree_->size() / 4) return make_bits();
  for (const Prefix& prefix : added) set_bits(prefix);
}

void PrefixSpace::make_bits() {
  bits_24_.assign(blocks_24 / 64, 0);
  stale_ = 0;
  tree_->for_each_prefix([&](const Prefix& prefix) { set_bits(prefix); });
}

void PrefixSpace::set_bits(const Prefix& prefix) {
  if (prefix.family() != Family::ipv4) return;
  const auto first = static_cast<std::uint32_t>(prefix.address().high64() >> 32);
  const std::uint32_t last = last_v4(first, static_cast<unsigned>(prefix.length()));
  for (std::uint32_t block = first >> 8; block <= last >> 8; ++block) {
    bits_24_[block >> 6] |= std::uint64_t{1} << (block & 63);
  }
}

// True when a bit of the /24s from `first` to `last` is set. They are a prefix's: within one word, or whole
// words.
bool PrefixSpace::any_24(std::uint32_t first, std::uint32_t last) const {
  const std::uint32_t count = last - first + 1;
  if (count < 64) return (bits_24_[first >> 6] >> (first & 63) & ((std::uint64_t{1} << count) - 1)) != 0;
  return std::any_of(bits_24_.begin() + (first >> 6), bits_24_.begin() + (last >> 6) + 1,
                     [](std::uint64_t word) { return word != 0; });
}

bool PrefixSpace::overlaps(Family family, std::uint64_t high, std::uint64_t low, unsigned length) const {
  if (empty()) return false;
  if (family == Family::ipv4 && !bits_24_.empty()) {
    const auto first = static_cast<std::uint32_t>(high >> 32);
    if (!any_24(first >> 8, last_v4(first, length) >> 8)) return false;
  }
  return tree_->overlaps(
      Prefix(family, in_memory_order(high), in_memory_order(low), static_cast<int>(length)));
}

bool PrefixSpace::overlaps(const Prefix& prefix) const {
  return overlaps(prefix.family(), prefix.address().high64(), prefix.address().low64(),
                  static_cast<unsigned>(prefix.length()));
}

}  // namespace peering::net
