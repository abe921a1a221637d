// Deployments of templates: what is made, what is refused, and that nobody gets further by them than by
// herself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using testing::HasSubstr;

class Deployments : public ApiFixture {
 protected:
  const std::string group = std::string(sub_a) + "/resourceGroups/rg1";
  const std::string path = group + "/providers/Microsoft.Resources/deployments/first";
  const std::string office = service_path("office");

  static json::object with(json::value resources) {
    return json::object{
        {"$schema", "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"},
        {"contentVersion", "1.0.0.0"},
        {"resources", std::move(resources)}};
  }
  static std::string order(json::object text, std::string_view mode = "Incremental",
                           const json::object& parameters = {}) {
    return json::serialize(json::object{
        {"properties",
         json::object{{"mode", mode}, {"template", std::move(text)}, {"parameters", parameters}}}});
  }
  static json::object resource(std::string_view type, std::string_view name, json::object properties = {}) {
    json::object out{{"type", type},
                     {"apiVersion", type.starts_with("Open") ? "2026-11-01" : "2022-10-01"},
                     {"name", name},
                     {"properties", std::move(properties)}};
    if (type == "Microsoft.Peering/peeringServices") out["location"] = "[resourceGroup().location]";
    return out;
  }
  static json::object service(std::string_view name) {
    return resource("Microsoft.Peering/peeringServices", name);
  }
  static json::object prefix(std::string_view name, std::string_view value) {
    return resource("Microsoft.Peering/peeringServices/prefixes", name, json::object{{"prefix", value}});
  }
  std::string details(const Reply& reply) { return json::serialize(reply.body.at("error").at("details")); }
};

TEST_F(Deployments, TakeTemplatesWithCommentsAsAzSendsThem) {
  make_group();
  std::string body = order(with(json::array{service("office")}));
  const std::string_view member = R"("template":{)";
  body.replace(body.find(member), member.size(), "template:{ // one\n /* two */ ");
  ASSERT_FALSE(parse_json(body));
  EXPECT_EQ(post(path + "/validate", body).status, 200);
  EXPECT_EQ(put(path, body).status, 201);
  EXPECT_EQ(get(office).status, 200);
  EXPECT_EQ(put(path, body + "}").code(), "InvalidRequestContent");
  EXPECT_EQ(put(office, "{location:'eastus'}").code(), "InvalidRequestContent") << "only templates";
}

