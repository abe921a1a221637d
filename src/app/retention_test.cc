#include "app/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::app {
namespace {

const TimePoint half_past_nine = parse_rfc3339("2026-11-27T09:30:00Z").value();

std::vector<std::string> first_days(std::string_view configuration) {
  std::vector<std::string> out;
  for (const TimePoint each :
       latency_kept_from(parse_configuration(configuration, "p.toml").value(), half_past_nine)) {
    out.push_back(format_rfc3339(each));
  }
  return out;
}

TEST(Retention, CoarserSketchesOfLatencyAreKeptLonger) {
  EXPECT_THAT(first_days(""), ::testing::ElementsAre("2026-10-28T00:00:00Z", "2026-08-29T00:00:00Z",
                                                     "2025-10-27T00:00:00Z", "2021-11-27T00:00:00Z"));
}

TEST(Retention, EachLevelHasItsOwnTime) {
  EXPECT_THAT(
      first_days("[latency]\nkeep_5m = \"2d\"\nkeep_15m = \"25h\"\nkeep_1h = \"4d\"\nkeep_1d = \"5d\"\n"),
      ::testing::ElementsAre("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z", "2026-11-23T00:00:00Z",
                             "2026-11-22T00:00:00Z"))
      << "whole days: what is kept in part is kept";
}

TEST(Retention, NothingOfLatencyIsKeptLongerThanTheStorageAllows) {
  EXPECT_THAT(first_days("[storage]\nkeep_latency = \"60d\"\n"),
              ::testing::ElementsAre("2026-10-28T00:00:00Z", "2026-09-28T00:00:00Z", "2026-09-28T00:00:00Z",
                                     "2026-09-28T00:00:00Z"));
}

}  // namespace
}  // namespace peering::app
