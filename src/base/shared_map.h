// An ordered map whose copies share what they have in common.
//
// A balanced (AVL) tree of counted nodes that never change while two maps hold them: a change copies the path
// to it, some twenty nodes of a million. So a snapshot costs nothing, a changed copy costs microseconds, and
// what differs between two snapshots is found without looking at what they share. What a map holds alone is
// changed in place.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace peering {

/// Not thread-safe for the writer of one map; other maps, also those that share nodes with it, are other
/// maps. Pointers to entries stay valid until that entry is changed or erased, or another map made of this
/// one.
template <class Key, class Value>
class SharedMap {
  struct Node;

 public:
  using value_type = std::pair<const Key, Value>;

  /// Forward, in order of key.
  class const_iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = SharedMap::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    const_iterator() : depth_(0) {}
    const_iterator(const const_iterator& other) : depth_(other.depth_) {
      std::copy_n(other.path_.begin(), depth_, path_.begin());
    }
    const_iterator& operator=(const const_iterator& other) {
      depth_ = other.depth_;
      std::copy_n(other.path_.begin(), depth_, path_.begin());
      return *this;
    }

    reference operator*() const { return path_[depth_ - 1]->entry; }
    pointer operator->() const { return &path_[depth_ - 1]->entry; }
    const_iterator& operator++() {
      const Node* const right = path_[--depth_]->right;
      descend(right);
      return *this;
    }
    const_iterator operator++(int) {
      const_iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const const_iterator& a, const const_iterator& b) {
      return a.depth_ == b.depth_ && (a.depth_ == 0 || a.path_[a.depth_ - 1] == b.path_[b.depth_ - 1]);
    }

