#include "rib/slab_arena.h"

#include <cstring>
#include <map>
#include <random>

#include <gtest/gtest.h>

namespace peering::rib {
namespace {

TEST(SlabArena, CapacitiesHoldWhatIsAskedAndWasteAFifthAtMost) {
  std::size_t last = 0;
  for (std::size_t units = 1; units < 20000; ++units) {
    const std::size_t capacity = SlabArena::capacity(units);
    ASSERT_GE(capacity, units);
    ASSERT_GE(capacity, last);
    ASSERT_LE(capacity * 4, units * 5) << units;
    ASSERT_EQ(SlabArena::capacity(capacity), capacity);
    last = capacity;
  }
}

// Every block keeps its bytes while others come and go, in all classes and beyond.
TEST(SlabArena, BlocksDoNotDisturbEachOther) {
  SlabArena arena;
  std::mt19937 random(3);
  struct Held {
    std::size_t units;
    std::uint8_t mark;
  };
  std::map<SlabArena::Ref, Held> held;
  const auto check_and_release = [&](auto entry) {
    const auto* bytes = arena.at<std::uint8_t>(entry->first);
    for (std::size_t i = 0; i < entry->second.units * SlabArena::unit_bytes; ++i) {
      ASSERT_EQ(bytes[i], entry->second.mark);
    }
    arena.release(entry->first, entry->second.units);
    held.erase(entry);
  };
  for (int step = 0; step < 20000; ++step) {
    if (held.size() > 300 || (random() % 3 == 0 && !held.empty())) {
      auto entry = held.begin();
      std::advance(entry, random() % held.size());
      check_and_release(entry);
      continue;
    }
    const std::size_t units = random() % 100 == 0 ? 1 + random() % 20000 : 1 + random() % 40;
    const auto block = arena.allocate(units);
    ASSERT_NE(block, 0U);
    const auto mark = static_cast<std::uint8_t>(random());
    std::memset(arena.at<std::uint8_t>(block), mark, units * SlabArena::unit_bytes);
    ASSERT_TRUE(held.emplace(block, Held{units, mark}).second);
  }
  while (!held.empty()) check_and_release(held.begin());
  EXPECT_EQ(arena.bytes(), 0U);
}

TEST(SlabArena, ArraysThatGrowOneAfterAnotherUseTheSameSlabsAgain) {
  SlabArena arena;
  std::vector<SlabArena::Ref> arrays(50000);
  for (auto& array : arrays) array = arena.allocate(1);
  for (std::size_t units = 1; units < 20; ++units) {
    for (auto& array : arrays) {
      if (SlabArena::capacity(units) == SlabArena::capacity(units + 1)) continue;
      const auto grown = arena.allocate(units + 1);
      arena.release(array, units);
      array = grown;
    }
  }
  EXPECT_LT(arena.bytes(), arrays.size() * 20 * SlabArena::unit_bytes * 11 / 10);
}

}  // namespace
}  // namespace peering::rib
