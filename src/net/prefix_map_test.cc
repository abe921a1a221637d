#include "net/prefix_map.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

namespace peering::net {
namespace {

Prefix of_map(std::string_view text) { return Prefix::parse(text).value(); }

TEST(PrefixMap, LongestMatchPrefersTheMostSpecific) {
  PrefixMap<int> map;
  map[of_map("10.0.0.0/8")] = 8;
  map[of_map("10.1.0.0/16")] = 16;
  map[of_map("2001:db8::/32")] = 32;
  EXPECT_EQ(*map.longest_match(Address::parse("10.1.2.3").value())->second, 16);
  EXPECT_EQ(*map.longest_match(Address::parse("10.2.2.3").value())->second, 8);
  EXPECT_EQ(*map.longest_match(Address::parse("2001:db8::1").value())->second, 32);
  EXPECT_FALSE(map.longest_match(Address::parse("11.0.0.1").value()).has_value());
}

TEST(PrefixMap, TheDefaultRouteCoversEverythingOfItsFamilyOnly) {
  PrefixMap<int> map;
  map[of_map("0.0.0.0/0")] = 1;
  EXPECT_TRUE(map.longest_match(Address::parse("255.0.0.1").value()).has_value());
  EXPECT_FALSE(map.longest_match(Address::parse("::1").value()).has_value());
}

// Random inserts and erases against a plain ordered map: every question gets the same answer.
TEST(PrefixMap, AgreesWithALinearScanForRandomOperations) {
  std::mt19937 random(42);
  for (int round = 0; round < 40; ++round) {
    PrefixMap<int> map;
    std::map<Prefix, int> naive;
    const auto any_prefix = [&] {
      const int length = static_cast<int>(random() % 33);
      return Prefix(Address::v4((random() & 0xf000000fU) | (random() & 0x00300000U)), length);
    };
    for (int step = 0; step < 300; ++step) {
      const Prefix prefix = any_prefix();
      if (random() % 3 == 0) {
        EXPECT_EQ(map.erase(prefix), naive.erase(prefix) == 1);
      } else {
        map[prefix] = naive[prefix] = step;
      }
      ASSERT_EQ(map.size(), naive.size());
      const Prefix asked = any_prefix();
      std::vector<std::pair<Prefix, int>> covering, covered, covering_naive, covered_naive;
      map.for_covering(asked, [&](const Prefix& q, int v) { covering.emplace_back(q, v); });
      map.for_covered(asked, [&](const Prefix& q, int v) { covered.emplace_back(q, v); });
      for (const auto& [q, v] : naive) {
        if (q.covers(asked)) covering_naive.emplace_back(q, v);
        if (asked.covers(q)) covered_naive.emplace_back(q, v);
      }
      ASSERT_EQ(covering, covering_naive);
      ASSERT_EQ(covered, covered_naive);
      const auto longest = map.longest_match(asked);
      ASSERT_EQ(longest.has_value(), !covering_naive.empty());
      if (longest) {
        ASSERT_EQ(*longest->second, covering_naive.back().second);
      }
      ASSERT_EQ(map.exact(asked) != nullptr, naive.contains(asked));
    }
  }
}

}  // namespace
}  // namespace peering::net
