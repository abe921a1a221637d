#include "rib/slab_arena.h"

#include <bit>
#include <cstring>
#include <utility>

#include <sys/mman.h>

#include "base/check.h"

namespace peering::rib {

namespace {

constexpr std::size_t warm_slabs_max = 8;

std::byte* map(std::size_t bytes) {
  void* out = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  PEERING_CHECK(out != MAP_FAILED);
  return static_cast<std::byte*>(out);
}

}  // namespace

SlabArena::SlabArena() {
  with_space_.fill(none);
  // The reference 0 names nothing, so slab 0 is none.
  slabs_.emplace_back();
}

SlabArena::~SlabArena() { free_all(); }

SlabArena::SlabArena(SlabArena&& other) noexcept : SlabArena() { *this = std::move(other); }

SlabArena& SlabArena::operator=(SlabArena&& other) noexcept {
  std::swap(slabs_, other.slabs_);
  std::swap(with_space_, other.with_space_);
  std::swap(warm_, other.warm_);
  std::swap(cold_, other.cold_);
  std::swap(unnamed_, other.unnamed_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

void SlabArena::free_all() {
  for (const Slab& slab : slabs_) {
    if (slab.base) munmap(slab.base, slab.large_bytes != 0 ? slab.large_bytes : slab_bytes);
  }
}

// Eight classes of 1 to 8 units, then four for each doubling: at most a fifth of a block is unused.
std::size_t SlabArena::capacity(std::size_t units) {
  if (units <= 8) return units;
  const std::size_t step = std::bit_floor(units - 1) / 4;
  return (units + step - 1) / step * step;
}

std::size_t SlabArena::class_of(std::size_t units) {
  if (units <= 8) return units - 1;
  const auto doublings = static_cast<std::size_t>(std::bit_width(units - 1)) - 4;
  const std::size_t step = std::bit_floor(units - 1) / 4;
  return 8 + 4 * doublings + (units + step - 1) / step - 5;
}

void SlabArena::link(std::uint32_t slab) {
  std::uint32_t& head = with_space_[class_of(slabs_[slab].block_units)];
  slabs_[slab].previous = none;
  slabs_[slab].next = head;
  if (head != none) slabs_[head].previous = slab;
  head = slab;
}

void SlabArena::unlink(std::uint32_t slab) {
  const Slab& gone = slabs_[slab];
  if (gone.next != none) slabs_[gone.next].previous = gone.previous;
  if (gone.previous != none) {
    slabs_[gone.previous].next = gone.next;
  } else {
    with_space_[class_of(gone.block_units)] = gone.next;
  }
}

std::uint32_t SlabArena::empty_slab() {
  for (auto* list : {&warm_, &cold_}) {
    if (list->empty()) continue;
    const std::uint32_t out = list->back();
    list->pop_back();
    return out;
  }
  PEERING_CHECK(slabs_.size() < std::size_t{1} << (32 - slab_bits));
  slabs_.emplace_back().base = map(slab_bytes);
  return static_cast<std::uint32_t>(slabs_.size() - 1);
}

// A slab of the class that has space.
std::uint32_t SlabArena::slab_for(std::size_t units) {
  const std::uint32_t head = with_space_[class_of(units)];
  if (head != none) return head;
  const std::uint32_t out = empty_slab();
  Slab& slab = slabs_[out];
  slab.used = slab.fresh = 0;
  slab.free = none;
  slab.block_units = static_cast<std::uint32_t>(capacity(units));
  bytes_ += slab_bytes;
  link(out);
  return out;
}

SlabArena::Ref SlabArena::allocate_large(std::size_t units) {
  std::uint32_t at = static_cast<std::uint32_t>(slabs_.size());
  if (unnamed_.empty()) {
    PEERING_CHECK(slabs_.size() < std::size_t{1} << (32 - slab_bits));
    slabs_.emplace_back();
  } else {
    at = unnamed_.back();
    unnamed_.pop_back();
  }
  Slab& slab = slabs_[at];
  slab.large_bytes = capacity(units) * unit_bytes;
  slab.base = map(slab.large_bytes);
  bytes_ += slab.large_bytes;
  return at << slab_bits;
}

SlabArena::Ref SlabArena::allocate(std::size_t units) {
  if (units > slab_units) return allocate_large(units);
  const std::uint32_t at = slab_for(units);
  Slab& slab = slabs_[at];
  std::uint32_t unit = slab.free;
  if (unit != none) {
    std::memcpy(&slab.free, slab.base + unit * unit_bytes, sizeof slab.free);
  } else {
    unit = slab.fresh;
    slab.fresh += slab.block_units;
  }
  ++slab.used;
  if (slab.free == none && slab.fresh + slab.block_units > slab_units) unlink(at);
  return at << slab_bits | unit;
}

// Nothing is left in the slab: it serves any class again.
void SlabArena::retire(std::uint32_t slab) {
  unlink(slab);
  bytes_ -= slab_bytes;
  if (warm_.size() < warm_slabs_max) {
    warm_.push_back(slab);
    return;
  }
  madvise(slabs_[slab].base, slab_bytes, MADV_DONTNEED);
  cold_.push_back(slab);
}

void SlabArena::release(Ref block, std::size_t units) {
  const std::uint32_t at = block >> slab_bits;
  Slab& slab = slabs_[at];
  if (units > slab_units) {
    munmap(slab.base, slab.large_bytes);
    bytes_ -= slab.large_bytes;
    slab = Slab();
    unnamed_.push_back(at);
    return;
  }
  const bool was_full = slab.free == none && slab.fresh + slab.block_units > slab_units;
  const std::uint32_t unit = block & slab_mask;
  std::memcpy(slab.base + unit * unit_bytes, &slab.free, sizeof slab.free);
  slab.free = unit;
  if (was_full) link(at);
  if (--slab.used == 0) retire(at);
}

}  // namespace peering::rib
