#include "http/body_budget.h"

#include <gtest/gtest.h>

namespace peering::http {
namespace {

net::Address address(const char* text) { return net::Address::parse(text).value(); }

BodyBudget::Share body_of(BodyBudget& budget, const char* client) {
  BodyBudget::Share out;
  out.client = address(client);
  budget.begin(out);
  return out;
}

// 1000 in all, of which 200 are for the body that began first; a client has 400.
class BodyBudgetTest : public testing::Test {
 protected:
  BodyBudget budget_{1000, 200};
};

TEST_F(BodyBudgetTest, WhatIsTakenIsCountedUntilItIsReleased) {
  auto body = body_of(budget_, "192.0.2.1");
  EXPECT_TRUE(budget_.take(body, 100));
  budget_.settle(body, 30);
  EXPECT_EQ(budget_.bytes(), 30U);
  budget_.settle(body, 150);
  budget_.end(body);
  EXPECT_EQ(budget_.bytes(), 150U);
  budget_.release(body);
  EXPECT_EQ(budget_.bytes(), 0U);
  budget_.release(body);
  EXPECT_EQ(budget_.bytes(), 0U);
}

TEST_F(BodyBudgetTest, TheFirstMayFinishWhenTheOthersWait) {
  auto first = body_of(budget_, "192.0.2.1");
  auto second = body_of(budget_, "192.0.2.2");
  auto third = body_of(budget_, "192.0.2.3");
  EXPECT_TRUE(budget_.take(first, 100));
  EXPECT_TRUE(budget_.take(second, 400));
  EXPECT_TRUE(budget_.take(third, 300));
  EXPECT_FALSE(budget_.take(second, 1));
  EXPECT_FALSE(budget_.take(third, 1));
  EXPECT_TRUE(budget_.take(first, 100));
  budget_.end(first);
  // It still holds its bytes; the next one may take what is left.
  EXPECT_FALSE(budget_.take(second, 101));
  EXPECT_TRUE(budget_.take(second, 100));
  budget_.release(first);
  EXPECT_TRUE(budget_.take(second, 100));
  EXPECT_FALSE(budget_.take(third, 1));
}

TEST_F(BodyBudgetTest, OneClientLeavesRoomForOthers) {
  auto other = body_of(budget_, "192.0.2.1");
  auto first = body_of(budget_, "192.0.2.2");
  auto second = body_of(budget_, "192.0.2.2");
  EXPECT_TRUE(budget_.take(second, 400));
  EXPECT_FALSE(budget_.take(second, 1));
  EXPECT_TRUE(budget_.take(first, 200));
  EXPECT_TRUE(budget_.take(other, 200));
  budget_.release(first);
  // Now it is the client's first.
  EXPECT_TRUE(budget_.take(second, 1));
}

TEST_F(BodyBudgetTest, ABudgetBelowTheLargestBodyIsNeverExceeded) {
  BodyBudget small(100, 1000);
  auto body = body_of(small, "192.0.2.1");
  EXPECT_TRUE(small.take(body, 100));
  EXPECT_FALSE(small.take(body, 1));
}

}  // namespace
}  // namespace peering::http
