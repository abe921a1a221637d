#include "model/time_zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/silence.h"

namespace peering::model {
namespace {

std::chrono::sys_days day(int year, unsigned month, unsigned number) {
  return std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(number);
}
std::string text(TimePoint at) { return format_rfc3339(at); }
TimePoint utc(std::string_view at) { return parse_rfc3339(at).value(); }

using std::chrono::minutes;

TEST(TimeZone, KnowsWhenClocksAreSet) {
  const auto berlin = TimeZone::find("Europe/Berlin");
  ASSERT_TRUE(berlin) << berlin.error().message;
  EXPECT_EQ(text(berlin->first(day(2026, 1, 15), minutes(720))), "2026-01-15T11:00:00Z");
  EXPECT_EQ(text(berlin->first(day(2026, 7, 15), minutes(720))), "2026-07-15T10:00:00Z");
  EXPECT_EQ(text(berlin->first(day(2026, 10, 25), minutes(150))), "2026-10-25T00:30:00Z") << "shown twice";
  EXPECT_EQ(text(berlin->last(day(2026, 10, 25), minutes(150))), "2026-10-25T01:30:00Z");
  EXPECT_EQ(text(berlin->first(day(2026, 3, 29), minutes(150))), "2026-03-29T01:00:00Z") << "never shown";
  EXPECT_EQ(text(berlin->last(day(2026, 3, 29), minutes(150))), "2026-03-29T01:00:00Z");
  EXPECT_EQ(berlin->day_of(utc("2026-07-15T21:59:59Z")), day(2026, 7, 15));
  EXPECT_EQ(berlin->day_of(utc("2026-07-15T22:00:00Z")), day(2026, 7, 16));
}

TEST(TimeZone, RefusesWhatIsNoName) {
  for (const std::string name :
       {"", "Europe/Atlantis", "../../etc/passwd", "/etc/localtime", "europe/berlin"}) {
    const auto found = TimeZone::find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_THAT(found.error().message, testing::HasSubstr("Europe/Berlin"));
  }
  EXPECT_FALSE(TimeZone::find(std::string(100'000, 'x')));
}

Silence nightly(std::string_view start, std::string_view end, std::string_view zone) {
  const json::value properties{
      {"matchers", json::array{json::object{{"name", "kind"}, {"value", "withdrawal"}}}},
      {"recurrence", {{"frequency", "Daily"}, {"startTime", start}, {"endTime", end}, {"timeZone", zone}}}};
  auto out = silence_from_json("nights", properties);
  EXPECT_TRUE(out) << out.error().message;
  return *out;
}

TEST(SilenceInATimeZone, FollowsItsClocksOverTheYear) {
  const Silence nights = nightly("22:00", "06:00", "Europe/Berlin");
  EXPECT_FALSE(nights.active(utc("2026-01-15T20:59:59Z")));
  EXPECT_TRUE(nights.active(utc("2026-01-15T21:00:00Z")));
  EXPECT_TRUE(nights.active(utc("2026-01-16T04:59:59Z")));
  EXPECT_FALSE(nights.active(utc("2026-01-16T05:00:00Z")));
  EXPECT_TRUE(nights.active(utc("2026-07-15T20:00:00Z")));
  EXPECT_FALSE(nights.active(utc("2026-07-16T04:00:00Z")));
  // The night in which clocks are set forward lasts seven hours, the one in which they are set back nine.
  EXPECT_TRUE(nights.active(utc("2026-03-28T21:00:00Z")));
  EXPECT_FALSE(nights.active(utc("2026-03-29T04:00:00Z")));
  EXPECT_TRUE(nights.active(utc("2026-10-24T20:00:00Z")));
  EXPECT_TRUE(nights.active(utc("2026-10-25T04:59:59Z")));
  EXPECT_FALSE(nights.active(utc("2026-10-25T05:00:00Z")));
}

TEST(SilenceInATimeZone, LastsThroughTheHourThatComesTwiceAndIsNotInTheOneThatNeverComes) {
  const Silence hour = nightly("02:15", "02:45", "Europe/Berlin");
  EXPECT_FALSE(hour.active(utc("2026-10-25T00:14:59Z")));
  EXPECT_TRUE(hour.active(utc("2026-10-25T00:15:00Z")));
  EXPECT_TRUE(hour.active(utc("2026-10-25T01:44:59Z")));
  EXPECT_FALSE(hour.active(utc("2026-10-25T01:45:00Z")));
  for (int i = 0; i < 120; ++i) {
    EXPECT_FALSE(hour.active(utc("2026-03-29T00:00:00Z") + minutes(i))) << i;
  }
}

TEST(SilenceInATimeZone, SurvivesItsJsonAndTakesNoOffsetBesides) {
  const Silence nights = nightly("22:00", "06:00", "America/New_York");
  EXPECT_EQ(silence_from_json("nights", to_json(nights)).value(), nights);
  EXPECT_EQ(to_json(nights).at("recurrence").at("timeZone"), "America/New_York");
  json::value both = to_json(nights);
  both.at("recurrence").as_object()["utcOffset"] = "+01:00";
  const auto refused = silence_from_json("nights", both);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("recurrence.utcOffset"));
  both.at("recurrence").as_object().erase("utcOffset");
  both.at("recurrence").as_object()["timeZone"] = "Mars/Olympus";
  EXPECT_THAT(silence_from_json("nights", both).error().message, testing::HasSubstr("recurrence.timeZone"));
}

}  // namespace
}  // namespace peering::model
