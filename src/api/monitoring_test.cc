// What is watched, the opt-in to alerts, channels, routes.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using testing::HasSubstr;
using Monitoring = ApiFixture;
using Channels = ApiFixture;
using CurrentRoutes = ApiFixture;
using Documents = ApiFixture;

constexpr std::string_view suffix = "/providers/Open.Peering/monitoring/default";
constexpr std::string_view announced = "203.0.113.0/24";

TEST_F(Monitoring, NothingIsLearnedSilentlyButTheSeenOriginIsSuggested) {
  const std::string path = make_prefix(announced) + std::string(suffix);
  Reply reply = get(path);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body.at("properties"), (json::value{{"prefix", announced}, {"asn", "any"}}));
  routes = {route(announced, {64496, 64500}), route("203.0.113.0/25", {64496, 64666})};
  reply = get(path);
  EXPECT_EQ(reply.property("asn"), "any");
  EXPECT_EQ(reply.body.at("properties").at("suggestedAsn"), (json::value{64500}));
  routes.push_back(route(announced, {64496, 64501}));
  EXPECT_EQ(find(get(path).body, "properties", "suggestedAsn"), nullptr);
}

TEST_F(Monitoring, AnExpectationIsAnArmResource) {
  const std::string prefix = make_prefix(announced), path = prefix + std::string(suffix);
  const Reply made =
      put(path,
          R"({"properties":{"asn":[64500,{"from":64510,"to":64519}],"upstreams":[64496],"description":"x",
         "suggestedAsn":[1]}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body,
            *parse_json(fmt::format(
                R"({{"properties":{{"prefix":"203.0.113.0/24","asn":[64500,{{"from":64510,"to":64519}}],
         "upstreams":[64496],"description":"x"}},
      "name":"default","id":"{}{}","type":"Open.Peering/monitoring"}})",
                prefix, suffix)));
  EXPECT_EQ(get(path).body, made.body);
  EXPECT_EQ(put(path, made.text).status, 200);
  ASSERT_TRUE(waited_for);
  const Reply patched = patch(path, R"({"properties":{"upstreams":null,"ignoreMorespecifics":true}})");
  EXPECT_EQ(patched.status, 200);
  EXPECT_EQ(find(patched.body, "properties", "upstreams"), nullptr);
  EXPECT_EQ(*find(patched.body, "properties", "ignoreMorespecifics"), true);
  EXPECT_EQ(patched.body.at("properties").at("asn").at(0), 64500);
  EXPECT_EQ(put(path, R"({"properties":{"asn":"any"}})").property("asn"), "any");
}

TEST_F(Monitoring, AreOfThePrefixThatIsThereWhenTheyAreStored) {
  const std::string prefix = make_prefix(announced), path = prefix + std::string(suffix);
  const auto made_anew = [&] {
    EXPECT_EQ(remove(prefix).status, 200);
    EXPECT_EQ(put(prefix, R"({"properties":{"prefix":"198.51.100.0/24"}})").status, 201);
  };
  resources.meanwhile = made_anew;
  const Reply named = put(path, R"({"properties":{"prefix":"203.0.113.0/24","asn":[64500]}})");
  EXPECT_EQ(named.status, 400);
  EXPECT_THAT(named.message(), HasSubstr("198.51.100.0/24"));
  EXPECT_EQ(get(path).property("asn"), "any");
  resources.meanwhile = made_anew;
  const Reply unnamed = put(path, R"({"properties":{"asn":[64500]}})");
  EXPECT_EQ(unnamed.status, 201);
  EXPECT_EQ(unnamed.property("prefix"), "198.51.100.0/24");
  resources.meanwhile = [&] { EXPECT_EQ(remove(prefix).status, 200); };
  EXPECT_EQ(put(path, R"({"properties":{"asn":[64501]}})").code(), "ParentResourceNotFound");
}

