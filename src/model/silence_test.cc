#include "model/silence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::model {
namespace {

using testing::HasSubstr;

TimePoint at(std::string_view text) { return parse_rfc3339(text).value(); }

Silence silence(std::string_view properties) {
  auto read = silence_from_json("s", parse_json(properties).value());
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return read.value_or(Silence{});
}

// One that is on for ever, with one matcher.
bool matches(std::string_view matcher, const Event& event, std::string_view group = "") {
  return silence(fmt::format(R"({{"matchers":[{}],"endsAt":"2100-01-01T00:00:00Z"}})", matcher))
      .matches({event, group});
}

Event silenced_hijack() {
  Event out;
  out.kind = EventKind::subprefix_hijack;
  out.type = "PrefixMoreSpecificEvent";
  out.level = Level::critical;
  out.connection = "/subscriptions/S/resourceGroups/Net/providers/Microsoft.Peering/peeringServices/Seattle";
  out.prefix_resource = out.connection + "/prefixes/web";
  out.prefix = *net::Prefix::parse("203.0.112.0/23");
  out.observed = *net::Prefix::parse("203.0.113.0/24");
  out.origin = 64666;
  return out;
}

TEST(SilenceMatcher, LooksAtEveryField) {
  const Event event = silenced_hijack();
  for (const std::string_view matcher :
       {R"({"name":"connection","value":"SEATTLE"})",
        R"({"name":"connection","value":"/subscriptions/s/resourcegroups/net)"
        R"(/providers/microsoft.peering/peeringservices/seattle"})",
        R"({"name":"resourceGroup","value":"NET"})", R"({"name":"prefix","value":"203.0.112.0/22"})",
        R"({"name":"prefix","value":"203.0.113.0/24"})", R"({"name":"kind","value":"subprefix-hijack"})",
        R"({"name":"level","value":"critical"})", R"({"name":"type","value":"prefixmorespecificevent"})",
        R"({"name":"originAsn","value":"64666"})", R"({"name":"suspectAsn","value":""})",
        R"({"name":"group","value":"tenant-a"})"}) {
    EXPECT_TRUE(matches(matcher, event, "tenant-a")) << matcher;
  }
  for (const std::string_view matcher :
       {R"({"name":"connection","value":"Seattl"})", R"({"name":"resourceGroup","value":"other"})",
        R"({"name":"prefix","value":"203.0.113.0/25"})", R"({"name":"prefix","value":"198.51.100.0/24"})",
        R"({"name":"kind","value":"withdrawal"})", R"({"name":"level","value":"Error"})",
        R"({"name":"originAsn","value":"6466"})", R"({"name":"suspectAsn","value":"64666"})",
        R"({"name":"group","value":"TENANT-A"})"}) {
    EXPECT_FALSE(matches(matcher, event, "tenant-a")) << matcher;
  }
}

TEST(SilenceMatcher, NegatesAndMatchesAnchoredExpressions) {
  const Event event = silenced_hijack();
  EXPECT_TRUE(matches(R"({"name":"kind","value":"withdrawal","isEqual":false})", event));
  EXPECT_FALSE(matches(R"({"name":"prefix","value":"203.0.112.0/22","isEqual":false})", event));
  EXPECT_TRUE(matches(R"({"name":"kind","value":".*hijack|squatting","isRegex":true})", event));
  EXPECT_FALSE(matches(R"({"name":"kind","value":"hijack","isRegex":true})", event)) << "not anchored";
  EXPECT_FALSE(matches(R"({"name":"kind","value":"squatting|hijack","isRegex":true})", event))
      << "in one half";
  EXPECT_TRUE(matches(R"({"name":"kind","value":"hijack","isRegex":true,"isEqual":false})", event));
  EXPECT_TRUE(matches(R"({"name":"connection","value":"Sea.*","isRegex":true})", event));
  EXPECT_TRUE(matches(R"({"name":"prefix","value":"203\\.0\\.113\\..*","isRegex":true})", event));
}

