#include "api/network_allowance.h"

#include <gtest/gtest.h>

namespace peering::api {
namespace {

using std::chrono::seconds;

net::Prefix network(std::string_view text) { return net::Prefix::parse(text).value(); }
const TimePoint allowance_noon = parse_rfc3339("2026-11-27T12:00:00Z").value();

TEST(NetworkAllowance, EachNetworkHasItsOwnAndItRefillsEvenly) {
  NetworkAllowance allowance(60);
  const auto a = network("203.0.113.0/24"), b = network("2001:db8:1::/48");
  EXPECT_TRUE(allowance.take(a, 60, allowance_noon));
  EXPECT_FALSE(allowance.take(a, 1, allowance_noon));
  EXPECT_TRUE(allowance.take(b, 1, allowance_noon));
  EXPECT_FALSE(allowance.take(a, 11, allowance_noon + seconds(10))) << "nothing is taken of what is too much";
  EXPECT_TRUE(allowance.take(a, 10, allowance_noon + seconds(10)));
  EXPECT_FALSE(allowance.take(a, 61, allowance_noon + seconds(1000))) << "no more than a minute's";
}

TEST(NetworkAllowance, AClockThatGoesBackGivesNothing) {
  NetworkAllowance allowance(10);
  const auto a = network("203.0.113.0/24");
  EXPECT_TRUE(allowance.take(a, 10, allowance_noon));
  EXPECT_FALSE(allowance.take(a, 1, allowance_noon - seconds(3600)));
  EXPECT_FALSE(allowance.take(a, 1, allowance_noon));
}

TEST(NetworkAllowance, MoreNetworksThanAreRememberedGetNothingUntilOthersAreQuiet) {
  NetworkAllowance allowance(10, 2);
  EXPECT_TRUE(allowance.take(network("203.0.113.0/24"), 10, allowance_noon));
  EXPECT_TRUE(allowance.take(network("198.51.100.0/24"), 5, allowance_noon));
  EXPECT_FALSE(allowance.take(network("192.0.2.0/24"), 1, allowance_noon));
  EXPECT_TRUE(allowance.take(network("192.0.2.0/24"), 1, allowance_noon + seconds(31)));
  EXPECT_FALSE(allowance.take(network("203.0.113.0/24"), 10, allowance_noon + seconds(31)))
      << "it is remembered";
}

}  // namespace
}  // namespace peering::api
