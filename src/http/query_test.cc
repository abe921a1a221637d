#include "http/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(Target, IsSplitFirstAndDecodedOnce) {
  const auto target = parse_target("/subscriptions/a%2Fb/x%2520y/?n=1");
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_THAT(target->segments, ElementsAre("subscriptions", "a/b", "x%20y"));
}

TEST(Target, ParametersComeDecodedInTheirOrder) {
  const auto target = parse_target("/?%24expand=events&$filter=a+eq+%27b%26c%27&empty=&bare&=x&a=1=2");
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_THAT(target->parameters,
              ElementsAre(Pair("$expand", "events"), Pair("$filter", "a eq 'b&c'"), Pair("empty", ""),
                          Pair("bare", ""), Pair("", "x"), Pair("a", "1=2")));
}

TEST(Target, ParametersAreFoundWithoutCase) {
  const auto target = parse_target("/?%24SkipToken=t&API-version=2022-10-01&api-version=later");
  EXPECT_EQ(target->parameter("$skiptoken"), "t");
  EXPECT_EQ(target->parameter("api-version"), "2022-10-01");
  EXPECT_FALSE(target->parameter("skiptoken").has_value());
}

TEST(Target, APlusInThePathIsAPlus) { EXPECT_THAT(parse_target("/a+b")->segments, ElementsAre("a+b")); }

TEST(Target, HasLimits) {
  std::string path, query = "/?";
  for (std::size_t i = 0; i < target_parts_max; ++i) {
    path += "/a";
    query += "a=b&";
  }
  EXPECT_TRUE(parse_target(path));
  EXPECT_TRUE(parse_target(query));
  EXPECT_FALSE(parse_target(path + "/a"));
  EXPECT_FALSE(parse_target(query + "a=b"));
}

TEST(Target, BrokenEncodingsAreRefusedByRule) {
  for (const char* text : {"/%c0%af", "/%ff", "/\xc3", "/?a=%ed%a0%80", "/%", "/%4", "/%4g", "/%zz", "/%00",
                           "/?a=%", "/?%=1", "/?a=%00", "/%+1", "/%-1"}) {
    const auto target = parse_target(text);
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(target.error().message, HasSubstr("target"));
  }
}

TEST(PercentEncoding, KeepsOnlyUnreservedCharactersPlain) {
  EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encode("a b/ü+"), "a%20b%2F%C3%BC%2B");
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  all += "ä€😀";
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_decode(percent_encode(all), true), all);
}

}  // namespace
}  // namespace peering::http