TEST_F(Monitoring, UnknownKeysAndWrongValuesAreErrors) {
  const std::string path = make_prefix(announced) + std::string(suffix);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"properties":{"asnn":[1]}})", "asnn"},
      {R"({"propertys":{}})", "propertys"},
      {R"({"properties":{"asn":["x"]}})", "asn"},
      {R"({"properties":{"asn":-1}})", "asn"},
      {R"({"properties":{"excludeKinds":["weather"]}})", "excludeKinds"},
      {R"({"properties":{"prefix":"198.51.100.0/24"}})", "203.0.113.0/24"},
      {R"({"properties":[]})", "properties"},
      {R"-({"properties":{"path":[{"match":"("}]}})-", "RE2"},
      {R"({"properties":{"path":[{"minLength":5,"maxLength":4}]}})", "minLength must not be above maxLength"},
      {R"({"properties":{"path":[{"colour":"red","minLength":5}]}})", "path.colour"},
      {R"({"properties":{"asn":[64500],"upstreams":[64500]}})", "64500"},
  };
  for (const auto& [body, named] : cases) {
    for (const Reply& reply : {put(path, body), patch(path, body)}) {
      EXPECT_EQ(reply.status, 400) << body;
      EXPECT_THAT(reply.message(), HasSubstr(named)) << body;
    }
  }
  EXPECT_EQ(get(path).property("asn"), "any");
  EXPECT_EQ(put(service_path("svc1") + "/prefixes/none" + std::string(suffix), "{}").code(),
            "ParentResourceNotFound");
}

TEST_F(Monitoring, RulesForPathsAreKeptAsGiven) {
  const std::string path = make_prefix(announced) + std::string(suffix);
  const std::string rules = R"([{"match":"174,64500$","maxLength":6,"description":"not by transit"}])";
  EXPECT_EQ(put(path, R"({"properties":{"path":)" + rules + "}}").status, 201);
  EXPECT_EQ(get(path).body.at("properties").at("path"), *parse_json(rules));
}

TEST_F(Monitoring, AlertsAreOptIn) {
  const std::string path = make_service() + std::string(suffix);
  EXPECT_EQ(get(path).body.at("properties"),
            *parse_json(R"({"alerts":{"enabled":false,"channels":[],"minimumLevel":"Warning"}})"));
  const std::string body =
      R"({"properties":{"alerts":{"enabled":true,"channels":["Ops"],"minimumLevel":"error",
         "kinds":["origin-hijack"]}}})";
  const Reply unknown = put(path, body);
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.message(), HasSubstr("properties.alerts.channels 'Ops'"));
  put(std::string(sub_a) + "/providers/Open.Peering/alertChannels/ops",
      R"({"properties":{"type":"webhook","url":"http://127.0.0.1:9/"}})");
  const Reply made = put(path, body);
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body.at("properties"),
            *parse_json(
                R"({"alerts":{"enabled":true,"channels":["Ops"],"minimumLevel":"Error",
         "kinds":["origin-hijack"]}})"));
  EXPECT_EQ(*find(patch(path, R"({"properties":{"alerts":{"enabled":false}}})").body, "properties", "alerts",
                  "enabled"),
            false);
  EXPECT_EQ(*find(get(path).body, "properties", "alerts", "minimumLevel"), "Error");
  for (const std::string bad :
       {R"({"properties":{"alerts":{"enabled":1}}})", R"({"properties":{"alerts":[]}})",
        R"({"properties":{"asn":[1]}})", R"({"properties":{"alerts":{"minimumLevel":"Loud"}}})"}) {
    EXPECT_EQ(put(path, bad).status, 400) << bad;
  }
}

TEST_F(Monitoring, AConnectionMayWatchAses) {
  const std::string path = make_service() + std::string(suffix);
  const std::string asns =
      R"([{"asn":64500,"upstreams":[64496],"downstreams":[],"group":"edge"},{"asn":64501}])";
  const Reply made = put(path, R"({"properties":{"asns":)" + asns + "}}");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body.at("properties").at("asns"), *parse_json(asns));
  EXPECT_EQ(get(path).body, made.body);
  EXPECT_EQ(put(path, made.text).status, 200);
  const Reply patched = patch(path, R"({"properties":{"alerts":{"enabled":true}}})");
  EXPECT_EQ(patched.body.at("properties").at("asns"), *parse_json(asns)) << "what is not named stays";
  EXPECT_EQ(find(patch(path, R"({"properties":{"asns":null}})").body, "properties", "asns"), nullptr);
  EXPECT_EQ(*find(get(path).body, "properties", "alerts", "enabled"), true);
}

