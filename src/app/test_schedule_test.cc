#include "app/test_schedule.h"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::app {
namespace {

using namespace std::chrono_literals;
using Instant = TestSchedule::Instant;

std::string key_of(int number) {
  return "/subscriptions/x/resourcegroups/g/providers/microsoft.peering/peeringservices/s/"
         "connectionmonitortests/t" +
         std::to_string(number);
}

// The clock goes on in steps of 100 ms.
std::map<std::string, std::vector<Instant>> run(TestSchedule& schedule, Instant from, Instant to) {
  std::map<std::string, std::vector<Instant>> out;
  for (Instant now = from; now < to; now += 100ms) {
    for (const std::string& key : schedule.take_due(now, 100'000)) out[key].push_back(now);
  }
  return out;
}

TEST(TestSchedule, TenThousandTestsAreSpreadOverTheirPeriod) {
  TestSchedule schedule;
  const Instant start{1'000'000s};
  for (int i = 0; i < 10'000; ++i) schedule.put(key_of(i), 30s, start);
  std::size_t most = 0, all = 0;
  for (Instant now = start + 1s; now <= start + 30s; now += 1s) {
    const std::size_t due = schedule.take_due(now, 100'000).size();
    most = std::max(most, due);
    all += due;
  }
  EXPECT_EQ(all, 10'000U);
  EXPECT_LT(most, 450U);  // 333 on average
}

TEST(TestSchedule, EachRunsOnceAPeriod) {
  TestSchedule schedule;
  const Instant start{5000s};
  for (int i = 0; i < 50; ++i) schedule.put(key_of(i), i % 2 == 0 ? 30s : 60s, start);
  for (const auto& [key, times] : run(schedule, start, start + 600s)) {
    const auto period = std::stoi(key.substr(key.rfind('t') + 1)) % 2 == 0 ? 30s : 60s;
    ASSERT_EQ(times.size(), 600s / period) << key;
    for (std::size_t i = 1; i < times.size(); ++i) {
      EXPECT_NEAR(std::chrono::duration<double>(times[i] - times[i - 1]).count(),
                  static_cast<double>(period.count()), 0.11);
    }
  }
}

TEST(TestSchedule, WhatWasMissedIsNotMadeUpFor) {
  TestSchedule schedule;
  const Instant start{77s};
  schedule.put("a", 10s, start);
  EXPECT_EQ(schedule.take_due(start + 3600s, 10).size(), 1U);
  EXPECT_TRUE(schedule.take_due(start + 3600s, 10).empty());
  EXPECT_LE(*schedule.next(), start + 3610s);
}

TEST(TestSchedule, APlaceIsKeptUntilThePeriodChanges) {
  TestSchedule schedule;
  const Instant start{77s};
  schedule.put("a", 60s, start);
  const Instant due = *schedule.next();
  schedule.put("a", 60s, start + 1s);
  EXPECT_EQ(*schedule.next(), due);
  schedule.put("a", 30s, start + 1s);
  EXPECT_LE(*schedule.next(), start + 31s);
  EXPECT_EQ(schedule.size(), 1U);
  schedule.remove("a");
  EXPECT_FALSE(schedule.next());
  EXPECT_TRUE(schedule.take_due(start + 1h, 10).empty());
}

}  // namespace
}  // namespace peering::app
