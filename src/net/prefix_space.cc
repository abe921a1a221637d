#include "net/prefix_space.h"

#include <algorithm>

namespace peering::net {

namespace {

// From this many ranges on, a search in them costs more than a look into the bits.
constexpr std::size_t ranges_without_bits_max = 64;
constexpr std::uint32_t blocks_24 = 1U << 24;

std::uint32_t last_v4(std::uint32_t first, unsigned length) {
  return length >= 32 ? first : first | (0xffffffffU >> length);
}

}  // namespace

PrefixSpace::PrefixSpace(std::span<const Prefix> prefixes) {
  std::vector<Prefix> sorted(prefixes.begin(), prefixes.end());
  std::ranges::sort(sorted);
  const Prefix* last = nullptr;
  for (const Prefix& prefix : sorted) {
    // In order the covering one comes first.
    if (last && last->covers(prefix)) continue;
    last = &prefix;
    const auto length = static_cast<unsigned>(prefix.length());
    const std::uint64_t high = prefix.address().high64(), low = prefix.address().low64();
    if (prefix.family() == Family::ipv4) {
      const auto first = static_cast<std::uint32_t>(high >> 32);
      ranges_v4_.push_back({first, last_v4(first, length)});
    } else {
      const std::uint64_t high_rest = length >= 64 ? 0 : ~std::uint64_t{0} >> length;
      const std::uint64_t low_rest = length <= 64    ? ~std::uint64_t{0}
                                     : length >= 128 ? 0
                                                     : ~std::uint64_t{0} >> (length - 64);
      ranges_v6_.push_back({{high, low}, {high | high_rest, low | low_rest}});
    }
  }
  if (ranges_v4_.size() > ranges_without_bits_max) make_bits();
}

void PrefixSpace::make_bits() {
  bits_24_.resize(blocks_24 / 64);
  for (const RangeV4& range : ranges_v4_) {
    for (std::uint32_t block = range.first >> 8; block <= range.last >> 8; ++block) {
      bits_24_[block >> 6] |= std::uint64_t{1} << (block & 63);
    }
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

bool PrefixSpace::overlaps_v4(std::uint32_t first, std::uint32_t last) const {
  if (!bits_24_.empty()) {
    if (!any_24(first >> 8, last >> 8)) return false;
    if (last - first >= 255) return true;
  }
  const auto found = std::lower_bound(ranges_v4_.begin(), ranges_v4_.end(), first,
                                      [](const RangeV4& range, std::uint32_t at) { return range.last < at; });
  return found != ranges_v4_.end() && found->first <= last;
}

bool PrefixSpace::overlaps(Family family, std::uint64_t high, std::uint64_t low, unsigned length) const {
  if (family == Family::ipv4) {
    const auto first = static_cast<std::uint32_t>(high >> 32);
    return overlaps_v4(first, last_v4(first, length));
  }
  const auto found = std::lower_bound(ranges_v6_.begin(), ranges_v6_.end(), Key{high, low},
                                      [](const RangeV6& range, const Key& at) { return range.last < at; });
  if (found == ranges_v6_.end()) return false;
  const std::uint64_t high_rest = length >= 64 ? 0 : ~std::uint64_t{0} >> length;
  const std::uint64_t low_rest = length <= 64    ? ~std::uint64_t{0}
                                 : length >= 128 ? 0
                                                 : ~std::uint64_t{0} >> (length - 64);
  return found->first <= Key{high | high_rest, low | low_rest};
}

bool PrefixSpace::overlaps(const Prefix& prefix) const {
  return overlaps(prefix.family(), prefix.address().high64(), prefix.address().low64(),
                  static_cast<unsigned>(prefix.length()));
}

}  // namespace peering::net
