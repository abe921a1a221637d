// Memory on huge pages for arrays that are read at random: a 64 MiB table on pages of 4 KiB pays a miss in
// the address cache for each look.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace peering::net {

/// An allocator that asks for huge pages from 1 MiB on; the system may refuse, which costs only time.
template <class T>
struct HugePages {
  using value_type = T;
  HugePages() = default;
  template <class U>
  HugePages(const HugePages<U>&) {}

  T* allocate(std::size_t count) {
    constexpr std::size_t page = std::size_t{2} << 20, worth_it = page / 2;
    std::size_t bytes = count * sizeof(T);
    if (bytes < worth_it) return static_cast<T*>(::operator new(bytes));
    bytes = (bytes + page - 1) / page * page;
    void* out = std::aligned_alloc(page, bytes);
    if (!out) throw std::bad_alloc();
    madvise(out, bytes, MADV_HUGEPAGE);
    return static_cast<T*>(out);
  }
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < (std::size_t{1} << 20)) return ::operator delete(memory);
    std::free(memory);
  }
  friend bool operator==(const HugePages&, const HugePages&) { return true; }
};

template <class T>
using HugeVector = std::vector<T, HugePages<T>>;

}  // namespace peering::net
