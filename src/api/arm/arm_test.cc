#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/arm/api_version.h"
#include "api/arm/body.h"
#include "api/arm/duration.h"
#include "api/arm/filter.h"
#include "api/arm/headers.h"
#include "api/arm/json_with_comments.h"
#include "api/arm/names.h"
#include "api/arm/paging.h"
#include "api/arm/query.h"
#include "api/arm/resource_id.h"
#include "api/arm/tags.h"

namespace peering::api::arm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

json::value parsed(std::string_view text) { return *parse_json(text); }

TEST(ResourceId, PathsAreSplitAndDecodedOnce) {
  EXPECT_THAT(*split_path("/a/b%20c/"), ElementsAre("a", "b c"));
  EXPECT_THAT(*split_path("/a%2541"), ElementsAre("a%41"));
  EXPECT_TRUE(split_path("/")->empty());
}

TEST(ResourceId, TheEmptyPlaceOfAParentIsLeftOut) {
  EXPECT_THAT(*split_path("/providers/Microsoft.Peering//peerings/a"),
              ElementsAre("providers", "Microsoft.Peering", "peerings", "a"));
  for (const char* path : {"/providers//peerings", "/subscriptions//x", "/providers/a///b",
                           "/providers/a/b//c", "/providers/Microsoft.Peering//", "//providers/a"}) {
    EXPECT_FALSE(split_path(path)) << path;
  }
}

TEST(ResourceId, PathsThatCannotBeNamesAreRefused) {
  for (const std::string_view path : {"", "a", "//", "/a//b", "/a%2Fb", "/a%5cb", "/a%00", "/a%zz", "/a%4",
                                      "/a/../b", "/a/%2e%2E/b", "/a/.", "/%c0%af", "/a%ff", "/a%c3"}) {
    EXPECT_FALSE(split_path(path)) << path;
  }
}

TEST(ResourceId, TheArmFormIsRecognised) {
  const auto id = parse_resource_id(*split_path(
      "/SUBSCRIPTIONS/s/resourcegroups/g/providers/Microsoft.Peering/peeringServices/n/prefixes/p/providers/"
      "Open.Peering/events"));
  ASSERT_TRUE(id);
  EXPECT_EQ(id->subscription, "s");
  EXPECT_EQ(id->resource_group, "g");
  ASSERT_EQ(id->providers.size(), 2U);
  EXPECT_THAT(id->providers[0].types, ElementsAre("peeringServices", "prefixes"));
  EXPECT_THAT(id->providers[0].names, ElementsAre("n", "p"));
  EXPECT_THAT(id->providers[1].types, ElementsAre("events"));
  EXPECT_FALSE(parse_resource_id(*split_path("/subscriptions/s/other")));
  EXPECT_FALSE(parse_resource_id(*split_path("/healthz")));
  EXPECT_FALSE(parse_resource_id({}));
}

TEST(ResourceId, ParentsSkipTheProvider) {
  EXPECT_EQ(parent_of("/subscriptions/s/resourceGroups/g/providers/M/services/n/prefixes/p"),
            "/subscriptions/s/resourceGroups/g/providers/M/services/n");
  EXPECT_EQ(parent_of("/subscriptions/s/resourceGroups/g/providers/M/services/n"),
            "/subscriptions/s/resourceGroups/g");
  EXPECT_EQ(name_of("/a/b"), "b");
}

TEST(ResourceId, ScopesCoverWhatLiesInThem) {
  EXPECT_TRUE(covers("/", "/subscriptions/s"));
  EXPECT_TRUE(covers("/subscriptions/s", "/subscriptions/s"));
  EXPECT_TRUE(covers("/subscriptions/s", "/subscriptions/s/x"));
  EXPECT_FALSE(covers("/subscriptions/s", "/subscriptions/s2"));
  EXPECT_FALSE(covers("telemetry", "/subscriptions/s"));
}

TEST(Names, FollowTheirRules) {
  EXPECT_TRUE(is_resource_name("a_B.9-"));
  EXPECT_TRUE(is_resource_name(std::string(63, 'a')));
  for (const std::string& name :
       {std::string(), std::string(64, 'a'), std::string("a b"), std::string("ä")}) {
    EXPECT_FALSE(is_resource_name(name)) << name;
  }
  EXPECT_TRUE(is_resource_group_name("rg(1).x-_"));
  EXPECT_FALSE(is_resource_group_name("rg."));
  EXPECT_FALSE(is_resource_group_name(std::string(91, 'a')));
  EXPECT_TRUE(is_guid("00000000-0000-4000-8000-00000000000A"));
  EXPECT_FALSE(is_guid("00000000-0000-4000-8000-00000000000g"));
  EXPECT_FALSE(is_guid("{0000000-0000-4000-8000-00000000000}"));
  EXPECT_TRUE(same_region("East US", "eastus"));
  EXPECT_FALSE(same_region("East US", "eastus2"));
}

