// A vector that takes one pointer, for values of which there are millions with few elements or none.
//
// Elements lie in one block with their number in front; an empty one has no block. It grows by half, so that
// few elements leave little unused. What it can do is what `std::vector` calls so.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace peering {

/// At most 2^32 - 1 elements. As thread-safe as `std::vector`.
template <class T>
class CompactVector {
  static_assert(std::is_nothrow_move_constructible_v<T>);
  struct Block {
    std::uint32_t size, capacity;
  };
  static constexpr std::size_t first_at = std::max(sizeof(Block), alignof(T));

 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  CompactVector() = default;
  CompactVector(std::initializer_list<T> elements) { assign(elements.begin(), elements.end()); }
  CompactVector(const std::vector<T>& elements) { assign(elements.begin(), elements.end()); }  // NOLINT
  CompactVector(const CompactVector& other) { assign(other.begin(), other.end()); }
  CompactVector(CompactVector&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  CompactVector& operator=(CompactVector other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~CompactVector() {
    std::destroy(begin(), end());
    ::operator delete(block_);
  }

  std::size_t size() const { return block_ ? block_->size : 0; }
  bool empty() const { return size() == 0; }
  T* data() { return block_ ? elements(block_) : nullptr; }
  const T* data() const { return block_ ? elements(block_) : nullptr; }
  T* begin() { return data(); }
  T* end() { return data() + size(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  T& operator[](std::size_t index) { return data()[index]; }
  const T& operator[](std::size_t index) const { return data()[index]; }
  T& front() { return *begin(); }
  const T& front() const { return *begin(); }
  T& back() { return end()[-1]; }
  const T& back() const { return end()[-1]; }

  void reserve(std::size_t capacity) {
    if (!block_ || block_->capacity < capacity) move_to(capacity);
  }
  void push_back(T element) { insert(end(), std::move(element)); }
  /// Puts `element` before the one at `at`.
  T* insert(const T* at, T element) {
    const auto index = static_cast<std::size_t>(at - begin());
    const std::size_t count = size();
    if (!block_ || block_->capacity == count) move_to(count + count / 2 + 1);
    std::construct_at(data() + count, std::move(element));
    ++block_->size;
    std::rotate(begin() + index, begin() + count, end());
    return begin() + index;
  }
  T* erase(const T* at) { return erase(at, at + 1); }
  /// An empty vector gives its memory back.
  T* erase(const T* first, const T* last) {
    T* const from = begin() + (first - begin());
    T* const left = std::move(begin() + (last - begin()), end(), from);
    std::destroy(left, end());
    if (block_) block_->size = static_cast<std::uint32_t>(left - begin());
    if (!empty()) return from;
    clear();
    return end();
  }
  void clear() { *this = CompactVector(); }

  friend bool operator==(const CompactVector& a, const CompactVector& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  static T* elements(Block* block) {
    return std::launder(reinterpret_cast<T*>(reinterpret_cast<std::byte*>(block) + first_at));
  }

  void move_to(std::size_t capacity) {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    void* const memory = ::operator new(first_at + capacity * sizeof(T));
    auto* const block =
        new (memory) Block{static_cast<std::uint32_t>(size()), static_cast<std::uint32_t>(capacity)};
    std::uninitialized_move(begin(), end(), reinterpret_cast<T*>(static_cast<std::byte*>(memory) + first_at));
    std::destroy(begin(), end());
    ::operator delete(std::exchange(block_, block));
  }
  template <class From>
  void assign(From first, From last) {
    if (first == last) return;
    move_to(static_cast<std::size_t>(last - first));
    std::uninitialized_copy(first, last, data());
    block_->size = block_->capacity;
  }

  Block* block_ = nullptr;
};

/// Give how many elements went, as those of `std` do.
template <class T, class Is>
std::size_t erase_if(CompactVector<T>& from, Is is) {
  T* const left = std::remove_if(from.begin(), from.end(), is);
  const auto gone = static_cast<std::size_t>(from.end() - left);
  from.erase(left, from.end());
  return gone;
}

template <class T>
std::size_t erase(CompactVector<T>& from, const T& value) {
  return erase_if(from, [&](const T& each) { return each == value; });
}

}  // namespace peering
