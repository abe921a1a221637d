// Connection monitor tests: children of a peering service.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using testing::HasSubstr;

class ConnectionMonitorTests : public ApiFixture {
 protected:
  static constexpr const char* body =
      R"({"properties":{"sourceAgent":"Example Source Agent","destination":"Example Destination",
         "destinationPort":443,"testFrequencyInSec":30,"isTestSuccessful":true,"path":["x"]}})";
  static std::string with(std::string_view member) {
    return fmt::format(R"({{"properties":{{{}}}}})", member);
  }
};

TEST_F(ConnectionMonitorTests, ANewOneIsServedWholeAndKeepsItsCase) {
  const std::string service = make_service("Svc1");
  const json::value expected = *parse_json(fmt::format(
      R"({{"properties":{{"sourceAgent":"Example Source Agent","destination":"Example Destination",
      "destinationPort":443,"testFrequencyInSec":30,"isTestSuccessful":false,"path":[],
      "provisioningState":"Succeeded"}},"name":"Test1","id":"{}/connectionMonitorTests/Test1",
      "type":"Microsoft.Peering/peeringServices/connectionMonitorTests"}})",
      service));
  Reply reply = put(service_path("svc1") + "/connectionMonitorTests/Test1", body);
  EXPECT_EQ(reply.status, 201) << reply.text;
  EXPECT_EQ(reply.body, expected);
  reply = get(service_path("SVC1") + "/connectionmonitortests/TEST1");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, expected);
  reply = put(service + "/connectionMonitorTests/test1", body);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, expected);
  reply = get(service + "/connectionMonitorTests");
  EXPECT_EQ(reply.body, json::value({{"value", json::array{expected}}}));
}

TEST_F(ConnectionMonitorTests, ShowsWhereATestStands) {
  const std::string path = make_service("Svc1") + "/connectionMonitorTests/Test1";
  put(path, body);
  Services given = services();
  std::string asked;
  given.test_state = [&](std::string_view test) {
    asked = test;
    return model::TestState{true, {"192.0.2.1", "*", "192.0.2.9"}};
  };
  api = std::make_unique<Api>(std::move(given));
  for (const Reply& reply : {get(path), put(path, body)}) {
    EXPECT_EQ(reply.body.at("properties").at("isTestSuccessful"), true);
    EXPECT_EQ(reply.body.at("properties").at("path"), (json::array{"192.0.2.1", "*", "192.0.2.9"}));
    EXPECT_EQ(asked, model::lower(path));
  }
  asked.clear();
  EXPECT_EQ(get(service_path("svc1") + "/connectionMonitorTests").items(), 1U);
  EXPECT_EQ(asked, model::lower(path));
}

TEST_F(ConnectionMonitorTests, PutReplacesWhatIsLeftOut) {
  const std::string path = make_service() + "/connectionMonitorTests/t";
  put(path, body);
  const Reply reply = put(path, with(R"("destination":"192.0.2.1")"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.property("destination"), "192.0.2.1");
  EXPECT_FALSE(reply.body.at("properties").as_object().contains("sourceAgent"));
}

TEST_F(ConnectionMonitorTests, WhatIsOutOfRangeIsRefusedByField) {
  const std::string path = make_service() + "/connectionMonitorTests/t";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("destinationPort":0)", "properties.destinationPort '0'"},
      {R"("destinationPort":65536)", "properties.destinationPort '65536'"},
      {R"("testFrequencyInSec":0)", "properties.testFrequencyInSec '0'"},
      {R"("testFrequencyInSec":-1)", "properties.testFrequencyInSec '-1'"},
      {R"("testFrequencyInSec":2147483648)", "properties.testFrequencyInSec '2147483648'"},
  };
  for (const auto& [member, said] : cases) {
    const Reply reply = put(path, with(member));
    EXPECT_EQ(reply.status, 400) << member;
    EXPECT_EQ(reply.code(), "BadArgument") << member;
    EXPECT_THAT(reply.message(), HasSubstr(said));
  }
  for (const std::string& wrong :
       {std::string("["), std::string("[]"), std::string(R"({"properties":7})"),
        with(R"("destinationPort":"443")"), with(R"("destinationPort":1.5)"), with(R"("sourceAgent":1)")}) {
    EXPECT_EQ(put(path, wrong).code(), "InvalidRequestContent") << wrong;
  }
  EXPECT_EQ(put(make_service() + "/connectionMonitorTests/a%20b", body).code(), "InvalidResourceName");
  EXPECT_EQ(get(path).code(), "ResourceNotFound");
  EXPECT_EQ(patch(path, "{}").status, 405);
}

TEST_F(ConnectionMonitorTests, NothingIsDoneUnderAMissingService) {
  make_group();
  const std::string list = service_path("none") + "/connectionMonitorTests";
  for (const Reply& reply : {get(list), get(list + "/t"), put(list + "/t", body), remove(list + "/t")}) {
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.code(), "ParentResourceNotFound");
  }
}