TEST(Silence, NeedsAllItsMatchers) {
  const Silence both = silence(R"({"endsAt":"2100-01-01T00:00:00Z","matchers":[
      {"name":"kind","value":"subprefix-hijack"},{"name":"originAsn","value":"64666"}]})");
  Event event = silenced_hijack();
  EXPECT_TRUE(both.matches({event, ""}));
  event.origin = 64667;
  EXPECT_FALSE(both.matches({event, ""}));
}

TEST(Silence, LastsFromItsStartToBeforeItsEnd) {
  const Silence given = silence(R"({"matchers":[{"name":"kind","value":"withdrawal"}],
      "startsAt":"2026-11-27T10:00:00+01:00","endsAt":"2026-11-27T11:00:00Z"})");
  EXPECT_EQ(given.state(at("2026-11-27T08:59:59Z")), "pending");
  EXPECT_EQ(given.state(at("2026-11-27T09:00:00Z")), "active");
  EXPECT_TRUE(given.active(at("2026-11-27T10:59:59Z")));
  EXPECT_FALSE(given.active(at("2026-11-27T11:00:00Z")));
  EXPECT_EQ(given.state(at("2026-11-27T11:00:00Z")), "expired");
}

TEST(Silence, ComesBackEveryDayAlsoOverMidnight) {
  const Silence nights = silence(R"({"matchers":[{"name":"kind","value":"withdrawal"}],
      "recurrence":{"frequency":"daily","startTime":"22:00","endTime":"04:00","utcOffset":"+01:00"}})");
  EXPECT_FALSE(nights.active(at("2026-11-27T20:59:59Z")));
  EXPECT_TRUE(nights.active(at("2026-11-27T21:00:00Z")));
  EXPECT_TRUE(nights.active(at("2026-11-28T02:59:59Z")));
  EXPECT_FALSE(nights.active(at("2026-11-28T03:00:00Z")));
  EXPECT_EQ(nights.state(at("2026-11-28T03:00:00Z")), "pending");
}

TEST(Silence, ComesBackOnDaysOfTheWeekOnWhichItBegins) {
  const Silence given = silence(R"({"matchers":[{"name":"kind","value":"withdrawal"}],
      "endsAt":"2026-12-05T23:00:00Z",
      "recurrence":{"frequency":"Weekly","daysOfWeek":["saturday"],"startTime":"22:00","endTime":"02:00"}})");
  EXPECT_FALSE(given.active(at("2026-11-27T22:30:00Z"))) << "Friday";
  EXPECT_TRUE(given.active(at("2026-11-28T22:30:00Z"))) << "Saturday";
  EXPECT_TRUE(given.active(at("2026-11-29T01:30:00Z"))) << "what began on Saturday";
  EXPECT_FALSE(given.active(at("2026-11-29T22:30:00Z"))) << "Sunday";
  EXPECT_FALSE(given.active(at("2026-12-05T23:30:00Z"))) << "it has ended";
}

TEST(Silence, SurvivesItsJsonInCanonicalForm) {
  const Silence given = silence(R"({"matchers":[{"name":"KIND","value":"a|b","isRegex":true}],"comment":"why",
      "startsAt":"2026-11-27T10:00:00+01:00","state":"active","provisioningState":"Succeeded",
      "recurrence":{"frequency":"weekly","daysOfWeek":["Sunday","monday","Monday"],"startTime":"00:00",
      "endTime":"23:59","utcOffset":"-09:30"}})");
  const json::value shown = to_json(given);
  EXPECT_EQ(json::serialize(shown),
            R"({"matchers":[{"name":"kind","value":"a|b","isRegex":true,"isEqual":true}],)"
            R"("startsAt":"2026-11-27T09:00:00Z","recurrence":{"frequency":"Weekly",)"
            R"("daysOfWeek":["Monday","Sunday"],"startTime":"00:00","endTime":"23:59","utcOffset":"-09:30"},)"
            R"("comment":"why"})");
  EXPECT_EQ(silence_from_json("s", shown).value(), given);
}