TEST_F(Monitoring, WrongListsOfAsesAreErrorsThatNameTheEntry) {
  const std::string path = make_service() + std::string(suffix);
  json::array many, neighbors;
  for (int i = 1; i <= 1001; ++i) many.push_back(json::object{{"asn", i}});
  for (int i = 1; i <= 500; ++i) neighbors.push_back(i);
  json::array large;
  for (int i = 1; i <= 50; ++i) large.push_back(json::object{{"asn", i}, {"upstreams", neighbors}});
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"asn":64500})", "asns"},
      {R"([{"asn":"x"}])", "asns[0].asn"},
      {R"([{"asn":1},{"asn":2,"upstreams":[-1]}])", "asns[1].upstreams"},
      {R"([{"asn":1,"via":[]}])", "asns[0].via"},
      {R"([{"asn":1},{"asn":1}])", "asns[1].asn '1'"},
      {R"([{"asn":1,"group":")" + std::string(257, 'x') + R"("}])", "asns[0].group"},
      {R"([{"asn":1,"description":"a\nb"}])", "asns[0].description"},
      {json::serialize(many), "1001 entries"},
      {json::serialize(large), "at most 20000"},
  };
  for (const auto& [asns, named] : cases) {
    const std::string body = R"({"properties":{"asns":)" + asns + "}}";
    for (const Reply& reply : {put(path, body), patch(path, body)}) {
      EXPECT_EQ(reply.status, 400) << named;
      EXPECT_THAT(reply.message(), HasSubstr(named));
    }
  }
  const std::string prefix = make_prefix(announced) + std::string(suffix);
  EXPECT_EQ(put(prefix, R"({"properties":{"asns":[{"asn":1}]}})").status, 400) << "of a connection only";
}

