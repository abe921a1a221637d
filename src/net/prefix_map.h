// A map from prefixes to values that answers the three questions of routing: the longest match of an
// address, what covers a prefix, and what a prefix covers. A path-compressed binary trie (Patricia) per
// family; nodes live in one vector and refer to each other by index, so that a copy is one allocation and
// a walk stays in cache.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "net/prefix.h"

namespace peering::net {

/// Not thread-safe for writers; any number of readers of an unchanging map. Pointers to values stay valid
/// until the next insert or erase.
template <class T>
class PrefixMap {
 public:
  /// Number of prefixes with a value.
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { *this = PrefixMap(); }

  /// The value of exactly this prefix, made when it was absent.
  T& operator[](const Prefix& prefix) {
    Node& node = nodes_[find_or_make(prefix)];
    if (!node.value) {
      node.value.emplace();
      ++size_;
    }
    return *node.value;
  }

  const T* exact(const Prefix& prefix) const {
    const Index at = find_exact(prefix);
    return at == none || !nodes_[at].value ? nullptr : &*nodes_[at].value;
  }
  T* exact(const Prefix& prefix) {
    return const_cast<T*>(static_cast<const PrefixMap&>(*this).exact(prefix));
  }

  /// Removes the value; false when there was none.
  bool erase(const Prefix& prefix) {
    const Index at = find_exact(prefix);
    if (at == none || !nodes_[at].value) return false;
    nodes_[at].value.reset();
    --size_;
    prune(prefix);
    return true;
  }

  /// The most specific entry that contains the address.
  std::optional<std::pair<Prefix, const T*>> longest_match(const Address& address) const {
    return longest_match(Prefix(address, address_bits(address.family())));
  }
  /// The most specific entry that covers the prefix (itself included).
  std::optional<std::pair<Prefix, const T*>> longest_match(const Prefix& prefix) const {
    Index best = none;
    walk_down(prefix, [&](Index at) { best = at; });
    if (best == none) return std::nullopt;
    return std::pair(nodes_[best].prefix, &*nodes_[best].value);
  }

  /// Calls `visit(prefix, value)` for every entry that covers `prefix`, itself included, shortest first.
  template <class Visit>
  void for_covering(const Prefix& prefix, Visit&& visit) const {
    walk_down(prefix, [&](Index at) { visit(nodes_[at].prefix, *nodes_[at].value); });
  }

  /// Calls `visit(prefix, value)` for every entry that `prefix` covers, itself included, in order.
  template <class Visit>
  void for_covered(const Prefix& prefix, Visit&& visit) const {
    Index at = root(prefix.family());
    while (at != none && nodes_[at].prefix.length() < prefix.length()) {
      if (!nodes_[at].prefix.covers(prefix)) return;
      at = nodes_[at].child[prefix.address().bit(nodes_[at].prefix.length()) ? 1 : 0];
    }
    if (at != none && prefix.covers(nodes_[at].prefix)) visit_below(at, visit);
  }

  /// Calls `visit(prefix, value)` for every entry, IPv4 first, in order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    if (roots_[0] != none) visit_below(roots_[0], visit);
    if (roots_[1] != none) visit_below(roots_[1], visit);
  }

 private:
  using Index = std::uint32_t;
  static constexpr Index none = 0xffffffff;
  struct Node {
    Prefix prefix;
    Index child[2] = {none, none};
    std::optional<T> value;
  };

  static std::size_t slot(Family family) { return family == Family::ipv4 ? 0 : 1; }
  Index root(Family family) const { return roots_[slot(family)]; }

  template <class Visit>
  void walk_down(const Prefix& prefix, Visit&& visit) const {
    Index at = root(prefix.family());
    while (at != none) {
      const Node& node = nodes_[at];
      if (!node.prefix.covers(prefix)) return;
      if (node.value) visit(at);
      if (node.prefix.length() >= prefix.length()) return;
      at = node.child[prefix.address().bit(node.prefix.length()) ? 1 : 0];
    }
  }

