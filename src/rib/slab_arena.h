// Memory for many small arrays of changing length, named by 32-bit numbers instead of pointers.
//
// A routing table is millions of tiny arrays (the routes of a prefix, the prefixes of a block, attributes).
// The general heap spends 16 bytes and a pointer on each, and after one peer's table has come and gone it
// keeps holes. Here blocks of one size class share slabs of 256 KiB; a slab that is empty serves any class
// again, and when several are empty their pages go back to the system. So a peer that loads after another one
// (each array grows by one) costs no more than the same table loaded at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace peering::rib {

/// Owned by one thread. Pointers from `at` stay valid until the block is released.
class SlabArena {
 public:
  /// Names a block; 0 names none.
  using Ref = std::uint32_t;
  /// Blocks are counted in units of this size, and aligned to it.
  static constexpr std::size_t unit_bytes = 16;

  SlabArena();
  ~SlabArena();
  SlabArena(SlabArena&& other) noexcept;
  SlabArena& operator=(SlabArena&& other) noexcept;

  /// A block of at least `units` (at least 1), its bytes undefined. Aborts when the system has no memory or
  /// 64 GiB are in use.
  Ref allocate(std::size_t units);
  /// `units` as asked for, or any number of the same `capacity`.
  void release(Ref block, std::size_t units);
  /// How many units a block of `units` really has: what an array may grow to without another block.
  static std::size_t capacity(std::size_t units);

  template <class T>
  T* at(Ref block) const {
    return reinterpret_cast<T*>(slabs_[block >> slab_bits].base + (block & slab_mask) * unit_bytes);
  }

  /// Bytes of slabs that hold something.
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr unsigned slab_bits = 14;  // units in a slab
  static constexpr std::size_t slab_units = std::size_t{1} << slab_bits;
  static constexpr std::uint32_t slab_mask = slab_units - 1;
  static constexpr std::size_t slab_bytes = slab_units * unit_bytes;
  static constexpr std::size_t classes = 8 + 4 * (slab_bits - 3);
  static constexpr std::uint32_t none = 0xffffffff;

  struct Slab {
    std::byte* base = nullptr;
    std::uint32_t used = 0;         // blocks
    std::uint32_t fresh = 0;        // first unit never given out
    std::uint32_t free = none;      // unit of the first released block; each holds the next one's
    std::uint32_t block_units = 0;  // 0: empty, or one large block
    std::uint32_t next = none, previous = none;  // among those of the class that have space
    std::size_t large_bytes = 0;
  };

  static std::size_t class_of(std::size_t units);
  std::uint32_t slab_for(std::size_t units);
  std::uint32_t empty_slab();
  Ref allocate_large(std::size_t units);
  void link(std::uint32_t slab);
  void unlink(std::uint32_t slab);
  void retire(std::uint32_t slab);
  void free_all();

  std::vector<Slab> slabs_;
  std::array<std::uint32_t, classes> with_space_;
  std::vector<std::uint32_t> warm_;     // empty, pages kept
  std::vector<std::uint32_t> cold_;     // empty, pages given back
  std::vector<std::uint32_t> unnamed_;  // slots of large blocks that are gone
  std::size_t bytes_ = 0;
};

}  // namespace peering::rib
