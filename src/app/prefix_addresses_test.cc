#include "app/prefix_addresses.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::app {
namespace {

net::Prefix prefix(std::string_view text) { return *net::Prefix::parse(text); }

std::vector<std::string> tried(std::string_view in, std::vector<std::string> named = {}) {
  std::vector<net::Address> addresses;
  for (const std::string& each : named) addresses.push_back(*net::Address::parse(each));
  std::vector<std::string> out;
  for (const net::Address& each : addresses_to_try(prefix(in), addresses)) out.push_back(each.to_string());
  return out;
}

TEST(AddressesToTry, AreFirstWhereGatewaysAre) {
  const auto found = tried("203.0.113.0/24");
  ASSERT_EQ(found.size(), addresses_searched_max - 3) << "the half and the quarters are among the fixed ones";
  EXPECT_EQ(found[0], "203.0.113.1");
  EXPECT_EQ(found[1], "203.0.113.254");
  EXPECT_EQ(found[2], "203.0.113.129");
  EXPECT_THAT(found, testing::Not(testing::Contains("203.0.113.0")));
  EXPECT_THAT(found, testing::Not(testing::Contains("203.0.113.255")));
}

TEST(AddressesToTry, AreSpreadOverALargePrefix) {
  EXPECT_THAT(tried("198.18.0.0/15"), testing::IsSupersetOf({"198.18.0.1", "198.19.255.254", "198.19.0.1",
                                                             "198.18.128.1", "198.19.128.1"}));
}

TEST(AddressesToTry, OfASmallPrefixAreItsHosts) {
  EXPECT_THAT(tried("203.0.113.7/32"), testing::ElementsAre("203.0.113.7"));
  EXPECT_THAT(tried("203.0.113.6/31"), testing::ElementsAre("203.0.113.6", "203.0.113.7"));
  EXPECT_THAT(tried("203.0.113.4/30"), testing::UnorderedElementsAre("203.0.113.5", "203.0.113.6"));
}

TEST(AddressesToTry, OfIpv6AreTheSubnetsRoutersToo) {
  const auto found = tried("2001:db8::/48");
  EXPECT_THAT(found,
              testing::IsSupersetOf({"2001:db8::1", "2001:db8::", "2001:db8:0:1::1", "2001:db8:0:1::"}));
  EXPECT_THAT(tried("2001:db8::8/127"), testing::UnorderedElementsAre("2001:db8::8", "2001:db8::9"));
  EXPECT_THAT(tried("2001:db8::8/128"), testing::ElementsAre("2001:db8::8"));
}

TEST(AddressesToTry, AreThoseThatSomebodyNamedFirst) {
  const auto found = tried("203.0.113.0/24", {"198.51.100.1", "203.0.113.77", "203.0.113.1"});
  EXPECT_EQ(found[0], "203.0.113.77");
  EXPECT_EQ(found[1], "203.0.113.1");
  EXPECT_EQ(std::ranges::count(found, "203.0.113.1"), 1);
  EXPECT_THAT(found, testing::Not(testing::Contains("198.51.100.1")));
}

TEST(AddressesToTry, LieInThePrefixAndAreFewForEveryLength) {
  for (const std::string_view address : {"203.0.113.0", "2001:db8::"}) {
    const net::Address first = *net::Address::parse(address);
    for (int length = 1; length <= net::address_bits(first.family()); ++length) {
      const net::Prefix in(first, length);
      const auto found = addresses_to_try(in, {});
      EXPECT_FALSE(found.empty()) << in.to_string();
      EXPECT_LE(found.size(), addresses_searched_max) << in.to_string();
      for (const net::Address& each : found) EXPECT_TRUE(in.contains(each)) << in.to_string();
    }
  }
}

}  // namespace
}  // namespace peering::app