TEST(ApiVersion, IsRequiredAndKnown) {
  EXPECT_TRUE(check_api_version("Microsoft.Peering", "2022-10-01"));
  EXPECT_TRUE(check_api_version("microsoft.peering", "2019-08-01-PREVIEW"));
  EXPECT_TRUE(check_api_version("Open.Peering", "2026-11-01"));
  EXPECT_TRUE(check_api_version("", "2022-12-01"));
  EXPECT_EQ(check_api_version("Microsoft.Peering", std::nullopt).error().code, "MissingApiVersionParameter");
  const auto unknown = check_api_version("Microsoft.Peering", "2022-10-02");
  EXPECT_EQ(unknown.error().code, "InvalidApiVersionParameter");
  EXPECT_THAT(unknown.error().message, HasSubstr("2022-10-02"));
  EXPECT_THAT(unknown.error().message, HasSubstr("2021-06-01"));
  EXPECT_EQ(check_api_version("Open.Peering", "2022-10-01").error().status, 400);
}

TEST(Query, NamesCompareWithoutCaseAndValuesAreDecoded) {
  const auto query = Query::parse("api-version=1&%24skiptoken=a%2Bb&x=a+b&empty");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->get("$skipToken"), "a+b");
  EXPECT_EQ(query->get("X"), "a b");
  EXPECT_EQ(query->get("empty"), "");
  EXPECT_EQ(query->get("absent"), std::nullopt);
  EXPECT_FALSE(Query::parse("a=%g1"));
  EXPECT_FALSE(Query::parse("a=%c0%af"));
  EXPECT_THAT(Query::parse("api-version=1&b&API-Version=2").error().message,
              HasSubstr("query 'API-Version' is not accepted: a parameter comes once"));
}

TEST(Tags, AreTextsWithinTheLimits) {
  EXPECT_EQ(read_tags(parsed(R"({"tags":{"a":"1"}})"))->at("a").as_string(), "1");
  EXPECT_TRUE(read_tags(parsed("{}"))->empty());
  EXPECT_TRUE(read_tags(parsed(R"({"tags":null})"))->empty());
  json::object many;
  for (int i = 0; i < 51; ++i) many[std::to_string(i)] = "x";
  EXPECT_THAT(read_tags(json::object{{"tags", many}}).error().message, HasSubstr("at most 50"));
  EXPECT_FALSE(read_tags(json::object{{"tags", json::object{{std::string(513, 'n'), "x"}}}}));
  EXPECT_TRUE(read_tags(json::object{{"tags", json::object{{"n", std::string(256, 'v')}}}}));
  EXPECT_FALSE(read_tags(json::object{{"tags", json::object{{"n", std::string(257, 'v')}}}}));
  EXPECT_THAT(read_tags(parsed(R"({"tags":{"a":1}})")).error().message, HasSubstr("tags.a '1'"));
  EXPECT_FALSE(read_tags(parsed(R"({"tags":["a"]})")));
  EXPECT_FALSE(read_tags(parsed(R"({"tags":{"a":"1","A":"2"}})")));
}

TEST(Tags, PatchMergesAndNullRemovesWithoutCase) {
  const json::object current{{"keep", "1"}, {"Change", "2"}, {"drop", "3"}};
  const auto merged = merge_tags(current, parsed(R"({"tags":{"change":"9","DROP":null,"new":"4"}})"));
  ASSERT_TRUE(merged);
  EXPECT_EQ(*merged, (json::object{{"keep", "1"}, {"Change", "9"}, {"new", "4"}}));
  EXPECT_EQ(*merge_tags(current, parsed("{}")), current);
}

TEST(Filter, ReadsComparisonsJoinedByAnd) {
  const auto terms = parse_filter("firstSeen ge 2026-11-23T10:00:00Z AND level eq 'Crit''ical'");
  ASSERT_TRUE(terms);
  EXPECT_THAT(*terms, ElementsAre(FilterTerm{"firstSeen", Comparison::ge, "2026-11-23T10:00:00Z"},
                                  FilterTerm{"level", Comparison::eq, "Crit'ical"}));
  EXPECT_TRUE(parse_filter("")->empty());
}

TEST(Filter, WhatItDoesNotUnderstandIsRefusedByPlace) {
  for (const std::string_view text : {"a", "a eq", "a is 1", "a eq 1 or b eq 2", "a eq 1 and", "(a eq 1)",
                                      "a eq 'open", "'a' eq 1", "a eq 1 b eq 2", "contains(a,1)"}) {
    const auto terms = parse_filter(text);
    ASSERT_FALSE(terms) << text;
    EXPECT_THAT(terms.error().message, HasSubstr("character")) << text;
  }
  EXPECT_FALSE(parse_filter("a eq '" + std::string(3000, 'x') + "'"));
  std::string many = "a eq 1";
  for (int i = 0; i < 16; ++i) many += " and a eq 1";
  EXPECT_FALSE(parse_filter(many));
}

TEST(Paging, TokensComeBackAsTheyWereMade) {
  EXPECT_EQ(read_skip_token(make_skip_token("/a/b")), "/a/b");
  EXPECT_FALSE(read_skip_token("2f61"));
  EXPECT_FALSE(read_skip_token("zz"));
  EXPECT_FALSE(read_skip_token("7"));
}

