// Whether a site is really redundant.
#include <gmock/gmock.h>

#include "api/partner_fixture.h"

namespace peering::api {
namespace {

using testing::HasSubstr;

class Redundancy : public PartnerFixture {
 protected:
  std::string make_connection(std::string_view name, std::string_view primary, std::string_view tags,
                              std::string_view backup = "") {
    json::object properties{{"peeringServiceLocation", "Victoria"},
                            {"peeringServiceProvider", "Kordia Limited"},
                            {"providerPrimaryPeeringLocation", primary}};
    if (!backup.empty()) properties["providerBackupPeeringLocation"] = backup;
    const json::object body{
        {"location", "eastus"}, {"tags", *parse_json(tags)}, {"properties", std::move(properties)}};
    const Reply made = put(service_path(name), json::serialize(body));
    EXPECT_EQ(made.status, 201) << made.text;
    return service_path(name);
  }
  json::value redundancy(const std::string& service) {
    const Reply reply = get(service + "/providers/Open.Peering/redundancy");
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.body;
  }
  static std::string result(const json::value& shown, std::string_view name) {
    for (const json::value& each : shown.at("requirements").as_array()) {
      if (find_string(each, "name") == name) return *find_string(each, "result");
    }
    return "";
  }
};

TEST_F(Redundancy, ASiteWithTwoMetrosRoutersAndABackupRouteIsRedundant) {
  make_peering("akl", "Auckland", {"192.0.2.1"});
  make_peering("syd", "Sydney", {"192.0.2.3"});
  const std::string service = make_connection("a", "Auckland", R"({"Site":"harbour"})", "Sydney");
  ASSERT_EQ(put(service + "/prefixes/p", prefix_body("203.0.113.0/24")).status, 201);
  json::value shown = redundancy(service);
  EXPECT_EQ(shown.at("redundant"), json::value(false));
  EXPECT_EQ(find_string(shown, "site"), "harbour");
  EXPECT_EQ(result(shown, "twoMetros"), "pass");
  EXPECT_EQ(result(shown, "twoPartnersOrRouters"), "fail");
  EXPECT_EQ(result(shown, "backupAnnounced"), "fail");
  announce("203.0.113.0/24", {13335, 3333}, "192.0.2.1");
  EXPECT_EQ(result(redundancy(service), "disjointPaths"), "fail");
  announce("203.0.113.0/24", {13335, 3333}, "192.0.2.3");
  shown = redundancy(service);
  EXPECT_EQ(shown.at("redundant"), json::value(true)) << shown;
  EXPECT_FALSE(shown.as_object().contains("lastFailover"));
  announce("203.0.113.0/24", {13335, 3334, 3333}, "192.0.2.1");
  EXPECT_EQ(result(redundancy(service), "disjointPaths"), "pass");
}

TEST_F(Redundancy, ThatRestsOnASilentFeedIsUnknown) {
  make_peering("akl", "Auckland", {"192.0.2.1"});
  make_peering("syd", "Sydney", {"192.0.2.3"});
  const std::string service = make_connection("a", "Auckland", "{}", "Sydney");
  ASSERT_EQ(put(service + "/prefixes/p", prefix_body("203.0.113.0/24")).status, 201);
  announce("203.0.113.0/24", {13335, 3333}, "192.0.2.1");
  announce("203.0.113.0/24", {13335, 3333}, "192.0.2.3");
  EXPECT_EQ(redundancy(service).at("redundant"), json::value(true));
  EXPECT_EQ(redundancy(service).at("observed"), json::value(true));
  unheard.heard = 1;
  unheard.feeds[routes[1].peer->key.router] = {*parse_rfc3339("2026-11-23T10:00:00Z"), "it says nothing"};
  const json::value shown = redundancy(service);
  EXPECT_EQ(shown.at("redundant"), json::value(false));
  EXPECT_EQ(shown.at("observed"), json::value(false));
  EXPECT_EQ(shown.at("notObserved").as_array().size(), 1U);
  EXPECT_EQ(result(shown, "twoMetros"), "pass") << "no route says that";
  EXPECT_EQ(result(shown, "twoPartnersOrRouters"), "unknown");
  EXPECT_EQ(result(shown, "backupAnnounced"), "unknown");
}

TEST_F(Redundancy, PathsOverOneNetworkAreNotDisjoint) {
  const std::string service = make_connection("a", "Auckland", "{}", "Sydney");
  ASSERT_EQ(put(service + "/prefixes/p", prefix_body("203.0.113.0/24")).status, 201);
  announce("203.0.113.0/24", {64500, 3334, 3333}, "192.0.2.1");
  announce("203.0.113.0/24", {64501, 3334, 3333}, "192.0.2.3");
  EXPECT_EQ(result(redundancy(service), "disjointPaths"), "fail");
  announce("203.0.113.0/24", {64502, 3333}, "192.0.2.4");
  EXPECT_EQ(result(redundancy(service), "disjointPaths"), "pass");
}

TEST_F(Redundancy, ConnectionsOfOneSiteCountTogether) {
  const std::string a = make_connection("a", "Auckland", R"({"site":"harbour"})");
  const std::string b = make_connection("b", "Sydney", R"({"group":"harbour"})");
  make_connection("c", "Sydney", R"({"site":"hill"})");
  const json::value shown = redundancy(a);
  EXPECT_EQ(shown.at("connections"), json::value(json::array{a, b}));
  EXPECT_EQ(result(shown, "twoMetros"), "pass");
  ASSERT_EQ(patch(b, R"({"tags":{"group":null}})").status, 200);
  EXPECT_EQ(redundancy(a).at("connections"), json::value(json::array{a}));
  EXPECT_EQ(result(redundancy(a), "twoMetros"), "fail");
  EXPECT_EQ(find_string(redundancy(b), "site"), "");
}

TEST_F(Redundancy, TheLastFailoverIsTold) {
  const std::string service = make_connection("a", "Auckland", "{}");
  ASSERT_EQ(put(service + "/prefixes/p", prefix_body("203.0.113.0/24")).status, 201);
  model::Event moved = event(service + "/prefixes/p", model::EventKind::active_path,
                             model::Level::information, "2026-11-23T11:00:00Z");
  moved.type = "PrefixActivePath";
  store_events({moved});
  const json::value shown = redundancy(service);
  EXPECT_EQ(find_string(shown.at("lastFailover"), "time"), "2026-11-23T11:00:00Z") << shown;
  EXPECT_EQ(find_string(shown.at("lastFailover"), "event"), moved.id.value);
}

TEST_F(Redundancy, ConnectionsThatTheCallerMayNotSeeAreNotNamed) {
  const std::string a = make_connection("a", "Auckland", R"({"site":"harbour"})");
  make_connection("b", "Sydney", R"({"site":"harbour"})");
  const Reply mine =
      send_as(token("Reader", a), http::Method::get, versioned(a + "/providers/Open.Peering/redundancy"));
  ASSERT_EQ(mine.status, 200) << mine.text;
  EXPECT_EQ(mine.body.at("connections"), json::value(json::array{a}));
  EXPECT_EQ(get(a + "x/providers/Open.Peering/redundancy").status, 404);
}

}  // namespace
}  // namespace peering::api
