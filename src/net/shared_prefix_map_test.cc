#include "net/shared_prefix_map.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "net/prefix_map.h"

namespace peering::net {
namespace {

using Map = SharedPrefixMap<int>;
using Entries = std::vector<std::pair<Prefix, int>>;

Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }

template <class AnyMap>
Entries entries(const AnyMap& map) {
  Entries out;
  map.for_each([&](const Prefix& at, int value) { out.emplace_back(at, value); });
  return out;
}

// Few enough bits that prefixes meet.
Prefix random_prefix(std::mt19937& random) {
  if (random() % 2) return Prefix(Address::v4(0x0A000000U | (random() % 4096) << 8), 16 + int(random() % 17));
  std::array<std::uint8_t, 16> bytes{0x20, 1, 0x0d, static_cast<std::uint8_t>(random() % 4)};
  bytes[8] = static_cast<std::uint8_t>(random() % 4);
  return Prefix(Address::v6(bytes), 30 + int(random() % 45));
}

TEST(SharedPrefixMap, ACopyDoesNotChangeWithItsOriginal) {
  Map map;
  map[prefix("10.0.0.0/8")] = 1;
  map[prefix("10.1.0.0/16")] = 2;
  const Map before = map;
  map[prefix("10.1.0.0/16")] = 3;
  map[prefix("10.2.0.0/16")] = 4;
  EXPECT_TRUE(map.erase(prefix("10.0.0.0/8")));
  EXPECT_EQ(entries(before), (Entries{{prefix("10.0.0.0/8"), 1}, {prefix("10.1.0.0/16"), 2}}));
  EXPECT_EQ(entries(map), (Entries{{prefix("10.1.0.0/16"), 3}, {prefix("10.2.0.0/16"), 4}}));
}

TEST(SharedPrefixMap, AgreesWithThePlainMapWhateverIsDoneAndKeepsItsSnapshots) {
  std::mt19937 random(2);
  Map map;
  PrefixMap<int> oracle;
  std::vector<std::pair<Map, Entries>> snapshots;
  for (int step = 0; step < 20'000; ++step) {
    const Prefix at = random_prefix(random);
    if (random() % 3 == 0) {
      ASSERT_EQ(map.erase(at), oracle.erase(at));
    } else {
      map[at] = oracle[at] = step;
    }
    ASSERT_EQ(map.size(), oracle.size());
    const Prefix asked = random_prefix(random);
    const auto match = map.longest_match(asked), expected = oracle.longest_match(asked);
    ASSERT_EQ(match.has_value(), expected.has_value());
    if (match) {
      ASSERT_EQ(*match->second, *expected->second);
    }
    Entries covering, covered, covering_expected, covered_expected;
    map.for_covering(asked, [&](const Prefix& p, int v) { covering.emplace_back(p, v); });
    map.for_covered(asked, [&](const Prefix& p, int v) { covered.emplace_back(p, v); });
    oracle.for_covering(asked, [&](const Prefix& p, int v) { covering_expected.emplace_back(p, v); });
    oracle.for_covered(asked, [&](const Prefix& p, int v) { covered_expected.emplace_back(p, v); });
    ASSERT_EQ(covering, covering_expected);
    ASSERT_EQ(covered, covered_expected);
    ASSERT_EQ(map.overlaps(asked), !covering.empty() || !covered.empty()) << asked.to_string();
    if (step % 1000 == 0) snapshots.emplace_back(map, entries(oracle));
  }
  for (const auto& [snapshot, expected] : snapshots) EXPECT_EQ(entries(snapshot), expected);
}

}  // namespace
}  // namespace peering::net
