#include "rib/route_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::rib {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

net::Prefix registered_prefix(std::string_view text) { return net::Prefix::parse(text).value(); }

RouteObjectReader reader_of(std::string_view text, std::size_t piece = 1'000'000) {
  RouteObjectReader out;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) out.feed(text.substr(0, piece));
  out.finish();
  return out;
}

std::vector<std::pair<std::string, net::Asn>> pairs(RouteObjectReader reader) {
  std::vector<std::pair<std::string, net::Asn>> out;
  for (const RouteObject& object : reader.objects()) {
    out.emplace_back(object.prefix.to_string(), object.origin);
  }
  return out;
}

constexpr std::string_view dump = R"(# RADB dump
%

mntner:     MAINT-AS64500
origin:     AS64999
source:     RADB

route:      203.0.113.0/24
descr:      says route: 10.0.0.0/8 in passing
            route: 10.0.0.0/8
origin:     AS64500   # the customer
mnt-by:     MAINT-AS64500
source:     RADB

ROUTE6:     2001:db8::/32
Origin:     as64501
source:     RADB

route:
+           198.51.100.0/24
origin:
            AS1.10
)";

TEST(RouteObjectReader, KeepsPrefixAndOriginOfRouteObjectsAmongOthers) {
  for (const std::size_t piece : {1U, 2U, 7U, 64U, 100'000U}) {
    EXPECT_THAT(pairs(reader_of(dump, piece)),
                ElementsAre(testing::Pair("203.0.113.0/24", 64500U), testing::Pair("2001:db8::/32", 64501U),
                            testing::Pair("198.51.100.0/24", 65546U)))
        << "cut into pieces of " << piece;
  }
}

TEST(RouteObjectReader, CountsAndNamesBrokenObjectsAndGoesOn) {
  auto reader = reader_of(
      "route: 203.0.113.0/33\norigin: AS1\n\n"
      "route: 203.0.113.1/24\norigin: AS1\n\n"
      "route: 2001:db8::/32\norigin: AS1\n\n"
      "route6: 192.0.2.0/24\norigin: AS1\n\n"
      "route: 192.0.2.0/24\nsource: X\n\n"
      "route: 192.0.2.0/24\norigin: AS4294967296\n\n"
      "route: 192.0.2.0/24\norigin: AS1\n");
  EXPECT_EQ(reader.broken(), 6U);
  EXPECT_EQ(reader.read(), 1U);
  ASSERT_EQ(reader.complaints().size(), 5U) << "the first ones are named";
  EXPECT_THAT(reader.complaints()[0], HasSubstr("line 1: route: prefix '203.0.113.0/33'"));
  EXPECT_THAT(reader.complaints()[1], HasSubstr("line 4: route: prefix '203.0.113.1/24'"));
  EXPECT_THAT(reader.complaints()[2], HasSubstr("line 7: route: prefix '2001:db8::/32' is not accepted: an "
                                                "IPv4"));
  EXPECT_THAT(reader.complaints()[3], HasSubstr("line 10: route6: prefix '192.0.2.0/24' is not accepted: an "
                                                "IPv6"));
  EXPECT_THAT(reader.complaints()[4], HasSubstr("line 13: route 192.0.2.0/24: origin ''"));
  EXPECT_THAT(pairs(std::move(reader)), ElementsAre(testing::Pair("192.0.2.0/24", 1U)));
}

TEST(RouteObjectReader, ALineWithoutEndTakesNoMemory) {
  RouteObjectReader reader;
  reader.feed("route: 192.0.2.0/24\ndescr: ");
  for (int i = 0; i < 1000; ++i) reader.feed(std::string(10'000, 'x'));
  reader.feed("\norigin: AS1\n");
  reader.finish();
  EXPECT_THAT(pairs(std::move(reader)), ElementsAre(testing::Pair("192.0.2.0/24", 1U)));
}

TEST(RouteObjectReader, KeepsOnlyWhatIsWanted) {
  RouteObjectReader reader([](const net::Prefix& prefix) { return prefix.family() == net::Family::ipv6; });
  reader.feed(dump);
  reader.finish();
  EXPECT_EQ(reader.read(), 3U);
  EXPECT_THAT(pairs(std::move(reader)), ElementsAre(testing::Pair("2001:db8::/32", 64501U)));
}

TEST(RouteObjectReader, FindsNothingInWhatIsNoDump) {
  EXPECT_THAT(reader_of("{\"roas\": []}\n\x00\xff\n:::\n").objects(), IsEmpty());
}

TEST(RouteObjects, SayWhoRegisteredAPrefixOrWhatCoversIt) {
  const RouteObjects objects({{registered_prefix("203.0.112.0/22"), 64500},
                              {registered_prefix("203.0.113.0/24"), 64501},
                              {registered_prefix("203.0.113.0/24"), 64501}});
  EXPECT_EQ(objects.size(), 2U);
  EXPECT_EQ(objects.registration(registered_prefix("203.0.113.0/24"), 64501), Registration::registered);
  EXPECT_EQ(objects.registration(registered_prefix("203.0.113.0/24"), 64500), Registration::registered);
  EXPECT_EQ(objects.registration(registered_prefix("203.0.113.128/32"), 64501), Registration::registered);
  EXPECT_EQ(objects.registration(registered_prefix("203.0.113.0/24"), 64502), Registration::other_origins);
  EXPECT_EQ(objects.registration(registered_prefix("203.0.112.0/24"), 64501), Registration::other_origins);
  EXPECT_EQ(objects.registration(registered_prefix("203.0.0.0/16"), 64500), Registration::unknown)
      << "what lies inside says nothing";
  EXPECT_EQ(RouteObjects().registration(registered_prefix("203.0.113.0/24"), 64500), Registration::unknown);
}

}  // namespace
}  // namespace peering::rib
