// Memory on huge pages for arrays that are read at random: a 64 MiB table on pages of 4 KiB pays a miss in
// the address cache for each look.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace peering::net {

/// An allocator that asks for huge pages from 1 MiB on; the system may refuse, which costs only time. They
/// are the system's fresh pages: what the heap gives may have been touched before, and then stays on small
/// ones.
template <class T>
struct HugePages {
  using value_type = T;
  HugePages() = default;
  template <class U>
  HugePages(const HugePages<U>&) {}

  T* allocate(std::size_t count) {
    if (!huge(count)) return static_cast<T*>(::operator new(count * sizeof(T)));
    const std::size_t bytes = whole_pages(count);
    void* const mapped =
        mmap(nullptr, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    char* const start = static_cast<char*>(mapped);
    const std::size_t before = (page - reinterpret_cast<std::uintptr_t>(start) % page) % page;
    if (before > 0) munmap(start, before);
    munmap(start + before + bytes, page - before);
    madvise(start + before, bytes, MADV_HUGEPAGE);
    return reinterpret_cast<T*>(start + before);
  }
  void deallocate(T* memory, std::size_t count) {
    if (!huge(count)) return ::operator delete(memory);
    munmap(memory, whole_pages(count));
  }
  friend bool operator==(const HugePages&, const HugePages&) { return true; }

 private:
  static constexpr std::size_t page = std::size_t{2} << 20;
  static bool huge(std::size_t count) { return count * sizeof(T) >= page / 2; }
  static std::size_t whole_pages(std::size_t count) { return (count * sizeof(T) + page - 1) / page * page; }
};

template <class T>
using HugeVector = std::vector<T, HugePages<T>>;

}  // namespace peering::net
