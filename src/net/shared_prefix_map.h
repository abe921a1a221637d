// A map from prefixes to values whose copies share what they have in common.
//
// A path-compressed binary trie as in `prefix_map.h`, with the same questions. Its nodes are counted and
// never change while two maps hold them: a change copies the path to what it changes, at most as many nodes
// as the prefix has bits and mostly some twenty. So a snapshot costs nothing, and a changed copy of a million
// entries costs microseconds. What a map holds alone is changed in place.
//
// `PrefixTree` is the part that needs no values: which space the entries take.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "net/prefix.h"

namespace peering::net {

/// The prefixes of a `SharedPrefixMap`. Any number of threads may ask while it does not change.
class PrefixTree {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// True when an entry covers the prefix, or is covered by it.
  bool overlaps(const Prefix& prefix) const {
    const Node* at = root(prefix.family());
    while (at && at->prefix.length() < prefix.length()) {
      if (!at->prefix.covers(prefix)) return false;
      if (at->valued) return true;
      at = at->child[side_of(prefix, at->prefix.length())];
    }
    return at && prefix.covers(at->prefix);
  }
  /// Calls `visit(prefix)` for every entry, IPv4 first, in order.
  template <class Visit>
  void for_each_prefix(Visit&& visit) const {
    for (const Node* const top : roots_) visit_below(top, [&](const Node& node) { visit(node.prefix); });
  }

 protected:
  struct Node {
    explicit Node(const Prefix& given) : prefix(given) {}
    std::atomic<std::uint32_t> references{1};
    Prefix prefix;
    bool valued = false;
    Node* child[2] = {nullptr, nullptr};
  };

  PrefixTree() = default;
  ~PrefixTree() = default;
  PrefixTree(const PrefixTree& other)
      : roots_{share(other.roots_[0]), share(other.roots_[1])}, size_(other.size_) {}
  PrefixTree(PrefixTree&& other) noexcept
      : roots_{std::exchange(other.roots_[0], nullptr), std::exchange(other.roots_[1], nullptr)},
        size_(std::exchange(other.size_, 0)) {}
  PrefixTree& operator=(PrefixTree other) noexcept {
    std::swap(roots_, other.roots_);
    std::swap(size_, other.size_);
    return *this;
  }

  static int side_of(const Prefix& prefix, int bit) { return prefix.address().bit(bit) ? 1 : 0; }
  static std::size_t slot(Family family) { return family == Family::ipv4 ? 0 : 1; }
  const Node* root(Family family) const { return roots_[slot(family)]; }
  Node*& root(Family family) { return roots_[slot(family)]; }

  static Node* share(Node* node) {
    if (node) node->references.fetch_add(1, std::memory_order_relaxed);
    return node;
  }

  // Number of leading bits that both have in common, at most the shorter length.
  static int common_bits(const Prefix& a, const Prefix& b) {
    const int limit = a.length() < b.length() ? a.length() : b.length();
    const std::uint64_t high = a.address().high64() ^ b.address().high64();
    int same = std::countl_zero(high);
    if (high == 0) same = 64 + std::countl_zero(a.address().low64() ^ b.address().low64());
    return same < limit ? same : limit;
  }

  // Calls `visit(node)` for every entry that covers `prefix`, shortest first.
  template <class Visit>
  void walk_down(const Prefix& prefix, Visit&& visit) const {
    const Node* at = root(prefix.family());
    while (at && at->prefix.covers(prefix)) {
      if (at->valued) visit(*at);
      if (at->prefix.length() >= prefix.length()) return;
      at = at->child[side_of(prefix, at->prefix.length())];
    }
  }

  template <class Visit>
  static void visit_below(const Node* top, Visit&& visit) {
    std::vector<const Node*> waiting;
    if (top) waiting.push_back(top);
    while (!waiting.empty()) {
      const Node* const node = waiting.back();
      waiting.pop_back();
      if (node->child[1]) waiting.push_back(node->child[1]);
      if (node->child[0]) waiting.push_back(node->child[0]);
      if (node->valued) visit(*node);
    }
  }

  const Node* find(const Prefix& prefix) const {
    const Node* at = root(prefix.family());
    while (at && at->prefix.length() < prefix.length()) at = at->child[side_of(prefix, at->prefix.length())];
    return at && at->valued && at->prefix == prefix ? at : nullptr;
  }

  // The topmost node whose space lies in `prefix`; null when there is none.
  const Node* top_within(const Prefix& prefix) const {
    const Node* at = root(prefix.family());
    while (at && at->prefix.length() < prefix.length()) {
      if (!at->prefix.covers(prefix)) return nullptr;
      at = at->child[side_of(prefix, at->prefix.length())];
    }
    return at && prefix.covers(at->prefix) ? at : nullptr;
  }

