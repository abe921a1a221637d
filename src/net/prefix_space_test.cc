#include "net/prefix_space.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace peering::net {
namespace {

Prefix of_space(std::string_view text) { return Prefix::parse(text).value(); }

TEST(PrefixSpace, OverlapsWhatItCoversAndWhatCoversIt) {
  const std::vector<Prefix> of{of_space("10.1.0.0/16"), of_space("2001:db8::/32")};
  const PrefixSpace space(of);
  for (const char* text : {"10.1.0.0/16", "10.1.255.0/24", "10.1.2.3/32", "10.0.0.0/8", "0.0.0.0/0",
                           "2001:db8::/32", "2001:db8:1::/48", "2000::/3", "::/0", "2001:db8::1/128"}) {
    EXPECT_TRUE(space.overlaps(of_space(text))) << text;
  }
  for (const char* text :
       {"10.2.0.0/16", "10.0.0.0/16", "11.0.0.0/8", "2001:db9::/32", "2001:db7:ffff::/48"}) {
    EXPECT_FALSE(space.overlaps(of_space(text))) << text;
  }
}

TEST(PrefixSpace, AnEmptyOneOverlapsNothing) {
  EXPECT_TRUE(PrefixSpace().empty());
  EXPECT_FALSE(PrefixSpace().overlaps(of_space("0.0.0.0/0")));
  EXPECT_FALSE(PrefixSpace().overlaps(of_space("::/0")));
}

TEST(PrefixSpace, FollowsATreeFromChangeToChange) {
  SharedPrefixMap<int> tree;
  PrefixSpace space;
  const auto follow = [&](std::vector<Prefix> added, std::vector<Prefix> removed) {
    for (const Prefix& each : added) tree[each] = 1;
    for (const Prefix& each : removed) tree.erase(each);
    space.follow(std::make_shared<const SharedPrefixMap<int>>(tree), added, removed);
  };
  follow({of_space("10.1.0.0/16"), of_space("2001:db8::/32")}, {});
  EXPECT_TRUE(space.overlaps(of_space("10.1.2.0/24")));
  std::vector<Prefix> many;
  for (std::uint32_t i = 0; i < 10'000; ++i) many.push_back(Prefix(Address::v4(0x14000000U + (i << 8)), 24));
  follow(many, {});
  EXPECT_TRUE(space.overlaps(of_space("20.0.5.0/25")));
  EXPECT_TRUE(space.overlaps(of_space("10.0.0.0/8")));
  EXPECT_FALSE(space.overlaps(of_space("30.0.0.0/8")));
  follow({of_space("30.1.0.0/16")}, {of_space("20.0.5.0/24"), of_space("2001:db8::/32")});
  EXPECT_TRUE(space.overlaps(of_space("30.0.0.0/8")));
  EXPECT_FALSE(space.overlaps(of_space("20.0.5.0/24")));
  EXPECT_FALSE(space.overlaps(of_space("2001:db8::1/128")));
  follow({}, many);
  EXPECT_FALSE(space.overlaps(of_space("20.0.0.0/8")));
  EXPECT_TRUE(space.overlaps(of_space("30.1.2.3/32")));
}

Prefix any_of_space() {
  const int length = *rc::gen::inRange(0, 33);
  if (*rc::gen::inRange(0, 3) > 0) {
    return Prefix(Address::v4(0x0A000000U | *rc::gen::inRange<std::uint32_t>(0, 1U << 14) << 4), length);
  }
  std::array<std::uint8_t, 16> bytes{0x20, 0x01};
  for (std::size_t i = 2; i < 16; ++i) bytes[i] = *rc::gen::element<std::uint8_t>(0, 1, 255);
  return Prefix(Address::v6(bytes), 16 + *rc::gen::inRange(0, 113));
}

RC_GTEST_PROP(PrefixSpaceProperty, AgreesWithALookAtEachPrefix, ()) {
  // Both sides of the size from which bits are kept.
  const auto count = *rc::gen::element<std::size_t>(1, 5, 300);
  std::vector<Prefix> of;
  while (of.size() < count) {
    const Prefix prefix = any_of_space();
    if (prefix.length() > 12) of.push_back(prefix);
  }
  const PrefixSpace space(of);
  for (int i = 0; i < 50; ++i) {
    const Prefix asked = any_of_space();
    const bool expected = std::ranges::any_of(
        of, [&](const Prefix& prefix) { return prefix.covers(asked) || asked.covers(prefix); });
    RC_ASSERT(space.overlaps(asked) == expected);
  }
}

}  // namespace
}  // namespace peering::net
