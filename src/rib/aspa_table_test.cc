#include "rib/aspa_table.h"

#include <gtest/gtest.h>

namespace peering::rib {
namespace {

using wire::rtr::Aspa;

std::optional<AspaBreak> broken(const AspaTable& table, std::vector<net::Asn> path) {
  return table.broken(path);
}

// 1 and 2 are tier one and peer; 10 and 11 are customers of both and of 1; 100 is a customer of 10.
const AspaTable table(std::vector<Aspa>{{1, {0}}, {2, {0}}, {10, {1, 2}}, {11, {1}}, {100, {10}}});

TEST(AspaTable, SaysWhatCustomersAttest) {
  EXPECT_EQ(table.provider(10, 1), Provider::provider);
  EXPECT_EQ(table.provider(10, 11), Provider::not_provider);
  EXPECT_EQ(table.provider(7, 1), Provider::no_attestation);
  EXPECT_EQ(table.provider(1, 2), Provider::not_provider) << "an ASPA of AS 0 alone says: no providers";
}

TEST(AspaTable, PathsThatClimbAndDescendAreNotBroken) {
  EXPECT_FALSE(broken(table, {1, 10, 100}));
  EXPECT_FALSE(broken(table, {11, 1, 10, 100}));
  EXPECT_FALSE(broken(table, {1, 2, 10, 100})) << "one step between peers at the top";
  EXPECT_FALSE(broken(table, {10, 100}));
  EXPECT_FALSE(broken(table, {}));
}

TEST(AspaTable, ALeakIsFoundAndItsLeakerNamed) {
  const auto leak = broken(table, {2, 10, 1, 11});
  ASSERT_TRUE(leak) << "10 passed a route of its provider 1 on to its provider 2";
  EXPECT_EQ(leak->leaker, 10U);
  EXPECT_EQ(leak->from, 1U);
  EXPECT_EQ(leak->to, 2U);
}

TEST(AspaTable, WhatComesFromBelowMayOnlyClimb) {
  EXPECT_FALSE(table.broken_from_below(std::vector<net::Asn>{1, 10, 100}));
  EXPECT_FALSE(table.broken_from_below({}));
  const auto from_customer = table.broken_from_below(std::vector<net::Asn>{11, 1, 10, 100});
  ASSERT_TRUE(from_customer) << "11 passed a route of its provider on to us";
  EXPECT_EQ(from_customer->leaker, 11U);
  EXPECT_EQ(from_customer->from, 1U);
  EXPECT_EQ(from_customer->to, 11U) << "to us";
  EXPECT_FALSE(broken(table, {11, 1, 10, 100})) << "from a provider it would be in order";
}

TEST(AspaTable, WhatNobodyAttestsHidesALeakRatherThanMakesOne) {
  const AspaTable one(std::vector<Aspa>{{11, {1}}});
  EXPECT_FALSE(broken(one, {2, 10, 1, 11}));
}

TEST(AspaTable, SeveralAttestationsOfOneCustomerAreOne) {
  EXPECT_EQ(AspaTable(std::vector<Aspa>{{10, {2}}, {10, {1}}}), AspaTable(std::vector<Aspa>{{10, {1, 2}}}));
}

}  // namespace
}  // namespace peering::rib
