// The looking glass answers from the routing table.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class LookingGlass : public ApiFixture {
 protected:
  LookingGlass() {
    make_group();
    routes = {route("203.0.113.0/24", {64496, 64500}), route("203.0.113.0/24", {64499, 64500}),
              route("203.0.112.0/22", {64499})};
    auto seattle = std::make_shared<rib::Peer>(*routes[1].peer);
    seattle->key.address = *net::Address::parse("192.0.2.9");
    seattle->pop = "Seattle";
    routes[1].peer = seattle;
  }
  Reply ask(const std::string& query) {
    return post(std::string(sub_a) + "/providers/Microsoft.Peering/lookingGlass?" + query, "");
  }
  static std::string output(const Reply& reply) { return find_string(reply.body, "output").value_or(""); }
};

TEST_F(LookingGlass, ShowsTheRoutesOfTheLongestMatch) {
  const Reply reply =
      ask("command=BgpRoute&sourceType=AzureRegion&sourceLocation=West%20US&destinationIP=203.0.113.7");
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(find_string(reply.body, "command"), "BgpRoute");
  EXPECT_THAT(output(reply), HasSubstr("BGP routing table entry for 203.0.113.0/24\n"));
  EXPECT_THAT(output(reply), HasSubstr("AS path: 64496 64500\n"));
  EXPECT_THAT(output(reply), HasSubstr("AS path: 64499 64500\n"));
  EXPECT_THAT(output(reply), HasSubstr("router edge1, peer 192.0.2.1 AS64496, next hop 192.0.2.1\n"));
  EXPECT_THAT(output(reply), Not(HasSubstr("203.0.112.0/22")));
}

TEST_F(LookingGlass, ShowsOnlyTheRoutesOfTheSourceWhereItHasAny) {
  const Reply reply =
      ask("command=bgproute&sourceType=edgesite&sourceLocation=seattle&destinationIP=203.0.113.7");
  EXPECT_THAT(output(reply), HasSubstr("AS path: 64499 64500\n"));
  EXPECT_THAT(output(reply), Not(HasSubstr("64496")));
}

TEST_F(LookingGlass, SaysWhenThereIsNoRoute) {
  const Reply reply =
      ask("command=BgpRoute&sourceType=EdgeSite&sourceLocation=Seattle&destinationIP=2001:db8::1");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(output(reply), "No BGP route to 2001:db8::1\n");
}

TEST_F(LookingGlass, RefusesByParameter) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"sourceType=EdgeSite&sourceLocation=Seattle&destinationIP=203.0.113.7", "command ''"},
      {"command=Reboot&sourceType=EdgeSite&sourceLocation=x&destinationIP=203.0.113.7", "command 'Reboot'"},
      {"command=BgpRoute&sourceLocation=Seattle&destinationIP=203.0.113.7", "sourceType ''"},
      {"command=BgpRoute&sourceType=Site&sourceLocation=x&destinationIP=203.0.113.7", "sourceType 'Site'"},
      {"command=BgpRoute&sourceType=EdgeSite&destinationIP=203.0.113.7", "sourceLocation ''"},
      {"command=BgpRoute&sourceType=EdgeSite&sourceLocation=Seattle", "destinationIP ''"},
      {"command=BgpRoute&sourceType=EdgeSite&sourceLocation=x&destinationIP=203.0.113.0/24", "destinationIP"},
      {"command=Ping&sourceType=EdgeSite&sourceLocation=x&destinationIP=203.0.113.7;reboot", "destinationIP"},
      {"command=Ping&sourceType=EdgeSite&sourceLocation=x&destinationIP=203.0.113.7", "command 'Ping'"},
      {"command=Traceroute&sourceType=AzureRegion&sourceLocation=West%20US&destinationIP=0.0.0.0",
       "command 'Traceroute'"},
  };
  for (const auto& [query, said] : cases) {
    const Reply reply = ask(query);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_EQ(reply.code(), "BadArgument") << query;
    EXPECT_THAT(reply.message(), HasSubstr(said));
  }
}

TEST_F(LookingGlass, IsNotForOtherTenants) {
  make_group(sub_b);
  const std::string path =
      versioned(std::string(sub_a) +
                "/providers/Microsoft.Peering/lookingGlass?command=BgpRoute&sourceType=EdgeSite"
                "&sourceLocation=Seattle&destinationIP=203.0.113.7");
  EXPECT_EQ(send_as(token("Owner", sub_b), http::Method::post, path).code(), "SubscriptionNotFound");
  EXPECT_EQ(send_as(token("Reader", sub_a), http::Method::post, path).status, 200);
}

}  // namespace
}  // namespace peering::api