   private:
    friend class SharedMap;
    void push(const Node* node) { path_[depth_++] = node; }
    void descend(const Node* node) {
      for (; node; node = node->left) push(node);
    }
    // The nodes that are still to come, the next one last: enough for a tree of 2^32 entries.
    std::array<const Node*, 48> path_;
    std::size_t depth_;
  };
  using iterator = const_iterator;

  SharedMap() = default;
  SharedMap(const SharedMap& other) : root_(share(other.root_)), size_(other.size_) {}
  SharedMap(SharedMap&& other) noexcept
      : root_(std::exchange(other.root_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SharedMap& operator=(SharedMap other) noexcept {
    std::swap(root_, other.root_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~SharedMap() { release(root_); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const_iterator begin() const {
    const_iterator out;
    out.descend(root_);
    return out;
  }
  const_iterator end() const { return {}; }

  /// The first entry whose key is not less.
  template <class Sought>
  const_iterator lower_bound(const Sought& key) const {
    const_iterator out;
    for (const Node* at = root_; at;) {
      const bool less = at->entry.first < key;
      if (!less) out.push(at);
      at = less ? at->right : at->left;
    }
    return out;
  }
  template <class Sought>
  const_iterator find(const Sought& key) const {
    const const_iterator out = lower_bound(key);
    return out != end() && out->first == key ? out : end();
  }
  template <class Sought>
  bool contains(const Sought& key) const {
    return find(key) != end();
  }

  /// The value of the key, to be changed; made when it was absent.
  Value& operator[](const Key& key) { return insert(root_, key); }

  /// False when it was not there.
  bool erase(const Key& key) {
    if (!contains(key)) return false;
    remove(root_, key);
    --size_;
    return true;
  }

  /// Calls `visit(key, before, after)` in order of key for every entry that is not the same in both; null
  /// where there is none. Values are compared with `==`. Costs as much as what the two do not share.
  template <class Visit>
  static void difference(const SharedMap& before, const SharedMap& after, Visit&& visit) {
    Front a(before.root_), b(after.root_);
    while (!a.empty() || !b.empty()) {
      if (a.at_same_tree(b)) {
        a.pop();
        b.pop();
      } else if (!a.expand(b) && !b.expand(a)) {
        step(a, b, visit);
      }
    }
  }

 private:
  struct Node {
    explicit Node(const Key& key) : entry(key, Value()) {}
    explicit Node(const value_type& given) : entry(given) {}
    std::atomic<std::uint32_t> references{1};
    int height = 1;
    Node *left = nullptr, *right = nullptr;
    value_type entry;
  };

  // What is still to be compared: trees and single entries, the next one last.
  class Front {
   public:
    explicit Front(const Node* root) { push(root, false); }
    bool empty() const { return waiting_.empty(); }
    const value_type* entry() const { return empty() ? nullptr : &waiting_.back().node->entry; }
    void pop() { waiting_.pop_back(); }
    bool at_same_tree(const Front& other) const {
      return !empty() && !other.empty() && !waiting_.back().single && !other.waiting_.back().single &&
             waiting_.back().node == other.waiting_.back().node;
    }
    // Takes its next tree apart unless the other one's is higher: so a tree that both have is met whole.
    bool expand(const Front& other) {
      if (empty() || waiting_.back().single || other.height() > height()) return false;
      const Node* const node = waiting_.back().node;
      pop();
      push(node->right, false);
      push(node, true);
      push(node->left, false);
      return true;
    }

   private:
    struct Part {
      const Node* node;
      bool single;
    };
    int height() const { return empty() || waiting_.back().single ? 0 : waiting_.back().node->height; }
    void push(const Node* node, bool single) {
      if (node) waiting_.push_back({node, single});
    }
    std::vector<Part> waiting_;
  };

  template <class Visit>
  static void step(Front& a, Front& b, Visit& visit) {
    const value_type *was = a.entry(), *is = b.entry();
    const bool first = was && (!is || !(is->first < was->first)),
               second = is && (!was || !(was->first < is->first));
    if (first) a.pop();
    if (second) b.pop();
    if (first && second && (was == is || was->second == is->second)) return;
    visit(first ? was->first : is->first, first ? &was->second : nullptr, second ? &is->second : nullptr);
  }

  static Node* share(Node* node) {
    if (node) node->references.fetch_add(1, std::memory_order_relaxed);
    return node;
  }
  static void release(Node* node) {
    if (!node || node->references.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    release(node->left);
    release(node->right);
    delete node;
  }
  // Makes the node at `link` this map's alone.
  static void own(Node*& link) {
    if (link->references.load(std::memory_order_acquire) == 1) return;
    Node* const copy = new Node(link->entry);
    adopt(*copy, *link);
    release(std::exchange(link, copy));
  }
  static void adopt(Node& node, const Node& from) {
    node.height = from.height;
    node.left = share(from.left);
    node.right = share(from.right);
  }

  Value& insert(Node*& link, const Key& key) {
    if (!link) {
      link = new Node(key);
      ++size_;
      return link->entry.second;
    }
    own(link);
    if (key == link->entry.first) return link->entry.second;
    Value& made = insert(key < link->entry.first ? link->left : link->right, key);
    balance(link);
    return made;
  }

  static void remove(Node*& link, const Key& key) {
    if (key == link->entry.first) return unlink(link);
    own(link);
    remove(key < link->entry.first ? link->left : link->right, key);
    balance(link);
  }
  // Puts the next entry, or what is below, in the place of the node.
  static void unlink(Node*& link) {
    Node* instead = nullptr;
    if (!link->left || !link->right) {
      instead = share(link->left ? link->left : link->right);
    } else {
      const Node* next = link->right;
      while (next->left) next = next->left;
      instead = new Node(next->entry);
      adopt(*instead, *link);
      remove_first(instead->right);
    }
    release(std::exchange(link, instead));
    if (link && link->references.load(std::memory_order_acquire) == 1) balance(link);
  }
  static void remove_first(Node*& link) {
    if (!link->left) {
      release(std::exchange(link, share(link->right)));
      return;
    }
    own(link);
    remove_first(link->left);
    balance(link);
  }

  static int height(const Node* node) { return node ? node->height : 0; }
  static void measure(Node& node) { node.height = 1 + std::max(height(node.left), height(node.right)); }

  // `link` is owned, and its sides differ by two at most.
  static void balance(Node*& link) {
    const int lean = height(link->left) - height(link->right);
    if (lean > 1) {
      own(link->left);
      if (height(link->left->left) < height(link->left->right)) turn_left(link->left);
      turn_right(link);
    } else if (lean < -1) {
      own(link->right);
      if (height(link->right->right) < height(link->right->left)) turn_right(link->right);
      turn_left(link);
    } else {
      measure(*link);
    }
  }
  static void turn_right(Node*& link) {
    own(link->left);
    Node* const top = link->left;
    link->left = std::exchange(top->right, link);
    measure(*link);
    measure(*top);
    link = top;
  }
  static void turn_left(Node*& link) {
    own(link->right);
    Node* const top = link->right;
    link->right = std::exchange(top->left, link);
    measure(*link);
    measure(*top);
    link = top;
  }

  Node* root_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace peering