TEST_F(Channels, SecretsGoInAndNeverComeOut) {
  put(std::string(sub_a), "");
  const std::string list = std::string(sub_a) + "/providers/Open.Peering/alertChannels", path = list + "/Ops";
  const Reply made = put(
      path, R"({"properties":{"type":"webhook","url":"https://hooks.example.net/x","secret":"hush-hush"}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(*find(made.body, "properties", "secretSet"), true);
  for (const Reply& reply : {made, get(path), get(list)})
    EXPECT_THAT(reply.text, testing::Not(HasSubstr("hush")));
  const auto stored_secret = [&] {
    const auto stored = resources.get(model::lower(path));
    return find_string(parse_json((*stored)->document)->at("properties"), "secret");
  };
  EXPECT_EQ(stored_secret(), "hush-hush");
  // Left out it stays, null removes it.
  EXPECT_EQ(put(path, R"({"properties":{"type":"webhook","url":"https://hooks.example.net/y"}})").status,
            200);
  EXPECT_EQ(stored_secret(), "hush-hush");
  EXPECT_EQ(
      *find(
          put(path, R"({"properties":{"type":"webhook","url":"https://hooks.example.net/y","secret":null}})")
              .body,
          "properties", "secretSet"),
      false);
  EXPECT_EQ(stored_secret(), std::nullopt);
  const Reply wrong =
      put(path, R"({"properties":{"type":"webhook","url":"https://h.example/","secret":"hush\u0001"}})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.text, testing::Not(HasSubstr("hush")));
}

TEST_F(Channels, AreCheckedListedAndDeleted) {
  put(std::string(sub_a), "");
  const std::string list = std::string(sub_a) + "/providers/Open.Peering/alertChannels", path = list + "/ops";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"properties":{"type":"pigeon","url":"http://h/"}})", "properties.type 'pigeon'"},
      {R"({"properties":{"url":"http://h/"}})", "properties.type"},
      {R"({"properties":{"type":"webhook"}})", "properties.url"},
      {R"({"properties":{"type":"webhook","url":"ftp://h/"}})", "properties.url 'ftp://h/'"},
      {R"({"properties":{"type":"webhook","url":"http://"}})", "properties.url"},
      {R"({"properties":{"type":"webhook","url":"http://user:pw@h/"}})", "properties.url"},
      {R"({"properties":{"type":"webhook","url":"http://h/","colour":"red"}})", "colour"},
  };
  for (const auto& [body, named] : cases) {
    const Reply reply = put(path, body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.message(), HasSubstr(named)) << body;
  }
  put(path, R"({"properties":{"type":"webhook","url":"http://127.0.0.1:9/"}})");
  EXPECT_EQ(get(list).items(), 1U);
  EXPECT_EQ(remove(path).status, 200);
  EXPECT_EQ(remove(path).status, 204);
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(Channels, ATestQueuesOneDelivery) {
  put(std::string(sub_a), "");
  const std::string path = std::string(sub_a) + "/providers/Open.Peering/alertChannels/Ops";
  EXPECT_EQ(post(path + "/test", "").code(), "ParentResourceNotFound");
  put(path, R"({"properties":{"type":"webhook","url":"http://127.0.0.1:9/"}})");
  const Reply reply = post(path + "/test", "");
  EXPECT_EQ(reply.status, 202);
  const auto due = telemetry.due(clock, 10);
  ASSERT_EQ(due->size(), 1U);
  EXPECT_EQ(due->front().channel, model::lower(path));
  EXPECT_EQ(due->front().id, find_string(reply.body, "id"));
  EXPECT_EQ(deliveries, 1);
  const auto payload = parse_json(due->front().payload);
  ASSERT_TRUE(payload);
  EXPECT_THAT(*find_string(*payload, "summary"), HasSubstr("Test of the alert channel Ops"));
}

TEST_F(CurrentRoutes, AreShownWithRelationAndRole) {
  const std::string prefix = make_prefix(announced);
  put(prefix + std::string(suffix), R"({"properties":{"asn":[64500],"backup_upstreams":[64499]}})");
  routes = {route(announced, {64496, 64500}), route(announced, {64499, 64500}),
            route("203.0.112.0/23", {64496}), route("203.0.113.128/25", {64496, 64500})};
  const Reply reply = get(prefix + "/providers/Open.Peering/routes");
  ASSERT_EQ(reply.status, 200);
  const json::array& shown = reply.body.at("routes").as_array();
  ASSERT_EQ(shown.size(), 4U);
  EXPECT_EQ(
      shown[0],
      *parse_json(
          R"({"prefix":"203.0.113.0/24","relation":"exact","peer":{"router":"edge1","address":"192.0.2.1",
    "asn":64496,"ribKind":"adjRibInPrePolicy"},"asPath":"64496 64500","nextHop":"192.0.2.1",
         "communities":[],"rpki":"unknown",
    "receivedAt":"2026-11-23T10:00:00Z","role":"active","observed":true})"));
  EXPECT_EQ(*find_string(shown[1], "role"), "backup");
  EXPECT_EQ(*find_string(shown[2], "relation"), "covering");
  EXPECT_EQ(*find_string(shown[2], "role"), "other");
  EXPECT_EQ(*find_string(shown[3], "relation"), "moreSpecific");
  EXPECT_EQ(get(service_path("svc1") + "/providers/Open.Peering/routes").body, reply.body);
}

TEST_F(CurrentRoutes, TheCoveringRouteBacksUpALongPrefix) {
  const std::string prefix = make_prefix("203.0.113.128/25");
  routes = {route("203.0.113.128/25", {64496, 64500}), route(announced, {64496, 64500})};
  const Reply reply = get(prefix + "/providers/Open.Peering/routes");
  EXPECT_EQ(*find_string(reply.body.at("routes").at(0), "role"), "active");
  EXPECT_EQ(*find_string(reply.body.at("routes").at(1), "role"), "backup");
}

TEST_F(Documents, MakeTheRegistrysValues) {
  const std::string prefix = make_prefix(announced);
  put(std::string(sub_a) + "/providers/Open.Peering/alertChannels/ops",
      R"({"properties":{"type":"webhook","url":"http://127.0.0.1:9/"}})");
  put(prefix + std::string(suffix), R"({"properties":{"asn":[64500]}})");
  put(service_path("svc1") + std::string(suffix),
      R"({"properties":{"alerts":{"enabled":true,"channels":["ops"]}}})");
  const auto document = [&](const std::string& key) {
    return *parse_json((*resources.get(model::lower(key)))->document);
  };
  const json::value service = document(service_path("svc1")),
                    opt_in = document(service_path("svc1") + std::string(suffix));
  const json::value registered = document(prefix), expected = document(prefix + std::string(suffix));
  const auto connection = connection_from_documents(service, &opt_in);
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->resource, service_path("svc1"));
  EXPECT_EQ("/subscriptions/" + connection->subscription, sub_a);
  EXPECT_EQ(connection->provider, "Kordia Limited");
  EXPECT_EQ(connection->location, "Victoria");
  EXPECT_TRUE(connection->alerts.enabled);
  EXPECT_FALSE(connection_from_documents(service, nullptr)->alerts.enabled);
  const auto watched = registered_prefix_from_documents(registered, &expected);
  ASSERT_TRUE(watched);
  EXPECT_EQ(watched->connection, service_path("svc1"));
  EXPECT_TRUE(watched->expectation.allows_origin(64500));
  EXPECT_FALSE(watched->expectation.allows_origin(64501));
  EXPECT_EQ(watched->expectation.prefix.to_string(), announced);
  EXPECT_TRUE(registered_prefix_from_documents(registered, nullptr)->expectation.allows_origin(64501));
  EXPECT_EQ(registered_prefix_from_documents(json::value(json::object()), nullptr).error().code,
            ErrorCode::corrupt);
}

}  // namespace
}  // namespace peering::api