TEST(Silence, WhatIsWrongIsNamedWithItsValueAndTheRule) {
  const std::string good = R"({"name":"kind","value":"withdrawal"})";
  const auto daily = [&](std::string_view rest) {
    return fmt::format(R"({{"matchers":[{}],"recurrence":{{"frequency":"Daily",{}}}}})", good, rest);
  };
  const auto with = [](std::string_view matcher) {
    return fmt::format(R"({{"endsAt":"2100-01-01T00:00:00Z","matchers":[{}]}})", matcher);
  };
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"[]", {"an object"}},
      {R"({"endsAt":"2100-01-01T00:00:00Z"})", {"matchers", "at least one"}},
      {with(""), {"matchers", "at least one"}},
      {with("7"), {"matchers[0] '7'", "an object"}},
      {with(R"({"name":"colour","value":"red"})"), {"matchers[0].name 'colour'", "suspectAsn"}},
      {with(R"({"name":"kind"})"), {"matchers[0].value", "a text"}},
      {with(R"({"name":"kind","value":"weather"})"), {"matchers[0].value 'weather'", "origin-hijack"}},
      {with(R"({"name":"level","value":"Loud"})"), {"matchers[0].value 'Loud'", "Critical"}},
      {with(R"({"name":"prefix","value":"x"})"), {"matchers[0].value 'x'", "a prefix"}},
      {with(R"({"name":"originAsn","value":"AS1"})"), {"matchers[0].value 'AS1'", "an AS number"}},
      {with(R"({"name":"kind","value":"(","isRegex":true})"), {"matchers[0].value '('", "RE2"}},
      {with(R"({"name":"kind","value":"withdrawal","isRegex":"yes"})"),
       {"matchers[0].isRegex", "true or false"}},
      {with(R"({"name":"kind","value":"withdrawal","regex":true})"), {"matchers[0].regex", "no such field"}},
      {fmt::format(R"({{"matchers":[{}]}})", good), {"endsAt", "recurrence"}},
      {fmt::format(R"({{"matchers":[{}],"endsAt":"soon"}})", good), {"endsAt 'soon'", "RFC 3339"}},
      {fmt::format(R"({{"matchers":[{}],"startsAt":"2026-11-27T00:00:00Z","endsAt":"2026-11-27T00:00:00Z"}})",
                   good),
       {"endsAt", "later than startsAt"}},
      {daily(R"("startTime":"7:00","endTime":"08:00")"), {"recurrence.startTime '7:00'", "22:30"}},
      {daily(R"("startTime":"07:00","endTime":"24:00")"), {"recurrence.endTime '24:00'", "22:30"}},
      {daily(R"("startTime":"07:00","endTime":"07:00")"), {"recurrence.endTime '07:00'", "another"}},
      {daily(R"("startTime":"07:00","endTime":"08:00","utcOffset":"CET")"), {"recurrence.utcOffset 'CET'"}},
      {daily(R"("startTime":"07:00","endTime":"08:00","utcOffset":"+15:00")"), {"recurrence.utcOffset"}},
      {daily(R"("startTime":"07:00","endTime":"08:00","daysOfWeek":["Monday"])"), {"daysOfWeek", "Weekly"}},
      {daily(R"("startTime":"07:00","endTime":"08:00","daysOfWeek":["Mon"])"), {"recurrence.daysOfWeek[0]"}},
      {fmt::format(R"({{"matchers":[{}],"recurrence":{{"frequency":"Hourly"}}}})", good),
       {"recurrence.frequency 'Hourly'", "Daily or Weekly"}},
  };
  for (const auto& [text, words] : cases) {
    const auto read = silence_from_json("s", parse_json(text).value());
    ASSERT_FALSE(read) << text;
    for (const std::string& word : words) EXPECT_THAT(read.error().message, HasSubstr(word)) << text;
  }
}

}  // namespace
}  // namespace peering::model