TEST_F(ConnectionMonitorTests, DeletingIsAnsweredByWhatWasThere) {
  const std::string service = make_service();
  put(service + "/connectionMonitorTests/t", body);
  EXPECT_EQ(remove(service + "/connectionMonitorTests/t").status, 200);
  const Reply again = remove(service + "/connectionMonitorTests/t");
  EXPECT_EQ(again.status, 204);
  EXPECT_EQ(again.text, "");
  put(service + "/connectionMonitorTests/t", body);
  EXPECT_EQ(remove(service).status, 200);
  make_service();
  EXPECT_EQ(get(service + "/connectionMonitorTests").items(), 0U);
}

TEST_F(ConnectionMonitorTests, PagesAreFollowedByTheirLinks) {
  const std::string service = make_service();
  for (const std::string_view name : {"a", "b", "c"}) {
    put(fmt::format("{}/connectionMonitorTests/{}", service, name), body);
  }
  Reply page = get(service + "/connectionMonitorTests?$top=2");
  EXPECT_EQ(page.items(), 2U);
  const std::string link = find_string(page.body, "nextLink").value_or("");
  page = send(request(http::Method::get, link.substr(link.find("/subscriptions"))));
  EXPECT_EQ(page.items(), 1U);
  EXPECT_FALSE(page.body.as_object().contains("nextLink"));
}

TEST_F(ConnectionMonitorTests, AnotherTenantSeesNothing) {
  const std::string path = make_service() + "/connectionMonitorTests/t";
  put(path, body);
  make_group(sub_b);
  const std::string stranger = token("Owner", sub_b);
  for (const http::Method method : {http::Method::get, http::Method::put, http::Method::delete_}) {
    EXPECT_EQ(send_as(stranger, method, versioned(path), body).code(), "SubscriptionNotFound");
  }
  const std::string reader = token("Reader", sub_a);
  EXPECT_EQ(send_as(reader, http::Method::get, versioned(path)).status, 200);
  EXPECT_EQ(send_as(reader, http::Method::put, versioned(path), body).code(), "AuthorizationFailed");
  EXPECT_EQ(get(path).status, 200);
}

// What a peering service says of where its tests come from; null: nothing.
json::value workspace_in(const json::value& service) {
  const json::value* properties = find(service, "properties", "logAnalyticsWorkspaceProperties");
  return properties ? *properties : json::value();
}

TEST_F(ConnectionMonitorTests, InitializingShowsTheAgentsInEveryPeeringServiceOfTheSubscription) {
  const std::string service = make_service();
  const std::string elsewhere = make_service("svc1", sub_b);
  EXPECT_TRUE(workspace_in(get(service).body).is_null());
  const std::string initialize =
      std::string(sub_a) + "/providers/Microsoft.Peering/initializeConnectionMonitor";
  const Reply reply = post(initialize, "");
  EXPECT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(reply.text, "");

  const json::value shown = workspace_in(get(service).body);
  ASSERT_TRUE(shown.is_object()) << get(service).text;
  EXPECT_EQ(find_string(shown, "workspaceID").value_or("").size(), 36U);
  EXPECT_EQ(shown.at("connectedAgents"), json::value(json::array{"edge-ams"}));
  EXPECT_EQ(post(initialize, "").status, 200);
  EXPECT_EQ(workspace_in(get(service).body), shown) << "a second time changes nothing";
  EXPECT_EQ(workspace_in(put(service, service_body).body), shown);
  EXPECT_EQ(workspace_in(patch(service, R"({"tags":{"a":"b"}})").body), shown);
  EXPECT_EQ(workspace_in(put(service_path("svc2"), service_body).body), shown);
  for (const char* list : {"/resourceGroups/rg1", ""}) {
    const Reply all = get(fmt::format("{}{}/providers/Microsoft.Peering/peeringServices", sub_a, list));
    ASSERT_EQ(all.items(), 2U) << all.text;
    for (const json::value& each : all.body.at("value").as_array()) EXPECT_EQ(workspace_in(each), shown);
  }
  EXPECT_TRUE(workspace_in(get(elsewhere).body).is_null()) << "another subscription";
}

TEST_F(ConnectionMonitorTests, InitializingNeedsAContributor) {
  make_service();
  const std::string path =
      versioned(std::string(sub_a) + "/providers/Microsoft.Peering/initializeConnectionMonitor");
  EXPECT_EQ(send_as(token("Reader", sub_a), http::Method::post, path).code(), "AuthorizationFailed");
  EXPECT_TRUE(workspace_in(get(service_path("svc1")).body).is_null());
  EXPECT_EQ(send_as(token("Contributor", sub_a), http::Method::post, path).status, 200);
}

}  // namespace
}  // namespace peering::api