TEST_F(Deployments, MakesEverythingInOrderAndTellsWhat) {
  make_group();
  json::object settings =
      resource("Open.Peering/monitoring", "default", json::object{{"asn", json::array{3333}}});
  settings["scope"] = "[resourceId('Microsoft.Peering/peeringServices/prefixes', 'office', 'lan')]";
  json::object text =
      with(json::array{std::move(settings), prefix("office/lan", "[parameters('lan')]"), service("office"),
                       resource("Microsoft.Peering/peerAsns", "partner", json::object{{"peerAsn", 3334}})});
  text["parameters"] = json::object{{"lan", json::object{{"type", "string"}}}};
  text["outputs"] = json::object{
      {"state", json::object{{"type", "string"}, {"value", "[reference('office').provisioningState]"}}}};
  const std::string body =
      order(text, "Incremental", json::object{{"lan", json::object{{"value", "203.0.113.0/24"}}}});
  const Reply made = put(path, body);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.property("provisioningState"), "Succeeded");
  EXPECT_EQ(made.body.at("properties").at("outputs").at("state").at("value"), "Succeeded");
  EXPECT_EQ(made.body.at("properties").at("outputResources").as_array().size(), 4U);
  EXPECT_EQ(get(office + "/prefixes/lan").property("prefix"), "203.0.113.0/24");
  EXPECT_EQ(
      get(office + "/prefixes/lan/providers/Open.Peering/monitoring/default").body.at("properties").at("asn"),
      json::array{3333});
  EXPECT_EQ(get(std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/partner").status, 200);
  EXPECT_EQ(put(path, body).status, 200) << "the same again";
  EXPECT_EQ(get(path).property("provisioningState"), "Succeeded");
  EXPECT_EQ(get(path + "/operations").items(), 4U);
  EXPECT_EQ(get(group + "/deployments/first/operations").items(), 4U) << "as Azure's clients write it";
  EXPECT_EQ(post(path + "/exportTemplate", "").body.at("template").at("contentVersion"), "1.0.0.0");
  EXPECT_EQ(get(group + "/providers/Microsoft.Resources/deployments").items(), 1U);
  EXPECT_EQ(send(request(http::Method::head, versioned(path))).status, 204);
  EXPECT_EQ(remove(path).status, 204);
  EXPECT_EQ(get(path).code(), "DeploymentNotFound");
  EXPECT_EQ(send(request(http::Method::head, versioned(path))).status, 404);
  EXPECT_EQ(get(office).status, 200) << "the deployment goes, what it made stays";
}

TEST_F(Deployments, SecretsAreNotKept) {
  make_group();
  json::object channel =
      resource("Open.Peering/alertChannels", "noc",
               json::object{{"type", "webhook"}, {"url", "https://a.example"}, {"secret", "hush"}});
  json::object text = with(json::array{std::move(channel)});
  text["parameters"] =
      json::object{{"key", json::object{{"type", "securestring"}, {"defaultValue", "quiet"}}}};
  const Reply made = put(path, order(std::move(text)));
  ASSERT_EQ(made.status, 201) << made.text;
  const Reply exported = post(path + "/exportTemplate", "");
  EXPECT_EQ(exported.status, 200);
  for (const std::string_view secret : {"hush", "quiet"}) {
    EXPECT_EQ((made.text + exported.text + get(path).text).find(secret), std::string::npos) << secret;
    for (const std::string_view type : {deployment_type, deployment_details_type}) {
      const auto stored = resources.list({std::string(type), "", "", 10});
      for (const store::Resource& each : *stored) EXPECT_EQ(each.document.find(secret), std::string::npos);
    }
  }
  const std::string reader = token("Reader", sub_a);
  EXPECT_EQ(send_as(reader, http::Method::post, versioned(path + "/exportTemplate")).code(),
            "AuthorizationFailed");
}

TEST_F(Deployments, WhatWouldBeRefusedIsRefusedBeforeAnythingIsMade) {
  make_group();
  const Reply refused =
      put(path, order(with(json::array{service("office"), prefix("office/a", "203.0.113.0/24"),
                                       prefix("office/b", "203.0.113.7/24")})));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.code(), "InvalidTemplateDeployment");
  EXPECT_THAT(details(refused), HasSubstr("203.0.113.7/24"));
  EXPECT_THAT(details(refused), HasSubstr("prefixes/b"));
  EXPECT_EQ(get(office).status, 404);
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(Deployments, WhatOnlyTheRealCommitCanTellIsToldAndKept) {
  make_prefix("203.0.113.0/24");
  const Reply failed =
      put(path, order(with(json::array{service("office"), prefix("office/a", "203.0.113.0/24"),
                                       prefix("office/b", "198.51.100.0/24")})));
  EXPECT_EQ(failed.status, 409) << failed.text;
  EXPECT_EQ(failed.code(), "DeploymentFailed");
  EXPECT_THAT(details(failed), HasSubstr("already registered"));
  EXPECT_EQ(get(path).property("provisioningState"), "Failed");
  EXPECT_EQ(get(office + "/prefixes/b").status, 200) << "what does not need it is made";
}

TEST_F(Deployments, CompleteDeletesWhatTheTemplateDoesNotHave) {
  make_service("old");
  make_service("office");
  ASSERT_EQ(put(office + "/prefixes/kept", prefix_body("203.0.113.0/24")).status, 201);
  const Reply done = put(path, order(with(json::array{service("office")}), "Complete"));
  ASSERT_EQ(done.status, 201) << done.text;
  EXPECT_EQ(get(service_path("old")).status, 404);
  EXPECT_EQ(get(office + "/prefixes/kept").status, 200) << "not what lies in resources that stay";
}

TEST_F(Deployments, WhatIfTellsAndChangesNothing) {
  make_service("old");
  ASSERT_EQ(put(office, service_body).status, 201);
  json::object changed = service("office");
  changed["tags"] = json::object{{"team", "network"}};
  const Reply told =
      post(path + "/whatIf",
           order(with(json::array{std::move(changed), prefix("office/a", "203.0.113.0/24")}), "Complete"));
  ASSERT_EQ(told.status, 200) << told.text;
  std::map<std::string, std::string> changes;
  for (const json::value& each : told.body.at("properties").at("changes").as_array()) {
    const std::string id = *find_string(each, "resourceId");
    changes[id.substr(id.rfind('/') + 1)] = *find_string(each, "changeType");
  }
  EXPECT_EQ(changes,
            (std::map<std::string, std::string>{{"office", "Modify"}, {"a", "Create"}, {"old", "Delete"}}));
  EXPECT_THAT(told.text, HasSubstr(R"("path":"tags")"));
  EXPECT_EQ(get(office).body.as_object().contains("tags"), false);
  EXPECT_EQ(get(office + "/prefixes/a").status, 404);
  EXPECT_EQ(get(service_path("old")).status, 200);
  const Reply same = post(
      path + "/whatIf",
      order(with(json::array{json::object{{"type", "Microsoft.Peering/peeringServices"},
                                          {"apiVersion", "2022-10-01"},
                                          {"name", "office"},
                                          {"location", "eastus"},
                                          {"properties", parse_json(service_body)->at("properties")}}})));
  EXPECT_THAT(same.text, HasSubstr("NoChange"));
  EXPECT_THAT(same.text, HasSubstr("Ignore"));
}

TEST_F(Deployments, AGroupIsExportedAsATemplateThatMakesItAgain) {
  ASSERT_EQ(put(make_service("office") + "/prefixes/lan", prefix_body("203.0.113.0/24")).status, 201);
  ASSERT_EQ(put(office + "/prefixes/lan/providers/Open.Peering/monitoring/default",
                R"({"properties":{"asn":[3333],"description":"[odd]"}})")
                .status,
            201);
  ASSERT_EQ(
      put(office + "/connectionMonitorTests/ping", R"({"properties":{"destination":"203.0.113.9"}})").status,
      201);
  make_service("other");
  const Reply whole = post(group + "/exportTemplate", R"({"resources":["*"]})");
  ASSERT_EQ(whole.status, 200) << whole.text;
  const json::object text = whole.body.at("template").as_object();
  EXPECT_EQ(text.at("resources").as_array().size(), 5U);
  EXPECT_EQ(whole.text.find("provisioningState"), std::string::npos);
  const Reply one = post(group + "/exportTemplate",
                         json::serialize(json::object{{"resources", json::array{service_path("OTHER")}}}));
  EXPECT_EQ(one.body.at("template").at("resources").as_array().size(), 1U);
  // Nothing differs from what is there, and all of it comes again.
  const Reply same = post(path + "/whatIf", order(text, "Complete"));
  for (const json::value& each : same.body.at("properties").at("changes").as_array()) {
    EXPECT_EQ(each.at("changeType"), "NoChange") << json::serialize(each);
  }
  ASSERT_EQ(remove(office).status, 200);
  ASSERT_EQ(put(path, order(text)).status, 201);
  EXPECT_EQ(json::serialize(post(group + "/exportTemplate", "").body.at("template")), json::serialize(text));
}

TEST_F(Deployments, KeysOfSessionsBecomeParametersOfAnExportedTemplate) {
  make_group();
  const std::string asn = std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/partner";
  ASSERT_EQ(put(asn, R"({"properties":{"peerAsn":3333}})").status, 201);
  const std::string body = fmt::format(R"({{"location":"eastus","kind":"Direct",
    "sku":{{"name":"Premium_Direct_Free"}},"properties":{{"peeringLocation":"Auckland","direct":{{"peerAsn":
    {{"id":"{}"}},"connections":[{{"bandwidthInMbps":10000,"bgpSession":
    {{"peerSessionIPv4Address":"198.51.100.2","md5AuthenticationKey":"hush"}}}}]}}}}}})",
                                       asn);
  const Reply made = put(group + "/providers/Microsoft.Peering/peerings/akl1", body);
  ASSERT_EQ(made.status, 201) << made.text;
  const Reply exported = post(group + "/exportTemplate", "");
  EXPECT_EQ(exported.text.find("hush"), std::string::npos);
  const json::object text = exported.body.at("template").as_object();
  EXPECT_THAT(put(path, order(text)).message(), HasSubstr("'md5AuthenticationKey_akl1_1' is not provided"));
  const json::object given{{"md5AuthenticationKey_akl1_1", json::object{{"value", "hush"}}}};
  const Reply same = post(path + "/whatIf", order(text, "Incremental", given));
  EXPECT_THAT(same.text, HasSubstr("NoChange")) << same.text;
}

