#include "base/shared_map.h"

#include <map>
#include <memory>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering {
namespace {

using Map = SharedMap<std::string, int>;
using Plain = std::map<std::string, int>;

Plain plain(const Map& map) { return {map.begin(), map.end()}; }

std::string key_of(std::uint64_t number) { return "key " + std::to_string(number); }

TEST(SharedMap, ACopyDoesNotChangeWithItsOriginal) {
  Map map;
  map["a"] = 1;
  const Map before = map;
  map["a"] = 2;
  map["b"] = 3;
  EXPECT_EQ(plain(before), (Plain{{"a", 1}}));
  EXPECT_EQ(plain(map), (Plain{{"a", 2}, {"b", 3}}));
  const Map both = map;
  EXPECT_TRUE(map.erase("a"));
  EXPECT_FALSE(map.erase("a"));
  EXPECT_EQ(plain(both), (Plain{{"a", 2}, {"b", 3}}));
  EXPECT_EQ(plain(map), (Plain{{"b", 3}}));
}

TEST(SharedMap, FindsWithoutMakingAKey) {
  Map map;
  map["b"] = 1;
  map["d"] = 2;
  EXPECT_EQ(map.find(std::string_view("b"))->second, 1);
  EXPECT_EQ(map.find("c"), map.end());
  EXPECT_EQ(map.lower_bound("c")->first, "d");
  EXPECT_EQ(map.lower_bound("e"), map.end());
  EXPECT_TRUE(map.contains("d"));
}

struct Difference {
  std::string key;
  int before = -1, after = -1;
  friend bool operator==(const Difference&, const Difference&) = default;
};

std::vector<Difference> difference(const Plain& before, const Plain& after) {
  std::map<std::string, Difference> out;
  for (const auto& [key, value] : before) out[key] = {key, value, -1};
  for (const auto& [key, value] : after)
    out.try_emplace(key, Difference{key, -1, -1}).first->second.after = value;
  std::vector<Difference> list;
  for (const auto& [key, each] : out) {
    if (each.before != each.after) list.push_back(each);
  }
  return list;
}

std::vector<Difference> difference(const Map& before, const Map& after) {
  std::vector<Difference> out;
  Map::difference(before, after, [&](const std::string& key, const int* was, const int* is) {
    out.push_back({key, was ? *was : -1, is ? *is : -1});
  });
  return out;
}

TEST(SharedMap, AgreesWithAnOrdinaryMapWhateverIsDoneAndKeepsItsSnapshots) {
  std::mt19937_64 random(1);
  Map map;
  Plain oracle;
  std::vector<std::pair<Map, Plain>> snapshots;
  for (int step = 0; step < 20'000; ++step) {
    const std::string key = key_of(random() % 500);
    if (random() % 5 < 2) {
      EXPECT_EQ(map.erase(key), oracle.erase(key) == 1);
    } else {
      map[key] = oracle[key] = step;
    }
    ASSERT_EQ(map.size(), oracle.size());
    if (step % 500 == 0) snapshots.emplace_back(map, oracle);
  }
  EXPECT_EQ(plain(map), oracle);
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    ASSERT_EQ(plain(snapshots[i].first), snapshots[i].second);
    const auto& [other, other_plain] = snapshots[random() % snapshots.size()];
    ASSERT_EQ(difference(snapshots[i].first, other), difference(snapshots[i].second, other_plain));
  }
}

// Compared with a value that counts how often it is looked at.
struct Counted {
  int value = 0;
  static inline int comparisons = 0;
  friend bool operator==(const Counted& a, const Counted& b) {
    ++comparisons;
    return a.value == b.value;
  }
};

TEST(SharedMap, TheDifferenceOfTwoSnapshotsDoesNotLookAtWhatTheyShare) {
  SharedMap<int, Counted> map;
  for (int i = 0; i < 100'000; ++i) map[i * 7919 % 100'003].value = i;
  const auto before = map;
  map[50'000'000].value = 1;
  map[41].value = -1;
  map.erase(17);
  Counted::comparisons = 0;
  int found = 0;
  SharedMap<int, Counted>::difference(before, map, [&](int, const Counted*, const Counted*) { ++found; });
  EXPECT_EQ(found, 3);
  EXPECT_LT(Counted::comparisons, 200);
}

TEST(SharedMap, LetsGoOfWhatNobodyHolds) {
  const auto value = std::make_shared<int>(1);
  {
    SharedMap<int, std::shared_ptr<int>> map;
    for (int i = 0; i < 100; ++i) map[i] = value;
    const auto copy = map;
    for (int i = 0; i < 100; ++i) map.erase(i);
    EXPECT_EQ(value.use_count(), 101);
  }
  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
}  // namespace peering
