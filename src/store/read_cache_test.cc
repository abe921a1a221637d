// Reads from memory never show what a finished commit has replaced.
#include "store/read_cache.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace peering::store {
namespace {

Resource resource(std::string key, std::string document = "{}") {
  return {std::move(key), "t", std::move(document), "e", Revision(1)};
}
Write write_of(std::string key, Reach reach = Reach::one) {
  Write out;
  out.key = std::move(key);
  out.reach = reach;
  return out;
}

TEST(ReadCache, GivesWhatWasReadAlsoThatThereIsNothing) {
  ReadCache cache(1 << 20);
  EXPECT_FALSE(cache.find("/a"));
  cache.keep("/a", resource("/a"), cache.begin_read());
  cache.keep("/b", std::nullopt, cache.begin_read());
  EXPECT_EQ(cache.find("/a"), std::optional(std::optional(resource("/a"))));
  ASSERT_TRUE(cache.find("/b"));
  EXPECT_FALSE(*cache.find("/b"));
}

TEST(ReadCache, KnowsTheRevisionOfAResourceThatIsThere) {
  ReadCache cache(1 << 20);
  cache.keep("/a", resource("/a"), cache.begin_read());
  cache.keep("/b", std::nullopt, cache.begin_read());
  EXPECT_EQ(cache.revision_of("/a"), Revision(1));
  EXPECT_FALSE(cache.revision_of("/b"));
  EXPECT_FALSE(cache.revision_of("/c"));
  cache.forget(std::vector{write_of("/a")});
  EXPECT_FALSE(cache.revision_of("/a"));
}

TEST(ReadCache, HoldsAnEtagOnlyWhileTheResourceIsKept) {
  ReadCache cache(1 << 20);
  cache.keep("/a", resource("/a"), cache.begin_read());
  cache.keep("/b", std::nullopt, cache.begin_read());
  EXPECT_TRUE(cache.holds("/a", "e"));
  EXPECT_FALSE(cache.holds("/a", "another"));
  EXPECT_FALSE(cache.holds("/b", "e"));
  EXPECT_FALSE(cache.holds("/c", "e"));
  cache.forget(std::vector{write_of("/a")});
  EXPECT_FALSE(cache.holds("/a", "e"));
}

TEST(ReadCache, AWriteTakesItsKeyAndASubtreeTakesAll) {
  ReadCache cache(1 << 20);
  for (const char* key : {"/a", "/a/b", "/c"}) cache.keep(key, resource(key), cache.begin_read());
  cache.forget(std::vector{write_of("/a"), write_of("/c", Reach::nothing)});
  EXPECT_FALSE(cache.find("/a"));
  EXPECT_TRUE(cache.find("/a/b"));
  EXPECT_TRUE(cache.find("/c")) << "only a condition";
  cache.forget(std::vector{write_of("/a", Reach::subtree)});
  EXPECT_FALSE(cache.find("/a/b"));
}

TEST(ReadCache, WhatWasReadBeforeAChangeIsNotKeptAfterIt) {
  ReadCache cache(1 << 20);
  const auto begun = cache.begin_read();
  cache.forget(std::vector{write_of("/other")});
  cache.keep("/a", resource("/a"), begun);
  EXPECT_FALSE(cache.find("/a"));
}

TEST(ReadCache, StaysWithinItsSize) {
  constexpr std::size_t bytes_max = 64 * 1024;
  ReadCache cache(bytes_max);
  std::size_t kept = 0;
  for (int i = 0; i < 10'000; ++i) {
    cache.keep(std::to_string(i), resource(std::to_string(i), std::string(500, 'x')), cache.begin_read());
  }
  for (int i = 0; i < 10'000; ++i) kept += cache.find(std::to_string(i)) ? 1 : 0;
  EXPECT_GT(kept, 10U);
  EXPECT_LT(kept * 700, bytes_max);
  cache.keep("large", resource("large", std::string(bytes_max, 'x')), cache.begin_read());
  EXPECT_FALSE(cache.find("large"));
}

// One writer counts up; a reader that has seen a finished count never sees a lower one.
TEST(ReadCache, ReadersNeverFallBehindAFinishedCommit) {
  ReadCache cache(1 << 20);
  std::atomic<int> stored{0}, finished{0};
  std::atomic<bool> stop{false};
  std::atomic<int> behind{0};
  const auto read = [&] {
    if (const auto found = cache.find("/n")) return std::stoi((*found)->document);
    const auto begun = cache.begin_read();
    const int value = stored;
    cache.keep("/n", resource("/n", std::to_string(value)), begun);
    return value;
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const int least = finished;
        if (read() < least) ++behind;
      }
    });
  }
  for (int i = 1; i <= 20'000; ++i) {
    stored = i;
    cache.forget(std::vector{write_of("/n")});
    finished = i;
  }
  stop = true;
  for (std::thread& each : readers) each.join();
  EXPECT_EQ(behind, 0);
}

}  // namespace
}  // namespace peering::store
