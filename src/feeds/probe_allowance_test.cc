#include "feeds/probe_allowance.h"

#include <gtest/gtest.h>

namespace peering::feeds {
namespace {

using namespace std::chrono_literals;
const ProbeAllowance::Instant start{};

TEST(ProbeAllowance, ABurstThenTheRate) {
  ProbeAllowance allowance(10, 20, 100);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(allowance.take("a", 1, start)) << i;
  ASSERT_TRUE(allowance.take("a", 1, start));
  EXPECT_NEAR(std::chrono::duration<double>(*allowance.take("a", 5, start)).count(), 0.5, 1e-6);
  EXPECT_FALSE(allowance.take("a", 1, start + 100ms));
  EXPECT_TRUE(allowance.take("a", 1, start + 100ms));
  EXPECT_FALSE(allowance.take("b", 20, start));
}

TEST(ProbeAllowance, NeverMoreThanTheRateOverALongTime) {
  ProbeAllowance allowance(10, 20, 100);
  int taken = 0;
  for (auto at = start; at < start + 60s; at += 7ms) taken += allowance.take("a", 1, at) ? 0 : 1;
  EXPECT_LE(taken, 60 * 10 + 20);
  EXPECT_GE(taken, 60 * 10 + 18);
}

TEST(ProbeAllowance, ManyKeysDoNotGrowWithoutEnd) {
  ProbeAllowance allowance(10, 20, 3);
  for (const char* key : {"a", "b", "c"}) EXPECT_FALSE(allowance.take(key, 10, start));
  EXPECT_TRUE(allowance.take("d", 1, start));
  EXPECT_FALSE(allowance.take("d", 1, start + 1s));
  EXPECT_EQ(allowance.keys(), 1U);
}

}  // namespace
}  // namespace peering::feeds
