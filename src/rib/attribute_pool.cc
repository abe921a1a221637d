#include "rib/attribute_pool.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace peering::rib {

namespace {

constexpr std::size_t slots_min = 64;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Eight bytes at a time through the full product of a multiplication.
std::uint32_t hash_of(PackedView bytes, std::uint64_t seed) {
  constexpr std::uint64_t first = 0x9E3779B97F4A7C15ULL, second = 0xD6E8FEB86659FD93ULL;
  std::uint64_t hash = seed ^ bytes.size() * second;
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    hash = mix(hash ^ word, first);
  }
  if (at < bytes.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, bytes.size() - at);
    hash = mix(hash ^ word, second);
  }
  hash = mix(hash, second ^ seed);
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

}  // namespace

AttributePool::AttributePool() : slots_(slots_min) {
  std::random_device random;
  seed_ = std::uint64_t{random()} << 32 | random();
}

std::size_t AttributePool::units(std::size_t length) {
  return (sizeof(Block) + length + SlabArena::unit_bytes - 1) / SlabArena::unit_bytes;
}

PackedView AttributePool::packed(Id id) const {
  const auto* block = arena_.at<Block>(id);
  return {reinterpret_cast<const std::uint8_t*>(block + 1), block->length};
}

std::uint32_t AttributePool::hash(PackedView bytes) const { return hash_of(bytes, seed_); }

AttributePool::Id AttributePool::intern(PackedView bytes, std::uint32_t hash) {
  std::size_t at = home(hash);
  for (; slots_[at].id != 0; at = home(static_cast<std::uint32_t>(at + 1))) {
    if (slots_[at].hash == hash && std::ranges::equal(packed(slots_[at].id), bytes)) return slots_[at].id;
  }
  if ((size_ + 1) * 4 > slots_.size() * 3) {
    resize(slots_.size() * 2);
    at = home(hash);
    while (slots_[at].id != 0) at = home(static_cast<std::uint32_t>(at + 1));
  }
  const Id id = arena_.allocate(units(bytes.size()));
  auto* block = arena_.at<Block>(id);
  *block = {0, hash, static_cast<std::uint32_t>(bytes.size())};
  if (!bytes.empty()) std::memcpy(block + 1, bytes.data(), bytes.size());
  slots_[at] = {hash, id};
  ++size_;
  return id;
}

void AttributePool::resize(std::size_t slots) {
  std::vector<Slot> former(slots);
  former.swap(slots_);
  for (const Slot& slot : former) {
    if (slot.id == 0) continue;
    std::size_t at = home(slot.hash);
    while (slots_[at].id != 0) at = home(static_cast<std::uint32_t>(at + 1));
    slots_[at] = slot;
  }
}

void AttributePool::forget(Id id) {
  const auto* block = arena_.at<Block>(id);
  std::size_t gap = home(block->hash);
  while (slots_[gap].id != id) gap = home(static_cast<std::uint32_t>(gap + 1));
  // Whoever stands further on than its hash wants moves into the gap.
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = (gap + 1) & mask; slots_[at].id != 0; at = (at + 1) & mask) {
    const std::size_t wanted = home(slots_[at].hash);
    if (((at - wanted) & mask) < ((at - gap) & mask)) continue;
    slots_[gap] = slots_[at];
    gap = at;
  }
  slots_[gap] = Slot();
  arena_.release(id, units(block->length));
  if (!decoded_.empty()) decoded_.erase(id);
  --size_;
  if (slots_.size() > slots_min && size_ * 8 < slots_.size()) resize(slots_.size() / 2);
}

AttributesPointer AttributePool::decoded(Id id) const {
  auto& known = decoded_[id];
  AttributesPointer out = known.lock();
  if (!out) {
    out = std::make_shared<const wire::bgp::PathAttributes>(unpack_attributes(packed(id)));
    known = out;
    recent_[next_recent_++ % recent_.size()] = out;
  }
  if (decoded_.size() > 2 * decoded_swept_ + 2 * recent_.size()) {
    std::erase_if(decoded_, [](const auto& entry) { return entry.second.expired(); });
    decoded_swept_ = decoded_.size();
  }
  return out;
}

}  // namespace peering::rib