TEST(Paging, LimitsAreChecked) {
  EXPECT_EQ(read_page(*Query::parse("$top=5"))->limit, 5U);
  for (const std::string_view text : {"$top=0", "$top=1001", "$top=x", "$top=-1", "$top=", "$skipToken=zz"}) {
    EXPECT_EQ(read_page(*Query::parse(text)).error().status, 400) << text;
  }
}

TEST(Paging, TheLinkIsAbsoluteAndKeepsTheQuery) {
  http::Request request;
  request.target = "/x?api-version=2022-10-01&$top=2&$skiptoken=00&country=a%20b";
  request.headers.set("Host", "127.0.0.1:8470");
  const auto query = Query::parse("api-version=2022-10-01&$top=2&$skiptoken=00&country=a%20b");
  const std::string link = next_link(request, *query, "k");
  EXPECT_EQ(link, "http://127.0.0.1:8470/x?api-version=2022-10-01&$top=2&country=a%20b&$skipToken=" +
                      make_skip_token("k"));
  request.secure = true;
  EXPECT_THAT(next_link(request, *query, "k"), testing::StartsWith("https://127.0.0.1:8470/"));
  request.secure = false;
  request.remote = *net::Address::parse("127.0.0.1");
  request.headers.set("X-Forwarded-Proto", "https");
  EXPECT_THAT(next_link(request, *query, "k"), testing::StartsWith("https://"));
  request.remote = *net::Address::parse("192.0.2.1");
  EXPECT_THAT(next_link(request, *query, "k"), testing::StartsWith("http://"));
  request.headers.set("Host", "evil/\"");
  EXPECT_THAT(next_link(request, *query, "k"), testing::StartsWith("http://localhost/"));
}

TEST(Body, PatchesFollowTheMergeRules) {
  EXPECT_EQ(merge_patch(parsed(R"({"a":"b","c":{"d":"e","f":"g"}})"), parsed(R"({"a":"z","c":{"f":null}})")),
            parsed(R"({"a":"z","c":{"d":"e"}})"));
  EXPECT_EQ(merge_patch(parsed(R"({"a":[1]})"), parsed(R"({"a":{"b":null}})")), parsed(R"({"a":{}})"));
}

TEST(JsonWithComments, BecomesJsonAndJsonStaysAsItIs) {
  EXPECT_EQ(without_comments("{a /* b */: 1, // c\n \"d\": [true, 2,], $e_1 : null}"),
            "{\"a\"  : 1, \n \"d\": [true, 2], \"$e_1\" : null}");
  for (const char* strict :
       {R"({"a": "// no /* comment */ \\" , "b": ["x,]", -1.5e3, false]})", R"("")", "[]", "{"}) {
    EXPECT_EQ(without_comments(strict), strict);
  }
  EXPECT_EQ(without_comments("\"two\nlines\""), R"("two\u000alines")");
  for (const char* broken : {"\"open", "\"open\\", "/* open", "// open", "a", ",]", "/"}) {
    EXPECT_FALSE(parse_json(without_comments(broken)));
  }
}

TEST(Times, WithoutAnOffsetAreUtc) {
  EXPECT_EQ(parse_time("2026-11-26T18:37:24.810895").value(), *parse_rfc3339("2026-11-26T18:37:24.810895Z"));
  EXPECT_EQ(parse_time("2026-11-26T18:37:24+01:00").value(), *parse_rfc3339("2026-11-26T17:37:24Z"));
  for (const char* text : {"", "2026-11-26", "2026-11-26T18:37:24+", "2026-11-26T18:37:24ZZ"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Headers, EveryAnswerCarriesTheIds) {
  http::Request request;
  request.headers.set("x-ms-correlation-request-id", "abc");
  request.headers.set("x-ms-client-request-id", "mine");
  http::Response first, second;
  add_common_headers(request, request_ids(request), *parse_rfc3339("2023-01-13T01:25:22Z"), first);
  EXPECT_EQ(first.headers.get("x-ms-routing-request-id"), "LOCAL:20230113T012522Z:abc");
  EXPECT_EQ(first.headers.get("x-ms-correlation-request-id"), "abc");
  EXPECT_FALSE(first.headers.get("x-ms-client-request-id"));
  request.headers.set("x-ms-return-client-request-id", "true");
  request.headers.set("x-ms-correlation-request-id", "a\r\nb");
  add_common_headers(request, request_ids(request), *parse_rfc3339("2023-01-13T01:25:22Z"), second);
  EXPECT_EQ(second.headers.get("x-ms-client-request-id"), "mine");
  EXPECT_TRUE(is_guid(*second.headers.get("x-ms-correlation-request-id")));
  EXPECT_NE(*first.headers.get("x-ms-request-id"), *second.headers.get("x-ms-request-id"));
  for (const std::string_view name :
       {"Cache-Control", "Pragma", "Expires", "Strict-Transport-Security", "X-Content-Type-Options"}) {
    EXPECT_TRUE(first.headers.get(name)) << name;
  }
}

}  // namespace
}  // namespace peering::api::arm