  template <class Visit>
  void visit_below(Index at, Visit& visit) const {
    std::vector<Index> waiting{at};
    while (!waiting.empty()) {
      const Node& node = nodes_[waiting.back()];
      waiting.pop_back();
      if (node.child[1] != none) waiting.push_back(node.child[1]);
      if (node.child[0] != none) waiting.push_back(node.child[0]);
      if (node.value) visit(node.prefix, *node.value);
    }
  }

  Index find_exact(const Prefix& prefix) const {
    Index at = root(prefix.family());
    while (at != none && nodes_[at].prefix.length() < prefix.length()) {
      at = nodes_[at].child[prefix.address().bit(nodes_[at].prefix.length()) ? 1 : 0];
    }
    return at != none && nodes_[at].prefix == prefix ? at : none;
  }

  // Number of leading bits that both have in common, at most the shorter length.
  static int common_bits(const Prefix& a, const Prefix& b) {
    const int limit = a.length() < b.length() ? a.length() : b.length();
    const std::uint64_t high = a.address().high64() ^ b.address().high64();
    int same = std::countl_zero(high);
    if (high == 0) same = 64 + std::countl_zero(a.address().low64() ^ b.address().low64());
    return same < limit ? same : limit;
  }

  Index make(const Prefix& prefix) {
    if (!free_.empty()) {
      const Index at = free_.back();
      free_.pop_back();
      nodes_[at].prefix = prefix;
      return at;
    }
    nodes_.emplace_back();
    nodes_.back().prefix = prefix;
    return static_cast<Index>(nodes_.size() - 1);
  }

  // Where the link to a node is kept: a root or a child slot. Kept as parent and side, because making a
  // node may move the vector.
  struct Link {
    Index parent = none;
    int side = 0;
  };
  Index& target(const Link& link, Family family) {
    return link.parent == none ? roots_[slot(family)] : nodes_[link.parent].child[link.side];
  }

  Index find_or_make(const Prefix& prefix) {
    Link link;
    while (true) {
      const Index at = target(link, prefix.family());
      if (at == none) {
        const Index made = make(prefix);
        target(link, prefix.family()) = made;
        return made;
      }
      const Prefix here = nodes_[at].prefix;
      if (here == prefix) return at;
      const int common = common_bits(here, prefix);
      if (common == here.length()) {
        link = {at, prefix.address().bit(common) ? 1 : 0};
        continue;
      }
      return split(link, at, prefix, common);
    }
  }

  // Puts `prefix` above or beside the node `at`, which does not cover it.
  Index split(const Link& link, Index at, const Prefix& prefix, int common) {
    const bool side = nodes_[at].prefix.address().bit(common);
    const Index upper = make(prefix.truncated(common));
    nodes_[upper].child[side ? 1 : 0] = at;
    target(link, prefix.family()) = upper;
    if (common == prefix.length()) return upper;
    const Index made = make(prefix);
    nodes_[upper].child[side ? 0 : 1] = made;
    return made;
  }

  // Unlinks the emptied node and, if its parent became a mere passage, the parent.
  void prune(const Prefix& prefix) {
    Link grand, link;
    Index at = root(prefix.family());
    while (nodes_[at].prefix != prefix) {
      grand = link;
      link = {at, prefix.address().bit(nodes_[at].prefix.length()) ? 1 : 0};
      at = target(link, prefix.family());
    }
    if (!bypass(link, at, prefix.family())) return;
    if (link.parent != none && !nodes_[link.parent].value) {
      bypass(grand, link.parent, prefix.family());
    }
  }

  // Removes a node without value that has at most one child; false when it has two.
  bool bypass(const Link& link, Index at, Family family) {
    Node& node = nodes_[at];
    if (node.child[0] != none && node.child[1] != none) return false;
    target(link, family) = node.child[0] != none ? node.child[0] : node.child[1];
    node.child[0] = node.child[1] = none;
    free_.push_back(at);
    return true;
  }

  std::vector<Node> nodes_;
  std::vector<Index> free_;
  Index roots_[2] = {none, none};
  std::size_t size_ = 0;
};

}  // namespace peering::net
