// Routes that a peering's sessions receive, and the prefixes that are not billed.
#include <gmock/gmock.h>

#include "api/peering_fixture.h"

namespace peering::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ReceivedRoutes : public Peerings {
 protected:
  void SetUp() override {
    json::value body = direct();
    connection(body).at("bgpSession").as_object()["peerSessionIPv4Address"] = "192.0.2.1";
    ASSERT_EQ(put_at(body).status, 201);
    ASSERT_EQ(decide(asn, "approve").status, 200);
    ASSERT_EQ(decide_on_connection("approve").status, 200);
    sessions = {session("Established", "192.0.2.1", "edge1")};
  }

  // What the peer sent to the router edge1.
  void receive(std::vector<std::string> prefixes, std::vector<net::Asn> as_path = {13335}) {
    for (const std::string& each : prefixes) routes.push_back(route(each, as_path));
  }
  Reply received(const std::string& query = "") {
    return get(path + "/receivedRoutes" + (query.empty() ? "" : "?" + query));
  }
  static std::vector<std::string> prefixes_of(const Reply& reply) {
    std::vector<std::string> out;
    for (const json::value& each : reply.body.at("value").as_array())
      out.push_back(*find_string(each, "prefix"));
    return out;
  }
  // A copy of the peer with another key.
  static std::shared_ptr<rib::Peer> changed(const rib::Route& of) {
    return std::make_shared<rib::Peer>(*of.peer);
  }
};

TEST_F(ReceivedRoutes, AreShownAsAzureShowsThem) {
  receive({"203.0.113.0/24"}, {13335, 64500});
  routes[0].received_at += std::chrono::microseconds(206262);
  const Reply reply = received();
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(reply.body, *parse_json(R"({"value":[{"prefix":"203.0.113.0/24","nextHop":"192.0.2.1",
      "asPath":"13335 64500","originAsValidationState":"Unknown","rpkiValidationState":"Unknown",
      "trustAnchor":"None","receivedTimestamp":"2026-11-23T10:00:00.2062620Z"}]})"));
}

TEST_F(ReceivedRoutes, AreInOrderOfThePrefixAsText) {
  receive({"2.0.0.0/8", "1.2.4.0/24", "1.160.0.0/12", "10.0.0.0/8", "2001:db8::/32", "64:ff9b::/96",
           "2000::/3", "::/0", "200.0.0.0/16", "0.0.0.0/0", "128.0.0.0/1", "1.160.0.0/24"});
  const std::vector<std::string> order = {"0.0.0.0/0",  "1.160.0.0/12",  "1.160.0.0/24", "1.2.4.0/24",
                                          "10.0.0.0/8", "128.0.0.0/1",   "2.0.0.0/8",    "200.0.0.0/16",
                                          "2000::/3",   "2001:db8::/32", "64:ff9b::/96", "::/0"};
  EXPECT_EQ(prefixes_of(received()), order);
  std::vector<std::string> paged;
  std::string query = "$top=2";
  for (int pages = 0; pages < 10; ++pages) {
    const Reply reply = received(query);
    ASSERT_EQ(reply.status, 200) << reply.text;
    for (std::string& each : prefixes_of(reply)) paged.push_back(std::move(each));
    const auto next = find_string(reply.body, "nextLink");
    if (!next) break;
    query = "$top=2&" + next->substr(next->find("$skipToken"));
    query = query.substr(0, query.find("&api-version"));
  }
  EXPECT_EQ(paged, order);
}

TEST_F(ReceivedRoutes, WhatIsTooMuchForOneSearchIsHalved) {
  Services narrow = services();
  narrow.search_routes = [this](rib::RouteSearch search) {
    search.limit = 2;
    return found(search);
  };
  api = std::make_unique<Api>(std::move(narrow));
  std::vector<std::string> prefixes = {"203.0.112.0/24",   "203.0.113.0/24", "203.0.113.0/25",
                                       "203.0.113.128/25", "203.128.0.0/9",  "2001:db8::/32",
                                       "2001:db8:1::/48",  "2001:db8::/48",  "64:ff9b::/96"};
  receive(prefixes);
  std::ranges::sort(prefixes);
  EXPECT_EQ(prefixes_of(received()), prefixes);
}

TEST_F(ReceivedRoutes, AreThoseOfEstablishedSessionsOnly) {
  receive({"203.0.113.0/24", "203.0.114.0/24", "203.0.115.0/24"});
  auto elsewhere = changed(routes[1]);
  elsewhere->key.router = "edge2";
  routes[1].peer = elsewhere;
  auto sent = changed(routes[2]);
  sent->key.rib_kind = rib::RibKind::adj_rib_out_post_policy;
  routes[2].peer = sent;
  EXPECT_THAT(prefixes_of(received()), ElementsAre("203.0.113.0/24"));
  sessions[0].established = false;
  EXPECT_TRUE(prefixes_of(received()).empty());
}

