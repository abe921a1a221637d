// The operator's look into the routing table.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RouteSearch : public ApiFixture {
 protected:
  RouteSearch() {
    routes = {route("203.0.112.0/22", {64496}), route("203.0.113.0/24", {64496, 64500}),
              route("203.0.113.128/25", {64496, 64500}), route("203.0.113.0/24", {64499, 64500}),
              route("0.0.0.0/0", {64499})};
    auto other = std::make_shared<rib::Peer>(*routes[3].peer);
    other->key.address = *net::Address::parse("192.0.2.9");
    routes[3].peer = routes[4].peer = other;
  }

  Reply look(const std::string& query) { return get("/providers/Open.Peering/routes?" + query); }

  /// "relation prefix path" of every route.
  static std::vector<std::string> seen(const Reply& reply) {
    std::vector<std::string> out;
    for (const json::value& each : reply.body.at("routes").as_array()) {
      out.push_back(fmt::format("{} {} {}", *find_string(each, "relation"), *find_string(each, "prefix"),
                                *find_string(each, "asPath")));
    }
    return out;
  }
};

TEST_F(RouteSearch, ShowsExactRoutesOfAPrefixThatNobodyRegistered) {
  const Reply reply = look("prefix=203.0.113.0/24&peer=192.0.2.1");
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(
      reply.body,
      *parse_json(
          R"({"routes":[{"prefix":"203.0.113.0/24","relation":"exact","peer":{"router":"edge1","address":
    "192.0.2.1","asn":64496,"ribKind":"adjRibInPrePolicy"},"asPath":"64496 64500","nextHop":"192.0.2.1",
    "communities":[],"rpki":"unknown","receivedAt":"2026-11-23T10:00:00Z","role":"active",
    "observed":true}]})"));
  EXPECT_THAT(seen(look("prefix=203.0.113.0/24")),
              ElementsAre("exact 203.0.113.0/24 64496 64500", "exact 203.0.113.0/24 64499 64500"));
  EXPECT_THAT(seen(look("prefix=198.51.100.0/24&relation=exact,moreSpecific")), IsEmpty());
  EXPECT_THAT(seen(look("prefix=2001:db8::/32&relation=exact,covering,moreSpecific")), IsEmpty());
}

TEST_F(RouteSearch, RelationsAddUpInAnyCase) {
  EXPECT_THAT(seen(look("prefix=203.0.113.0/24&relation=covering,EXACT,morespecific&peer=192.0.2.1")),
              ElementsAre("exact 203.0.113.0/24 64496 64500", "covering 203.0.112.0/22 64496",
                          "moreSpecific 203.0.113.128/25 64496 64500"));
  EXPECT_THAT(seen(look("prefix=203.0.113.0/24&relation=covering")),
              ElementsAre("covering 0.0.0.0/0 64499", "covering 203.0.112.0/22 64496"));
}

TEST_F(RouteSearch, AnAddressMeansItsLongestMatch) {
  EXPECT_THAT(seen(look("prefix=203.0.113.200")), ElementsAre("exact 203.0.113.128/25 64496 64500"));
  EXPECT_THAT(seen(look("prefix=203.0.113.200&peer=192.0.2.9&relation=exact,covering")),
              ElementsAre("exact 203.0.113.0/24 64499 64500", "covering 0.0.0.0/0 64499"));
  EXPECT_THAT(seen(look("prefix=198.51.100.1")), ElementsAre("exact 0.0.0.0/0 64499"));
  EXPECT_THAT(seen(look("prefix=2001:db8::1")), IsEmpty());
}

TEST_F(RouteSearch, SaysWhenItIsCut) {
  const Reply cut = look("prefix=0.0.0.0/0&relation=exact,moreSpecific&top=2");
  EXPECT_THAT(seen(cut), ElementsAre("exact 0.0.0.0/0 64499", "moreSpecific 203.0.112.0/22 64496"));
  EXPECT_EQ(cut.body.at("truncated"), true);
  const Reply whole = look("prefix=0.0.0.0/0&relation=exact,moreSpecific&top=5");
  EXPECT_EQ(seen(whole).size(), 5U);
  EXPECT_EQ(find(whole.body, "truncated"), nullptr);
}

TEST_F(RouteSearch, TheRoleFollowsWhatIsExpectedOfARegisteredPrefix) {
  auto entry = std::make_shared<model::RegisteredPrefix>();
  entry->expectation.prefix = *net::Prefix::parse("203.0.113.0/24");
  entry->expectation.backup_upstreams = {64499};
  auto made = std::make_shared<model::Registry>();
  made->watch[entry->expectation.prefix].push_back(entry);
  registry = made;
  const Reply reply = look("prefix=203.0.113.0/24");
  EXPECT_EQ(*find_string(reply.body.at("routes").at(0), "role"), "active");
  EXPECT_EQ(*find_string(reply.body.at("routes").at(1), "role"), "backup");
}

TEST_F(RouteSearch, RefusesWithFieldValueAndRule) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "prefix"},
      {"prefix=x", "prefix 'x' is not accepted: an IPv4 or IPv6 prefix or address"},
      {"prefix=203.0.113.1/24", "203.0.113.1/24"},
      {"prefix=203.0.113.0/33", "0 to 32"},
      {"prefix=::/0&relation=any", "relation 'any' is not accepted: exact, covering, moreSpecific"},
      {"prefix=::/0&relation=exact,", "relation ''"},
      {"prefix=::/0&peer=edge1", "peer 'edge1' is not accepted: an IPv4 or IPv6 address"},
      {"prefix=::/0&top=0", "top '0' is not accepted: a number from 1 to 1000"},
      {"prefix=::/0&top=1001", "top '1001'"},
      {"prefix=::/0&top=1x", "top '1x'"},
  };
  for (const auto& [query, part] : cases) {
    const Reply reply = look(query);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_EQ(reply.code(), "BadArgument") << query;
    EXPECT_THAT(reply.message(), HasSubstr(part)) << query;
  }
}

TEST_F(RouteSearch, IsForThoseWhoMayReadEverything) {
  make_group();
  const std::string path = "/providers/Open.Peering/routes?prefix=0.0.0.0/0&api-version=2026-11-01";
  EXPECT_EQ(send_as(token("Reader", "/"), http::Method::get, path).status, 200);
  EXPECT_EQ(send_as(token("Operator", sub_a), http::Method::get, path).code(), "AuthorizationFailed");
  http::Request nobody = request(http::Method::get, path);
  nobody.headers = {};
  EXPECT_EQ(send(nobody).status, 401);
}

}  // namespace
}  // namespace peering::api
