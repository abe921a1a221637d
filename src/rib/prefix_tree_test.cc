#include "rib/prefix_tree.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace peering::rib {
namespace {

net::Prefix of_tree(std::string_view text) { return net::Prefix::parse(text).value(); }

TEST(PrefixBits, ArePrefixesAndBack) {
  for (const char* text :
       {"0.0.0.0/0", "10.0.0.0/8", "203.0.113.7/32", "::/0", "2001:db8::/32", "2001:db8::1/128"}) {
    EXPECT_EQ(to_prefix(prefix_bits(of_tree(text))), of_tree(text));
    for (int length = 0; length <= of_tree(text).length(); ++length) {
      const auto cut = truncated(prefix_bits(of_tree(text)), static_cast<unsigned>(length));
      EXPECT_EQ(to_prefix(cut), of_tree(text).truncated(length)) << text << " " << length;
    }
  }
}

// Clustered, so that blocks are dense, sparse, nested and skipped over.
net::Prefix any_prefix() {
  if (*rc::gen::inRange(0, 2) == 0) {
    const std::uint32_t bits = *rc::gen::element<std::uint32_t>(0x0A000000, 0x0A010000, 0xC0A80000);
    return {net::Address::v4(bits | *rc::gen::inRange<std::uint32_t>(0, 1 << 13) << *rc::gen::inRange(0, 8)),
            *rc::gen::inRange(0, 33)};
  }
  std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
  for (std::size_t i = 4; i < 16; ++i) bytes[i] = *rc::gen::element<std::uint8_t>(0, 0, 0, 1, 255);
  return {net::Address::v6(bytes), *rc::gen::inRange(0, 129)};
}

using NaiveMap = std::map<net::Prefix, std::uint32_t>;

void check_walks(const PrefixTree& tree, const NaiveMap& naive) {
  const net::Prefix asked = any_prefix();
  std::vector<net::Prefix> covered, covering, expected_covered, expected_covering;
  tree.for_covered(prefix_bits(asked), [&](const PrefixBits& at, const PrefixTree::Slot& slot) {
    covered.push_back(to_prefix(at));
    RC_ASSERT(naive.at(covered.back()) == slot.routes);
    return true;
  });
  tree.for_covering(prefix_bits(asked), [&](const PrefixBits& at, const PrefixTree::Slot&) {
    covering.push_back(to_prefix(at));
  });
  for (const auto& [prefix, value] : naive) {
    if (asked.covers(prefix)) expected_covered.push_back(prefix);
    if (prefix.covers(asked) && prefix != asked) expected_covering.push_back(prefix);
  }
  RC_ASSERT(covered == expected_covered);
  RC_ASSERT(covering == expected_covering);
}

void check_finding_together(const PrefixTree& tree, const NaiveMap& naive) {
  std::vector<PrefixBits> asked;
  const auto count = *rc::gen::inRange<std::size_t>(0, PrefixTree::together_max + 1);
  while (asked.size() < count) {
    const net::Prefix prefix = any_prefix();
    const auto near = naive.lower_bound(prefix);
    asked.push_back(prefix_bits(near == naive.end() || asked.size() % 3 == 0 ? prefix : near->first));
  }
  std::array<PrefixTree::Slot*, PrefixTree::together_max> found;
  tree.find_together(asked, found);
  for (std::size_t i = 0; i < count; ++i) RC_ASSERT(found[i] == tree.find(asked[i]));
}

RC_GTEST_PROP(PrefixTreeProperty, AgreesWithASortedMap, ()) {
  PrefixTree tree;
  NaiveMap naive;
  const int steps = *rc::gen::element(20, 200, 1500);
  for (int step = 0; step < steps; ++step) {
    const net::Prefix prefix = any_prefix();
    if (*rc::gen::inRange(0, 3) > 0 || naive.empty()) {
      const auto value = static_cast<std::uint32_t>(step);
      tree.insert(prefix_bits(prefix)).routes = value;
      naive[prefix] = value;
    } else {
      auto gone = naive.lower_bound(prefix);
      if (gone == naive.end()) gone = naive.begin();
      tree.erase(prefix_bits(gone->first));
      naive.erase(gone);
    }
    RC_ASSERT((tree.find(prefix_bits(prefix)) != nullptr) == naive.contains(prefix));
    if (step % 16 != 0) continue;
    check_walks(tree, naive);
    check_finding_together(tree, naive);
  }
  RC_ASSERT(tree.size() == naive.size());
  std::map<net::Prefix, int> met;
  PrefixTree::Cursor cursor;
  PrefixBits at;
  while (tree.next(cursor, at) != nullptr) ++met[to_prefix(at)];
  RC_ASSERT(met.size() == naive.size());
  for (const auto& [prefix, times] : met) RC_ASSERT(times == 1 && naive.contains(prefix));
  while (!naive.empty()) {
    tree.erase(prefix_bits(naive.begin()->first));
    naive.erase(naive.begin());
  }
  RC_ASSERT(tree.size() == 0U);
  RC_ASSERT(tree.next(cursor, at) == nullptr);
}

TEST(PrefixTree, AnEmptiedTreeHoldsNoMemoryButItsFirstBlocks) {
  PrefixTree tree;
  const std::size_t before = tree.bytes();
  for (std::uint32_t i = 0; i < 5000; ++i) tree.insert(prefix_bits({net::Address::v4(i * 77777), 24}));
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const auto bits = prefix_bits({net::Address::v4(i * 77777), 24});
    if (tree.find(bits)) tree.erase(bits);
  }
  EXPECT_EQ(tree.size(), 0U);
  EXPECT_LT(tree.bytes(), before + 5000 * 32 * 2);
}

}  // namespace
}  // namespace peering::rib