TEST_F(ReceivedRoutes, WhatCameInIsShownRatherThanWhatThePolicyMadeOfIt) {
  receive({"203.0.113.0/24"}, {13335, 13335});
  receive({"203.0.113.0/24"});
  auto after_policy = changed(routes[0]);
  after_policy->key.rib_kind = rib::RibKind::adj_rib_in_post_policy;
  routes[0].peer = after_policy;
  const Reply reply = received();
  ASSERT_EQ(reply.items(), 1U);
  EXPECT_EQ(reply.body.at("value").at(0).at("asPath"), json::value("13335"));
}

TEST_F(ReceivedRoutes, FiltersAreEqualitiesThatAllHold) {
  receive({"203.0.113.0/24", "203.0.114.0/24"}, {13335});
  receive({"203.0.115.0/24"}, {13335, 64500});
  EXPECT_THAT(prefixes_of(received("prefix=203.0.114.0/24")), ElementsAre("203.0.114.0/24"));
  EXPECT_TRUE(prefixes_of(received("prefix=203.0.112.0/22")).empty());
  EXPECT_THAT(prefixes_of(received("asPath=13335%2064500")), ElementsAre("203.0.115.0/24"));
  EXPECT_THAT(prefixes_of(received("originAsValidationState=unknown")), ElementsAre("203.0.115.0/24"));
  EXPECT_EQ(prefixes_of(received("originAsValidationState=Valid")).size(), 2U) << "the peer's own AS number";
  EXPECT_TRUE(prefixes_of(received("originAsValidationState=Valid&prefix=203.0.115.0/24")).empty());
  EXPECT_EQ(received("rpkiValidationState=maybe").code(), "BadArgument");
  EXPECT_EQ(received("prefix=203.0.113.1/24").code(), "BadArgument");
  EXPECT_EQ(received("$skipToken=x").code(), "BadArgument");
}

TEST_F(ReceivedRoutes, RoasDecideWhereThereAreSome) {
  Services with_roas = services();
  const std::vector<rib::Vrp> vrps = {{*net::Prefix::parse("203.0.112.0/22"), 24, 13335}};
  with_roas.vrps = [table = std::make_shared<const rib::VrpTable>(vrps)] { return table; };
  api = std::make_unique<Api>(std::move(with_roas));
  receive({"203.0.113.0/24", "203.0.114.0/25"}, {13335});
  receive({"203.0.115.0/24"}, {13335, 64500});
  const Reply reply = received();
  const auto states = [&](std::size_t index) {
    const json::value& item = reply.body.at("value").at(index);
    return *find_string(item, "originAsValidationState") + " " + *find_string(item, "rpkiValidationState");
  };
  EXPECT_EQ(states(0), "Valid Valid");
  EXPECT_EQ(states(1), "Valid Invalid") << "it is longer than the ROA allows";
  EXPECT_EQ(states(2), "Invalid Invalid");
  EXPECT_FALSE(reply.body.at("value").at(0).as_object().contains("trustAnchor"));
}

TEST_F(ReceivedRoutes, APeeringThatIsNotThereHasNone) {
  EXPECT_EQ(get(list + "/none/receivedRoutes").code(), "ParentResourceNotFound");
  EXPECT_EQ(get(list + "/none/rpUnbilledPrefixes").code(), "ParentResourceNotFound");
}

TEST_F(ReceivedRoutes, UnbilledPrefixesAreTheMetrosAndConsolidateToWhatTheyAreTogether) {
  Catalog known = *catalog;
  for (const auto& [prefix, region] :
       std::vector<std::pair<std::string, std::string>>{{"20.0.1.0/24", "East US"},
                                                        {"20.0.0.0/24", "East US"},
                                                        {"20.0.2.0/23", "East US"},
                                                        {"20.0.3.0/24", "East US"},
                                                        {"100.0.0.0/24", "East US"},
                                                        {"100.0.1.0/24", "West US"}}) {
    CdnPrefix each;
    each.prefix = *net::Prefix::parse(prefix);
    each.azure_region = region;
    known.metros.back().cdn_prefixes.push_back(each);
  }
  catalog = std::make_shared<const Catalog>(known);
  const Reply all = get(path + "/rpUnbilledPrefixes");
  EXPECT_THAT(prefixes_of(all), ElementsAre("20.0.0.0/24", "20.0.1.0/24", "20.0.2.0/23", "20.0.3.0/24",
                                            "100.0.0.0/24", "100.0.1.0/24"));
  EXPECT_EQ(all.body.at("value").at(0),
            *parse_json(R"({"prefix":"20.0.0.0/24","azureRegion":"East US","peerAsn":13335})"));
  EXPECT_THAT(prefixes_of(get(path + "/rpUnbilledPrefixes?consolidate=true")),
              ElementsAre("20.0.0.0/22", "100.0.0.0/24", "100.0.1.0/24"));
  EXPECT_EQ(get(path + "/rpUnbilledPrefixes?consolidate=2").code(), "BadArgument");
}

}  // namespace
}  // namespace peering::api
