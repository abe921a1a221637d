// Each requirement of a prefix: what is judged, by which session, and what becomes of the prefix.
#include <gmock/gmock.h>

#include "api/partner_fixture.h"

namespace peering::api {
namespace {

using testing::HasSubstr;

class Validation : public PartnerFixture {
 protected:
  Validation() {
    service = make_service();
    EXPECT_EQ(put(service, body_of_service("Auckland", "Sydney")).status, 200);
    prefix = service + "/prefixes/p1";
  }
  static std::string body_of_service(std::string_view primary, std::string_view backup = "") {
    json::object properties{{"peeringServiceLocation", "Victoria"},
                            {"peeringServiceProvider", "Kordia Limited"},
                            {"providerPrimaryPeeringLocation", primary}};
    if (!backup.empty()) properties["providerBackupPeeringLocation"] = backup;
    return json::serialize(json::object{{"location", "eastus"}, {"properties", std::move(properties)}});
  }
  /// Two routers in the primary and one in the backup metro.
  void make_partner() {
    primary = make_peering("akl", "Auckland", {"192.0.2.1", "192.0.2.2"});
    make_peering("syd", "Sydney", {"192.0.2.3"});
  }
  void announce_everywhere(std::vector<net::Asn> path = {13335, 3333}) {
    for (const std::string_view peer : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
      announce("203.0.113.0/24", path, peer);
    }
  }
  void make_old_prefix(std::string_view text = "203.0.113.0/24", std::string_view key = "") {
    json::object properties{{"prefix", text}};
    if (!key.empty()) properties["peeringServicePrefixKey"] = key;
    const Reply made = put(prefix, json::serialize(json::object{{"properties", std::move(properties)}}));
    ASSERT_LT(made.status, 202) << made.text;
    EXPECT_EQ(made.property("prefixValidationState"), "Pending");
    clock += validation_patience + std::chrono::seconds(1);
  }
  json::value validation() { return get(prefix + "/providers/Open.Peering/validation").body; }
  /// The results of the requirement, of each session.
  std::vector<std::string> results(std::string_view name) {
    std::vector<std::string> out;
    const json::value whole = validation();
    for (const json::value& each : whole.at("requirements").as_array()) {
      if (find_string(each, "name") == name) out.push_back(*find_string(each, "result"));
    }
    return out;
  }
  json::value requirement(std::string_view name, std::string_view result) {
    const json::value whole = validation();
    for (const json::value& each : whole.at("requirements").as_array()) {
      if (find_string(each, "name") == name && find_string(each, "result") == result) return each;
    }
    ADD_FAILURE() << name << " " << result << "\n" << whole;
    return json::object{{"message", ""}, {"session", ""}, {"seen", ""}, {"action", ""}};
  }
  std::string state() { return get(prefix).property("prefixValidationState"); }
  std::string message() { return get(prefix).property("errorMessage"); }