TEST_F(Deployments, ValidateAnswersWithoutMaking) {
  make_group();
  const Reply fine = post(path + "/validate", order(with(json::array{service("office")})));
  EXPECT_EQ(fine.status, 200) << fine.text;
  EXPECT_EQ(fine.body.at("properties").at("validatedResources").as_array().size(), 1U);
  const Reply wrong = post(path + "/validate", order(with(json::array{service("[nothing()]")})));
  EXPECT_EQ(wrong.code(), "InvalidTemplate");
  EXPECT_THAT(wrong.message(), HasSubstr("resources[0].name"));
  EXPECT_EQ(get(office).status, 404);
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(Deployments, NobodyMayDoByADeploymentWhatSheMayNotDoHerself) {
  make_group();
  const std::string reader = token("Reader", sub_a), partner = token("Partner", sub_a);
  const std::string contributor = token("Contributor", sub_a);
  const std::string body = order(with(json::array{service("office")}));
  EXPECT_EQ(send_as(reader, http::Method::put, versioned(path), body).code(), "AuthorizationFailed");
  const Reply refused = send_as(partner, http::Method::put, versioned(path), body);
  EXPECT_EQ(refused.status, 403) << refused.text;
  EXPECT_THAT(details(refused), HasSubstr("AuthorizationFailed"));
  EXPECT_EQ(get(office).status, 404);
  // Alert channels are an owner's.
  const std::string channel =
      order(with(json::array{resource("Open.Peering/alertChannels", "noc",
                                      json::object{{"type", "webhook"}, {"url", "https://a.example"}})}));
  EXPECT_EQ(send_as(contributor, http::Method::put, versioned(path), channel).status, 403);
  EXPECT_EQ(put(path, channel).status, 201);
  // Nor does `reference` show what she may not see.
  make_group(sub_b);
  ASSERT_EQ(put(service_path("theirs", sub_b), service_body).status, 201);
  json::object peeks = with(json::array());
  peeks["outputs"] = json::object{
      {"x", json::object{{"type", "object"},
                         {"value", fmt::format("[reference('{}')]", service_path("theirs", sub_b))}}}};
  const Reply told = send_as(contributor, http::Method::put, versioned(path), order(std::move(peeks)));
  EXPECT_EQ(told.status, 400) << told.text;
  EXPECT_THAT(told.message(), HasSubstr("is not there"));
}

TEST_F(Deployments, EveryResourceCountsAsAWrite) {
  Services limited = services();
  limited.settings.quotas.writes = 6;
  api = std::make_unique<Api>(limited);
  make_group();
  const Reply refused = put(path, order(with(json::array{service("a"), service("b"), service("c"),
                                                         service("d"), service("e"), service("f")})));
  EXPECT_EQ(refused.status, 429) << refused.text;
  EXPECT_EQ(refused.code(), "DeploymentFailed");
  EXPECT_NE(refused.header("Retry-After"), "");
}

TEST_F(Deployments, ASubscriptionsDeploymentMakesGroupsAndWhatIsInThem) {
  ASSERT_LT(put(std::string(sub_a), "").status, 202);
  const std::string whole = std::string(sub_a) + "/providers/Microsoft.Resources/deployments/all";
  json::object inner = with(json::array{service("office")});
  json::object nested{
      {"type", "Microsoft.Resources/deployments"},
      {"apiVersion", "2021-04-01"},
      {"name", "inner"},
      {"resourceGroup", "made"},
      {"dependsOn", json::array{"made"}},
      {"properties", json::object{{"mode", "Incremental"},
                                  {"expressionEvaluationOptions", json::object{{"scope", "inner"}}},
                                  {"template", std::move(inner)}}}};
  const json::object made{{"type", "Microsoft.Resources/resourceGroups"},
                          {"apiVersion", "2021-04-01"},
                          {"name", "made"},
                          {"location", "eastus"}};
  const Reply done = put(whole, order(with(json::array{std::move(nested), made})));
  ASSERT_EQ(done.status, 201) << done.text;
  EXPECT_EQ(get(service_path("office", sub_a, "made")).status, 200);
  EXPECT_EQ(
      get(std::string(sub_a) + "/resourceGroups/made/providers/Microsoft.Resources/deployments/inner").status,
      200);
  EXPECT_EQ(put(whole, order(with(json::array()), "Complete")).code(), "BadArgument");
}

TEST_F(Deployments, TheOldestOf801Goes) {
  make_group();
  const std::string body = order(with(json::array()));
  for (int i = 0; i <= 800; ++i) {
    clock += std::chrono::seconds(1);
    ASSERT_EQ(put(fmt::format("{}/providers/Microsoft.Resources/deployments/d{}", group, i), body).status,
              201);
  }
  EXPECT_EQ(get(group + "/providers/Microsoft.Resources/deployments/d0").status, 404);
  EXPECT_EQ(get(group + "/providers/Microsoft.Resources/deployments/d1").status, 200);
  EXPECT_EQ(get(group + "/providers/Microsoft.Resources/deployments/d800").status, 200);
}

TEST_F(Deployments, BodiesThatMakeNoSense) {
  make_group();
  EXPECT_EQ(put(path, "{}").code(), "InvalidRequestContent");
  EXPECT_EQ(put(path, R"({"properties":{"templateLink":{"uri":"https://x"}}})").code(), "BadArgument");
  EXPECT_EQ(put(path, order(with(json::array()), "Halfway")).code(), "InvalidRequestContent");
  EXPECT_EQ(put(path, order(with(json::array{resource("Microsoft.Peering/nonsense", "a")}))).code(),
            "InvalidTemplateDeployment");
  EXPECT_EQ(put(path, R"({"properties":{"template":{"resources":[]}}})").code(), "InvalidTemplate");
  for (const char* wrong :
       {R"({"location":7,"properties":{"template":{}}})", R"({"tags":[],"properties":{"template":{}}})",
        R"({"properties":{"template":{},"parameters":[]}})",
        R"({"properties":{"template":{},"whatIfSettings":1}})",
        R"({"properties":{"template":{},"whatIfSettings":{"resultFormat":1}}})"}) {
    EXPECT_EQ(put(path, wrong).code(), "InvalidRequestContent") << wrong;
  }
  EXPECT_EQ(put(path, R"({"properties":{"template":{},"whatIfSettings":{"resultFormat":"x"}}})").code(),
            "BadArgument");
}

}  // namespace
}  // namespace peering::api
