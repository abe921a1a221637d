#include "rib/prefix_set.h"

#include <algorithm>
#include <array>

namespace peering::rib {

namespace {

constexpr std::size_t indexed_min = 4096;
constexpr std::size_t tops = 1 << 16;

}  // namespace

template <class Key>
void PrefixSet::Sorted<Key>::build(std::vector<Key> unsorted) {
  keys = std::move(unsorted);
  if (!std::is_sorted(keys.begin(), keys.end())) std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  keys.shrink_to_fit();
  parents.resize(keys.size());
  Index open = none;  // the last entry, whose parents are those that may cover the next
  for (Index at = 0; at < keys.size(); ++at) {
    while (open != none && !keys[open].covers(keys[at])) open = parents[open];
    parents[at] = open;
    open = at;
  }
  if (keys.size() < indexed_min) return;
  starts.assign(tops + 1, 0);
  for (const Key& key : keys) ++starts[key.top() + 1];
  for (std::size_t top = 0; top < tops; ++top) starts[top + 1] += starts[top];
}

PrefixSet::PrefixSet(std::vector<net::Prefix> prefixes) {
  std::vector<Key4> keys4;
  std::vector<Key6> keys6;
  for (const net::Prefix& prefix : prefixes) {
    if (prefix.family() == net::Family::ipv4) {
      keys4.push_back(key4(prefix));
    } else {
      keys6.push_back(key6(prefix));
    }
  }
  v4_.build(std::move(keys4));
  v6_.build(std::move(keys6));
}

bool PrefixSet::covers(const net::Prefix& prefix) const {
  bool found = false;
  for_covering(prefix, [&](Index) {
    found = true;
    return false;
  });
  return found;
}

bool PrefixSet::touches(const net::Prefix& prefix) const {
  bool found = covers(prefix);
  const auto note = [&](Index) {
    found = true;
    return false;
  };
  if (!found) for_within(prefix, note);
  return found;
}

net::Prefix PrefixSet::prefix(Index at) const {
  if (at < v4_.keys.size()) {
    const Key4& key = v4_.keys[at];
    return {net::Address::v4(static_cast<std::uint32_t>(key.value >> 8)), static_cast<int>(key.value & 0xFF)};
  }
  const Key6& key = v6_.keys[at - v4_.keys.size()];
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>((i < 8 ? key.high : key.low) >> (56 - 8 * (i % 8)));
  }
  return {net::Address::v6(bytes), key.length};
}

std::vector<net::Prefix> PrefixSet::prefixes() const {
  std::vector<net::Prefix> out;
  out.reserve(size());
  for (Index at = 0; at < size(); ++at) out.push_back(prefix(at));
  return out;
}

std::size_t PrefixSet::bytes() const {
  const auto of = [](const auto& sorted) {
    return sorted.keys.capacity() * sizeof(sorted.keys[0]) + sorted.parents.capacity() * sizeof(Index) +
           sorted.starts.capacity() * sizeof(Index);
  };
  return of(v4_) + of(v6_);
}

}  // namespace peering::rib