  using Results = std::vector<std::string>;
  std::string service, prefix, primary;
};

TEST_F(Validation, APrefixOnAllSessionsOfTwoRoutersAndTheBackupIsVerified) {
  make_partner();
  announce_everywhere();
  make_old_prefix();
  EXPECT_EQ(state(), "Verified");
  EXPECT_EQ(get(prefix).property("learnedType"), "ViaSession");
  const json::value whole = validation();
  EXPECT_EQ(find_string(whole, "state"), "Verified");
  EXPECT_TRUE(parse_rfc3339(find_string(whole, "checkedAt").value_or("")));
  EXPECT_EQ(results("primarySessions"), Results{"pass"});
  EXPECT_EQ(results("backupSessions"), Results{"pass"});
  EXPECT_EQ(results("prefixReceived"), (Results{"pass", "pass", "pass"}));
  EXPECT_EQ(results("asPathLength"), (Results{"pass", "pass", "pass"}));
  EXPECT_EQ(results("prefixKey"), Results{"notApplicable"});
  EXPECT_THAT(*find_string(requirement("prefixReceived", "pass"), "seen"), HasSubstr("13335 3333"));
}

TEST_F(Validation, WhatOnlyASilentFeedShowsIsNotObserved) {
  make_old_prefix();
  routes = {route("203.0.113.0/24", {13335, 3333})};
  EXPECT_EQ(find_string(validation(), "state"), "Verified");
  EXPECT_EQ(validation().at("observed"), json::value(true));
  const json::object on_connection =
      get(service + "/providers/Open.Peering/validation").body.at("value").as_array()[0].as_object();
  EXPECT_EQ(on_connection.at("observed"), json::value(true));
  unheard.heard = 1;
  unheard.feeds["edge1"] = {*parse_rfc3339("2026-11-23T10:00:00Z"), "it says nothing"};
  const json::value doubted = validation();
  EXPECT_EQ(doubted.at("observed"), json::value(false));
  EXPECT_EQ(doubted.at("notObserved"), *parse_json(R"([{"feed": "edge1",
      "since": "2026-11-23T10:00:00Z", "reason": "it says nothing"}])"));
  EXPECT_EQ(find_string(doubted, "state"), "Unknown");
  for (const json::value& each : doubted.at("requirements").as_array()) {
    EXPECT_NE(find_string(each, "result"), "pass") << each;
  }
  EXPECT_EQ(get(prefix).property("prefixValidationState"), "Verified") << "Azure's part is as it was";
}

TEST_F(Validation, WhatAnotherFeedShowsTooIsObserved) {
  make_old_prefix();
  routes = {route("203.0.113.0/24", {13335, 3333})};
  auto elsewhere = std::make_shared<rib::Peer>(*routes[0].peer);
  elsewhere->key.router = "edge2";
  routes.push_back(routes[0]);
  routes[1].peer = elsewhere;
  unheard.feeds["edge1"] = {*parse_rfc3339("2026-11-23T10:00:00Z"), "it says nothing"};
  EXPECT_EQ(validation().at("observed"), json::value(true));
  EXPECT_EQ(find_string(validation(), "state"), "Verified");
  const json::value shown = get(prefix + "/providers/Open.Peering/routes").body;
  EXPECT_EQ(shown.at("routes").as_array()[0].at("observed"), json::value(false));
  EXPECT_EQ(shown.at("routes").as_array()[1].at("observed"), json::value(true));
}

TEST_F(Validation, WithoutAnyFeedThatIsHeardNothingIsObserved) {
  make_old_prefix();
  unheard.feeds["edge1"] = {*parse_rfc3339("2026-11-23T10:00:00Z"), "its session is down"};
  EXPECT_EQ(validation().at("observed"), json::value(false));
  EXPECT_EQ(find_string(validation().at("notObserved").as_array()[0], "reason"), "no feed is heard");
  unheard.heard = 1;
  EXPECT_EQ(validation().at("observed"), json::value(true)) << "that there is no route was seen";
}

TEST_F(Validation, ASessionThatDoesNotAnnounceIsNamed) {
  make_partner();
  announce("203.0.113.0/24", {13335, 3333}, "192.0.2.1");
  announce("203.0.113.0/24", {13335, 3333}, "192.0.2.3");
  make_old_prefix();
  EXPECT_EQ(state(), "Failed");
  EXPECT_EQ(message(), "Not receiving prefix advertisement from IP 192.0.2.2 for prefix 203.0.113.0/24");
  const json::value missing = requirement("prefixReceived", "fail");
  EXPECT_EQ(find_string(missing, "session"), "192.0.2.2");
  EXPECT_THAT(*find_string(missing, "action"), HasSubstr("192.0.2.2"));
}

TEST_F(Validation, TwoRoutersInThePrimaryAndOneSessionInTheBackupAreNeeded) {
  make_peering("akl", "Auckland", {"192.0.2.1", "192.0.2.2"});
  announce_everywhere();
  make_old_prefix();
  EXPECT_EQ(message(), "Provider has no sessions in its backup location");
  ASSERT_EQ(put(service, body_of_service("Auckland")).status, 200);
  EXPECT_EQ(state(), "Verified");
  EXPECT_EQ(results("backupSessions"), Results{"notApplicable"});
  sessions[1].router = sessions[0].router;
  EXPECT_EQ(message(), "Provider has fewer than two sessions in its primary location");
  ASSERT_EQ(put(service, body_of_service("Sydney")).status, 200);
  EXPECT_EQ(results("primarySessions"), Results{"fail"});
}

TEST_F(Validation, ARouterThatTellsNothingIsNoFailure) {
  make_partner();
  announce_everywhere();
  make_old_prefix();
  lose_session("192.0.2.2");
  EXPECT_EQ(results("primarySessions"), Results{"fail"}) << "the router says that the session is down";
  for (model::BgpSession& session : sessions) {
    session.established = false;
    session.state = "";
  }
  routes.clear();
  EXPECT_EQ(results("primarySessions"), Results{"unknown"});
  EXPECT_EQ(state(), "Unknown");
}

TEST_F(Validation, EachRouteIsJudgedByItsSession) {
  make_partner();
  announce("203.0.113.0/24", {13335, 3333}, "192.0.2.1");
  announce("203.0.113.0/24", {13335, 3333, 3333, 3333}, "192.0.2.2");
  announce("203.0.113.0/24", {13335, 64512, 3333}, "192.0.2.3");
  make_old_prefix();
  EXPECT_EQ(find_string(requirement("asPathLength", "fail"), "session"), "192.0.2.2");
  EXPECT_THAT(*find_string(requirement("asPathLength", "fail"), "message"), HasSubstr("should be <=3"));
  EXPECT_EQ(find_string(requirement("publicAsns", "fail"), "session"), "192.0.2.3");
  EXPECT_THAT(*find_string(requirement("publicAsns", "fail"), "action"), HasSubstr("AS64512"));
  EXPECT_THAT(message(), HasSubstr("AS path length for prefix 203.0.113.0/24 should be <=3"));
}

TEST_F(Validation, TheKeyIsOneThatTheProviderRegistered) {
  make_partner();
  announce_everywhere();
  const std::string key = put(primary + "/registeredAsns/c", R"({"properties":{"asn":3333}})")
                              .property("peeringServicePrefixKey");
  make_old_prefix("203.0.113.0/24", "11111111-2222-3333-4444-555555555555");
  EXPECT_EQ(state(), "Failed");
  EXPECT_EQ(message(), "Peering service prefix key is not one of the provider's");
  make_old_prefix("203.0.113.0/24", key);
  EXPECT_EQ(state(), "Verified");
  EXPECT_EQ(get(prefix).property("learnedType"), "ViaServiceProvider");
  ASSERT_EQ(remove(primary + "/registeredAsns/c").status, 200);
  EXPECT_EQ(state(), "Failed");
  const std::string other = put(primary + "/registeredAsns/c", R"({"properties":{"asn":3334}})")
                                .property("peeringServicePrefixKey");
  make_old_prefix("203.0.113.0/24", other);
  EXPECT_EQ(message(), "Peering service prefix key is not for this prefix");
  const std::string own = put(primary + "/registeredPrefixes/c", prefix_body("203.0.113.0/24"))
                              .property("peeringServicePrefixKey");
  make_old_prefix("203.0.113.0/24", own);
  EXPECT_EQ(state(), "Verified");
}

TEST_F(Validation, WithoutPeeringsOfTheProviderARouteFromAnywhereWillDo) {
  announce("203.0.113.0/24", {64500, 3333}, "198.51.100.1");
  make_old_prefix("203.0.113.0/24", "11111111-2222-3333-4444-555555555555");
  EXPECT_EQ(state(), "Verified");
  for (const std::string_view name : {"primarySessions", "backupSessions", "prefixKey"}) {
    EXPECT_EQ(results(name), Results{"notApplicable"}) << name;
  }
  routes.clear();
  EXPECT_EQ(state(), "Failed");
  EXPECT_EQ(message(), "Prefix is not announced by the service provider");
}

TEST_F(Validation, APeeringThatNobodyApprovedCountsForNothing) {
  announce("203.0.113.0/24", {64500, 3333}, "198.51.100.1");
  make_old_prefix();
  const std::string peering = make_peering("akl");
  EXPECT_EQ(results("primarySessions"), Results{"fail"});
  ASSERT_EQ(remove(peering).status, 200);
  EXPECT_EQ(results("primarySessions"), Results{"notApplicable"});
}

TEST_F(Validation, Ipv6IsJudgedLikeIpv4) {
  make_peering("akl", "Auckland", {"2001:db8::1", "2001:db8::2", "192.0.2.1"});
  ASSERT_EQ(put(service, body_of_service("Auckland")).status, 200);
  announce("2001:db8:1::/48", {13335, 3333}, "2001:db8::1");
  make_old_prefix("2001:db8:1::/48");
  EXPECT_EQ(message(), "Not receiving prefix advertisement from IP 2001:db8::2 for prefix 2001:db8:1::/48");
  announce("2001:db8:1::/48", {13335, 3333}, "2001:db8::2");
  EXPECT_EQ(state(), "Verified");
  EXPECT_EQ(results("prefixReceived"), (Results{"pass", "pass"})) << "of the prefix's family";
}

TEST_F(Validation, AProviderThatLeftTheCatalogueAndAPrivatePrefixFail) {
  announce("203.0.113.0/24", {13335, 3333});
  make_old_prefix();
  ASSERT_EQ(state(), "Verified");
  Catalog without = *catalog;
  without.providers.clear();
  catalog = std::make_shared<const Catalog>(without);
  EXPECT_EQ(message(), "Peering service provider not found");
  ASSERT_EQ(put(service + "/prefixes/p2", prefix_body("10.1.0.0/16")).status, 201);
  prefix = service + "/prefixes/p2";
  EXPECT_EQ(results("prefix"), Results{"fail"});
}

TEST_F(Validation, AConnectionShowsAllItsPrefixesPageByPage) {
  make_old_prefix();
  ASSERT_EQ(put(service + "/prefixes/p2", prefix_body("198.51.100.0/24")).status, 201);
  const std::string path = service + "/providers/Open.Peering/validation";
  const Reply all = get(path);
  ASSERT_EQ(all.items(), 2U) << all.text;
  EXPECT_EQ(find_string(all.body.at("value").at(0), "state"), "Failed");
  EXPECT_EQ(find_string(all.body.at("value").at(1), "state"), "Pending");
  EXPECT_EQ(find_string(all.body.at("value").at(1), "prefix"), "198.51.100.0/24");
  const Reply first = get(path + "?$top=1");
  EXPECT_EQ(first.items(), 1U);
  EXPECT_TRUE(find_string(first.body, "nextLink"));
  EXPECT_EQ(get(prefix + "x/providers/Open.Peering/validation").status, 404);
}

TEST_F(Validation, ARegisteredPrefixIsJudgedByAllSessionsOfItsPeering) {
  make_partner();
  const std::string registered = primary + "/registeredPrefixes/r";
  ASSERT_EQ(put(registered, prefix_body("203.0.113.0/24")).status, 201);
  clock += validation_patience + std::chrono::seconds(1);
  EXPECT_EQ(get(registered).property("errorMessage"), "Prefix not received from IP 192.0.2.1, 192.0.2.2");
  announce("203.0.113.0/24", {13335, 64512, 3333}, "192.0.2.1");
  announce("203.0.113.0/24", {13335, 3333}, "192.0.2.2");
  EXPECT_EQ(get(registered).property("errorMessage"), "AS path isn't correct");
  const Reply full = get(registered + "/providers/Open.Peering/validation");
  EXPECT_EQ(find_string(full.body, "state"), "Failed") << full.text;
  routes.erase(routes.begin());
  announce("203.0.113.0/24", {13335, 3333}, "192.0.2.1");
  EXPECT_EQ(get(registered).property("prefixValidationState"), "Verified");
}

}  // namespace
}  // namespace peering::api
