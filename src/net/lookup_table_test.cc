#include "net/lookup_table.h"

#include <algorithm>
#include <array>
#include <random>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace peering::net {
namespace {

Prefix p(std::string_view text) { return Prefix::parse(text).value(); }
Address a(std::string_view text) { return Address::parse(text).value(); }

TEST(LookupTable, GivesTheMostSpecificPrefix) {
  PrefixMap<std::uint32_t> map;
  map[p("0.0.0.0/0")] = 1;
  map[p("10.0.0.0/8")] = 2;
  map[p("10.1.2.0/24")] = 3;
  map[p("10.1.2.128/25")] = 4;
  map[p("10.1.2.129/32")] = 5;
  map[p("2001:db8::/32")] = 6;
  map[p("2001:db8:1::/48")] = 7;
  map[p("2001:db8:1::1/128")] = 8;
  const LookupTable table(map);
  EXPECT_EQ(table.lookup(a("192.0.2.1")), 1U);
  EXPECT_EQ(table.lookup(a("10.255.255.255")), 2U);
  EXPECT_EQ(table.lookup(a("10.1.2.127")), 3U);
  EXPECT_EQ(table.lookup(a("10.1.2.128")), 4U);
  EXPECT_EQ(table.lookup(a("10.1.2.129")), 5U);
  EXPECT_EQ(table.lookup(a("10.1.3.0")), 2U);
  EXPECT_EQ(table.lookup(a("2001:db8:ffff::1")), 6U);
  EXPECT_EQ(table.lookup(a("2001:db8:1::2")), 7U);
  EXPECT_EQ(table.lookup(a("2001:db8:1::1")), 8U);
  EXPECT_EQ(table.lookup(a("2001:db9::")), LookupTable::none);
}

TEST(LookupTable, APrefixAloneAnswersToItsLastBitAndNoFurther) {
  for (const char* around : {"2001:db8::/32", "::/0"}) {
    for (int length = 33; length <= 128; ++length) {
      PrefixMap<std::uint32_t> map;
      const Prefix alone(a("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), length);
      map[p(around)] = 1;
      map[alone] = 2;
      const LookupTable table(map);
      EXPECT_EQ(table.lookup(alone.address()), 2U) << length;
      EXPECT_EQ(table.lookup(a("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")), 2U) << length;
      std::array<std::uint8_t, 16> bytes{};
      std::ranges::copy(alone.address().bytes(), bytes.begin());
      const auto last = static_cast<std::size_t>(length - 1);
      bytes[last / 8] ^= static_cast<std::uint8_t>(0x80 >> last % 8);
      EXPECT_EQ(table.lookup(Address::v6(bytes)), 1U) << length;
    }
  }
}

TEST(LookupTable, AnswersWithinAndAroundGlobalUnicast) {
  PrefixMap<std::uint32_t> map;
  map[p("::/0")] = 1;
  map[p("::/2")] = 2;
  map[p("2000::/3")] = 3;
  map[p("3fff::/20")] = 4;
  map[p("fd00::/8")] = 5;
  LookupTable table(map);
  const auto answers = [&] {
    std::vector<std::uint64_t> high;
    for (const char* at : {"1fff::", "2000::", "3fff::", "3fff:ffff::", "4000::", "fd12::"})
      high.push_back(a(at).high64());
    std::vector<std::uint32_t> out(high.size());
    table.ipv6().lookup(high, {}, out);
    for (std::size_t i = 0; i < high.size(); ++i) EXPECT_EQ(out[i], table.ipv6().lookup(high[i], 0));
    return out;
  };
  EXPECT_EQ(answers(), (std::vector<std::uint32_t>{2, 3, 4, 3, 1, 5}));
  map.erase(p("2000::/3"));
  table.changed(map, p("2000::/3"));
  EXPECT_EQ(answers(), (std::vector<std::uint32_t>{2, 2, 4, 2, 1, 5}));
  map.erase(p("::/2"));
  table.changed(map, p("::/2"));
  EXPECT_EQ(answers(), (std::vector<std::uint32_t>{1, 1, 4, 1, 1, 5}));
}

TEST(LookupTable, IsBuiltFromPrefixesInAnyOrder) {
  const std::vector<std::pair<Prefix, std::uint32_t>> prefixes{
      {p("10.1.2.0/24"), 3}, {p("2001:db8::/32"), 6}, {p("10.1.2.128/25"), 4}, {p("10.0.0.0/8"), 2}};
  const LookupTable table(prefixes);
  EXPECT_EQ(table.lookup(a("10.1.2.200")), 4U);
  EXPECT_EQ(table.lookup(a("10.1.2.100")), 3U);
  EXPECT_EQ(table.lookup(a("10.1.3.100")), 2U);
  EXPECT_EQ(table.lookup(a("2001:db8::1")), 6U);
  EXPECT_EQ(table.lookup(a("11.0.0.0")), LookupTable::none);
}

TEST(LookupTable, AnErasedPrefixLeavesWhatCoveredIt) {
  PrefixMap<std::uint32_t> map;
  map[p("10.0.0.0/8")] = 1;
  map[p("10.1.0.0/16")] = 2;
  map[p("10.1.2.0/24")] = 3;
  map[p("10.1.2.3/32")] = 4;
  LookupTable table(map);
  for (const char* gone : {"10.1.0.0/16", "10.0.0.0/8", "10.1.2.0/24"}) {
    map.erase(p(gone));
    table.changed(map, p(gone));
    for (const char* address : {"10.0.0.1", "10.1.1.1", "10.1.2.1", "10.1.2.3", "10.1.2.4"}) {
      const auto expected = map.longest_match(a(address));
      EXPECT_EQ(table.lookup(a(address)), expected ? *expected->second : LookupTable::none)
          << gone << address;
    }
  }
}

TEST(LookupTable, AFewPrefixesCostLittle) {
  PrefixMap<std::uint32_t> map;
  EXPECT_EQ(LookupTable(map).lookup(a("10.0.0.1")), LookupTable::none);
  for (std::uint32_t i = 0; i < 1000; ++i) map[Prefix(Address::v4(i * 4241357), 24)] = i;
  const LookupTable table(map);
  EXPECT_LT(table.ipv4().bytes() + table.ipv6().bytes(), 200'000U);
}

Prefix any_prefix() {
  if (*rc::gen::inRange(0, 2) == 0) {
    const auto bits = *rc::gen::inRange<std::uint32_t>(0, 1U << 14);
    return {Address::v4(0x0A000000U | bits << *rc::gen::inRange(0, 18)), *rc::gen::inRange(0, 33)};
  }
  // Most of it in 2000::/3, which has a root of its own.
  const auto first = *rc::gen::element<std::uint8_t>(0x20, 0x20, 0x20, 0x3f, 0x40, 0x00, 0xfd);
  std::array<std::uint8_t, 16> bytes{first, 0x01, 0x0d};
  for (std::size_t i = 3; i < 16; ++i) bytes[i] = *rc::gen::element<std::uint8_t>(0, 0, 1, 255);
  return {Address::v6(bytes), *rc::gen::inRange(0, 129)};
}

void check(const LookupTable& table, const PrefixMap<std::uint32_t>& map, const Address& address) {
  const auto expected = map.longest_match(address);
  RC_ASSERT(table.lookup(address) == (expected ? *expected->second : LookupTable::none));
}

RC_GTEST_PROP(LookupTableProperty, AgreesWithTheMapItIsBuiltFromAndKeptInStepWith, ()) {
  PrefixMap<std::uint32_t> map;
  // Below and above the sizes from which roots grow.
  const int count = *rc::gen::element(3, 100, 2500);
  std::vector<Prefix> known;
  for (int i = 0; i < count; ++i) map[known.emplace_back(any_prefix())] = static_cast<std::uint32_t>(i);
  LookupTable table(map);
  for (int step = 0; step < 60; ++step) {
    const Prefix prefix =
        *rc::gen::inRange(0, 3) == 0 ? any_prefix() : known[*rc::gen::inRange<std::size_t>(0, known.size())];
    if (*rc::gen::inRange(0, 2) == 0) {
      map.erase(prefix);
    } else {
      map[prefix] = static_cast<std::uint32_t>(10'000 + step);
    }
    table.changed(map, prefix);
    check(table, map, prefix.address());
    check(table, map, any_prefix().address());
    check(table, map, known[*rc::gen::inRange<std::size_t>(0, known.size())].address());
  }
}

TEST(LookupTable, AFullTableIsKeptInStepWithItsMap) {
  std::mt19937 random(7);
  PrefixMap<std::uint32_t> map;
  std::vector<Prefix> known;
  for (std::uint32_t i = 0; i < 160'000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random()) & 0x0fffffff;
    map[known.emplace_back(Address::v4(bits), 8 + static_cast<int>(random() % 20))] = i;
  }
  LookupTable table(map);
  for (std::uint32_t step = 0; step < 2000; ++step) {
    const Prefix& prefix = known[random() % known.size()];
    if (step % 2 == 0) {
      map.erase(prefix);
    } else {
      map[prefix] = 1'000'000 + step;
    }
    table.changed(map, prefix);
    for (int asked = 0; asked < 20; ++asked) {
      const std::uint32_t inside = static_cast<std::uint32_t>(random()) & (0xffffffffU >> prefix.length());
      const Address address =
          Address::v4(static_cast<std::uint32_t>(prefix.address().high64() >> 32) | inside);
      const auto expected = map.longest_match(address);
      ASSERT_EQ(table.lookup(address), expected ? *expected->second : LookupTable::none) << step;
    }
  }
}

TEST(LookupTable, ManyAtOnceAnswerAsOneByOne) {
  std::mt19937 random(5);
  PrefixMap<std::uint32_t> map;
  for (std::uint32_t i = 0; i < 160'000; ++i) {
    map[Prefix(Address::v4(static_cast<std::uint32_t>(random())), 12 + static_cast<int>(random() % 21))] = i;
    if (i % 8 != 0) continue;
    std::array<std::uint8_t, 16> bytes{0x20};
    for (std::size_t at = 1; at < 16; ++at) bytes[at] = static_cast<std::uint8_t>(random() % 8);
    map[Prefix(Address::v6(bytes), 20 + static_cast<int>(random() % 109))] = i;
  }
  const LookupTable table(map);
  std::vector<std::uint32_t> v4, answers(1003);
  std::vector<std::uint64_t> high, low, high_v4;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    v4.push_back(static_cast<std::uint32_t>(random()));
    high_v4.push_back(std::uint64_t{v4.back()} << 32);
    high.push_back(0x2000000000000000ULL | (random() & 0x07070707) << 24 | (random() & 0x070707));
    low.push_back((std::uint64_t{random()} << 32 | random()) & 0x0707070707070707ULL);
  }
  table.ipv4().lookup(v4, answers);
  for (std::size_t i = 0; i < v4.size(); ++i) {
    ASSERT_EQ(answers[i], table.ipv4().lookup(v4[i]));
    const auto expected = map.longest_match(Address::v4(v4[i]));
    ASSERT_EQ(answers[i], expected ? *expected->second : LookupTable::none) << i;
  }
  std::vector<std::uint32_t> again(answers.size());
  table.ipv4().lookup(high_v4, {}, again);
  EXPECT_EQ(again, answers);
  table.ipv6().lookup(high, low, answers);
  std::size_t matched = 0;
  for (std::size_t i = 0; i < high.size(); ++i) {
    ASSERT_EQ(answers[i], table.ipv6().lookup(high[i], low[i]));
    matched += answers[i] != LookupTable::none ? 1 : 0;
  }
  EXPECT_GT(matched, 10U);
}

}  // namespace
}  // namespace peering::net
