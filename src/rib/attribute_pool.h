// Interned path attributes: equal attributes are one packed block, counted by the routes that use it. Who
// wants values gets them decoded, and as long as somebody holds them everyone gets the same object.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "rib/packed_attributes.h"
#include "rib/route.h"
#include "rib/slab_arena.h"

namespace peering::rib {

/// Owned by one thread.
class AttributePool {
 public:
  /// Equal ids, equal attributes.
  using Id = SlabArena::Ref;

  AttributePool();

  /// What `intern` computes with; equal for equal attributes.
  std::uint32_t hash(PackedView packed) const;
  /// Read into the cache early what `intern` will look at: first the index, then the block that it names.
  void prefetch_index(std::uint32_t hash) const { __builtin_prefetch(&slots_[home(hash)]); }
  void prefetch_block(std::uint32_t hash) const { prefetch(slots_[home(hash)].id); }
  /// The one block of these attributes, made when new. Counts nothing yet: `retain` must follow.
  Id intern(PackedView packed, std::uint32_t hash);
  Id intern(PackedView packed) { return intern(packed, hash(packed)); }
  void retain(Id id, std::uint32_t routes = 1) { arena_.at<Block>(id)->routes += routes; }
  /// Forgets the attributes when no route is left.
  void release(Id id) {
    if (--arena_.at<Block>(id)->routes == 0) forget(id);
  }
  /// Reads the block into the cache early.
  void prefetch(Id id) const {
    if (id != 0) __builtin_prefetch(arena_.at<Block>(id));
  }

  /// Valid until the id is released.
  PackedView packed(Id id) const;
  /// As values. Equal pointers for equal ids while anybody holds one.
  AttributesPointer decoded(Id id) const;

  std::size_t size() const { return size_; }
  /// Memory of blocks and index.
  std::size_t bytes() const { return arena_.bytes() + slots_.capacity() * sizeof(Slot); }

 private:
  struct Block {
    std::uint32_t routes;
    std::uint32_t hash;
    std::uint32_t length;
  };
  struct Slot {
    std::uint32_t hash = 0;
    Id id = 0;  // 0: free
  };

  static std::size_t units(std::size_t length);
  std::size_t home(std::uint32_t hash) const { return hash & (slots_.size() - 1); }
  void forget(Id id);
  void resize(std::size_t slots);

  SlabArena arena_;
  std::vector<Slot> slots_;  // a power of two; linear probing
  std::size_t size_ = 0;
  std::uint64_t seed_ = 0;  // so that nobody outside can make hashes collide

  mutable std::unordered_map<Id, std::weak_ptr<const wire::bgp::PathAttributes>> decoded_;
  mutable std::size_t decoded_swept_ = 0;  // entries that were in use at the last look
  mutable std::array<AttributesPointer, 64> recent_;
  mutable std::size_t next_recent_ = 0;
};

}  // namespace peering::rib
