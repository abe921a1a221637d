#include "api/latency_query.h"

#include <gmock/gmock.h>

namespace peering::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const TimePoint at = *parse_rfc3339("2026-11-23T12:00:00Z");

arm::Expected<LatencyQuery> read(std::string_view text) {
  return read_latency_query(*arm::Query::parse(text), at);
}

TEST(LatencyQuery, HasDefaults) {
  const auto query = read("");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->report.to, at);
  EXPECT_EQ(query->report.to - query->report.from, std::chrono::hours(24));
  EXPECT_EQ(query->report.interval, std::chrono::minutes(5));
  EXPECT_TRUE(query->report.by_pop);
  EXPECT_TRUE(query->report.by_kind);
  EXPECT_FALSE(query->report.by_source);
  EXPECT_THAT(query->report.percentiles, ElementsAre(50, 90, 95, 99));
  EXPECT_FALSE(query->csv);
}

TEST(LatencyQuery, TakesWhatIsAskedFor) {
  const auto query = read(
      "timespan=2026-11-23T00:00:00Z/2026-11-23T06:00:00Z&interval=pt1h&pop=AMS&groupBy=source,pop&"
      "percentiles=99.9,50,50&format=CSV");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->report.to - query->report.from, std::chrono::hours(6));
  EXPECT_EQ(query->report.interval_text, "PT1H");
  EXPECT_EQ(query->report.pop, "AMS");
  EXPECT_FALSE(query->report.by_kind);
  EXPECT_TRUE(query->report.by_source);
  EXPECT_THAT(query->report.percentiles, ElementsAre(50, 99.9));
  EXPECT_TRUE(query->csv);
}

TEST(LatencyQuery, NamesWhatItCannotRead) {
  for (const std::string_view text :
       {"timespan=PT7H", "timespan=a/b", "timespan=2026-11-23T06:00:00Z/2026-11-23T00:00:00Z",
        "interval=PT1M", "groupBy=colour", "groupBy=", "percentiles=0", "percentiles=101", "percentiles=x",
        "percentiles=nan", "percentiles=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21", "format=xml",
        "timespan=1971-01-01T00:00:00Z/2026-01-01T00:00:00Z"}) {
    const auto query = read(text);
    ASSERT_FALSE(query) << text;
    EXPECT_EQ(query.error().status, 400);
    EXPECT_THAT(query.error().message, testing::StartsWith(std::string(text.substr(0, text.find('=')))))
        << text;
  }
}

}  // namespace
}  // namespace peering::api