  Node* roots_[2] = {nullptr, nullptr};
  std::size_t size_ = 0;
};

/// Not thread-safe for the writer of one map; other maps, also those that share nodes with it, are other
/// maps. Pointers to values stay valid until that value is changed or erased, or another map made of this
/// one.
template <class T>
class SharedPrefixMap : public PrefixTree {
 public:
  SharedPrefixMap() = default;
  SharedPrefixMap(const SharedPrefixMap&) = default;
  SharedPrefixMap(SharedPrefixMap&&) noexcept = default;
  SharedPrefixMap& operator=(SharedPrefixMap other) noexcept {
    std::swap(roots_, other.roots_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~SharedPrefixMap() {
    release(roots_[0]);
    release(roots_[1]);
  }
  void clear() { *this = SharedPrefixMap(); }

  /// The value of exactly this prefix, to be changed; made when it was absent.
  T& operator[](const Prefix& prefix) { return value_at(root(prefix.family()), prefix); }

  const T* exact(const Prefix& prefix) const {
    const Node* const node = find(prefix);
    return node ? &value_of(*node) : nullptr;
  }

  /// Removes the value; false when there was none.
  bool erase(const Prefix& prefix) {
    if (!find(prefix)) return false;
    remove(root(prefix.family()), prefix);
    --size_;
    return true;
  }

  /// The most specific entry that contains the address.
  std::optional<std::pair<Prefix, const T*>> longest_match(const Address& address) const {
    return longest_match(Prefix(address, address_bits(address.family())));
  }
  /// The most specific entry that covers the prefix (itself included).
  std::optional<std::pair<Prefix, const T*>> longest_match(const Prefix& prefix) const {
    const Node* best = nullptr;
    walk_down(prefix, [&](const Node& node) { best = &node; });
    if (!best) return std::nullopt;
    return std::pair(best->prefix, &value_of(*best));
  }

  /// Calls `visit(prefix, value)` for every entry that covers `prefix`, itself included, shortest first.
  template <class Visit>
  void for_covering(const Prefix& prefix, Visit&& visit) const {
    walk_down(prefix, [&](const Node& node) { visit(node.prefix, value_of(node)); });
  }
  /// Calls `visit(prefix, value)` for every entry that `prefix` covers, itself included, in order.
  template <class Visit>
  void for_covered(const Prefix& prefix, Visit&& visit) const {
    visit_below(top_within(prefix), [&](const Node& node) { visit(node.prefix, value_of(node)); });
  }
  /// Calls `visit(prefix, value)` for every entry, IPv4 first, in order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Node* const top : roots_) {
      visit_below(top, [&](const Node& node) { visit(node.prefix, value_of(node)); });
    }
  }

 private:
  struct ValueNode : Node {
    explicit ValueNode(const Prefix& given) : Node(given) { this->valued = true; }
    T value{};
  };

  static const T& value_of(const Node& node) { return static_cast<const ValueNode&>(node).value; }

  static void release(Node* node) {
    if (!node || node->references.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    release(node->child[0]);
    release(node->child[1]);
    if (node->valued) {
      delete static_cast<ValueNode*>(node);
    } else {
      delete node;
    }
  }

  // Makes the node at `link` this map's alone. Whoever holds its link alone can only lose company.
  static void own(Node*& link) {
    if (link->references.load(std::memory_order_acquire) == 1) return;
    Node* const copy = link->valued ? copy_of(static_cast<const ValueNode&>(*link)) : new Node(link->prefix);
    replace(link, copy);
  }
  static ValueNode* copy_of(const ValueNode& node) {
    auto* const copy = new ValueNode(node.prefix);
    copy->value = node.value;
    return copy;
  }
  // Puts `by` in the place of the node at `link`, with the same children.
  static void replace(Node*& link, Node* by) {
    by->child[0] = share(link->child[0]);
    by->child[1] = share(link->child[1]);
    release(std::exchange(link, by));
  }

  T& value_at(Node*& top, const Prefix& prefix) {
    Node** link = &top;
    while (*link) {
      Node* const here = *link;
      const int common = common_bits(here->prefix, prefix);
      if (common < here->prefix.length()) return split(*link, prefix, common);
      if (common == prefix.length()) return value_here(*link);
      own(*link);
      link = &(*link)->child[side_of(prefix, common)];
    }
    return make(*link, prefix);
  }

  T& make(Node*& link, const Prefix& prefix) {
    auto* const made = new ValueNode(prefix);
    link = made;
    ++size_;
    return made->value;
  }

  T& value_here(Node*& link) {
    if (link->valued) {
      own(link);
    } else {
      replace(link, new ValueNode(link->prefix));
      ++size_;
    }
    return static_cast<ValueNode*>(link)->value;
  }

  // Puts `prefix` above or beside the node at `link`, which does not cover it.
  T& split(Node*& link, const Prefix& prefix, int common) {
    Node* const below = link;
    const int side = side_of(below->prefix, common);
    if (common == prefix.length()) {
      T& value = make(link, prefix);
      link->child[side] = below;
      return value;
    }
    link = new Node(prefix.truncated(common));
    link->child[side] = below;
    return make(link->child[1 - side], prefix);
  }

  // Removes the entry, which is there, and on the way back a node that became a mere passage.
  static void remove(Node*& link, const Prefix& prefix) {
    if (link->prefix == prefix) {
      if (link->child[0] && link->child[1]) return replace(link, new Node(prefix));
      return bypass(link);
    }
    own(link);
    remove(link->child[side_of(prefix, link->prefix.length())], prefix);
    if (!link->valued && !(link->child[0] && link->child[1])) bypass(link);
  }
  // Puts its only child, or nothing, in the place of the node.
  static void bypass(Node*& link) {
    Node* const child = share(link->child[0] ? link->child[0] : link->child[1]);
    release(std::exchange(link, child));
  }
};

}  // namespace peering::net
