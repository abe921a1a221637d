// What clients ask before they come to a resource.
#include <set>

#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using ResourceManager = ApiFixture;

TEST_F(ResourceManager, TheProviderIsListedWithItsTypesAndVersions) {
  make_group();
  const Reply one = get(std::string(sub_a) + "/providers/Microsoft.Peering");
  const Reply list = get(std::string(sub_a) + "/providers");
  ASSERT_EQ(list.status, 200) << list.text;
  EXPECT_EQ(list.body.at("value").at(0).at("resourceTypes").as_array().size(), 15U);
  std::set<std::string> types;
  for (const json::value& type : list.body.at("value").at(0).at("resourceTypes").as_array()) {
    types.insert(*find_string(type, "resourceType"));
    EXPECT_EQ(type.at("apiVersions").at(0), "2025-05-01");
  }
  EXPECT_TRUE(types.contains("peeringServices/connectionMonitorTests"));
  const Reply same = send(
      request(http::Method::get, std::string(sub_a) + "/providers/Microsoft.Peering?api-version=2021-04-01"));
  EXPECT_EQ(same.body, list.body.at("value").at(0));
  const Reply registered =
      send(request(http::Method::post,
                   std::string(sub_a) + "/providers/microsoft.peering/register?api-version=2021-04-01"));
  EXPECT_EQ(registered.status, 200);
  EXPECT_EQ(registered.body, same.body);
}

TEST_F(ResourceManager, EveryProviderThatIsServedCanBeRegistered) {
  make_group();
  for (const std::string_view name :
       {"Microsoft.Authorization", "Microsoft.Insights", "Microsoft.Peering", "microsoft.resources"}) {
    const std::string path = std::string(sub_a) + "/providers/" + std::string(name);
    const Reply one = send(request(http::Method::get, path + "?api-version=2021-04-01"));
    EXPECT_EQ(one.status, 200) << name;
    EXPECT_EQ(find_string(one.body, "registrationState"), "Registered") << name;
    EXPECT_EQ(send(request(http::Method::post, path + "/register?api-version=2021-04-01")).body, one.body)
        << name;
  }
  const std::string all = std::string(sub_a) + "/providers";
  EXPECT_EQ(get(all).items(), 4U);
  EXPECT_EQ(send(request(http::Method::get, all + "/Microsoft.Network?api-version=2021-04-01")).code(),
            "InvalidResourceNamespace");
}

class Registration : public ApiFixture {
 protected:
  Registration() { make_group(); }
  Reply ask(http::Method method, std::string_view action = "", std::string_view name = "Microsoft.Peering") {
    return send(
        request(method, fmt::format("{}/providers/{}{}?api-version=2021-04-01", sub_a, name, action)));
  }
  std::string state(std::string_view name = "Microsoft.Peering") {
    return find_string(ask(http::Method::get, "", name).body, "registrationState").value_or("");
  }
};

TEST_F(Registration, AProviderThatIsNotUsedCanBeUnregisteredAndRegisteredAgain) {
  for (int time = 0; time < 2; ++time) {
    const Reply gone = ask(http::Method::post, "/Unregister");
    ASSERT_EQ(gone.status, 200) << gone.text;
    EXPECT_EQ(find_string(gone.body, "registrationState"), "Unregistered");
  }
  EXPECT_EQ(state("microsoft.peering"), "Unregistered");
  EXPECT_EQ(state("Microsoft.Insights"), "Registered");
  const Reply list = get(std::string(sub_a) + "/providers");
  EXPECT_EQ(find_string(list.body.at("value").at(0), "registrationState"), "Unregistered");
  make_group(sub_b);
  const Reply others = get(std::string(sub_b) + "/providers");
  EXPECT_EQ(find_string(others.body.at("value").at(0), "registrationState"), "Registered");

  const Reply back = ask(http::Method::post, "/register");
  ASSERT_EQ(back.status, 200) << back.text;
  EXPECT_EQ(find_string(back.body, "registrationState"), "Registered");
  EXPECT_EQ(put(service_path("svc1"), service_body).status, 201);
}

TEST_F(Registration, NothingIsMadeWithoutTheProvider) {
  ASSERT_EQ(ask(http::Method::post, "/unregister").status, 200);
  const std::string asn = std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/contoso";
  for (const std::string& path : {service_path("svc1"), asn}) {
    const Reply refused = put(path, service_body);
    EXPECT_EQ(refused.status, 409) << refused.text;
    EXPECT_EQ(refused.code(), "MissingSubscriptionRegistration");
    EXPECT_THAT(refused.message(), testing::HasSubstr("'Microsoft.Peering'"));
  }
  EXPECT_EQ(put(service_path("no!name"), service_body).code(), "InvalidResourceName");
  EXPECT_EQ(get(service_path("svc1")).code(), "ResourceNotFound") << "reads go on";
  EXPECT_EQ(get(std::string(sub_a) + "/providers/Microsoft.Peering/peeringServices").items(), 0U);
  EXPECT_EQ(patch(std::string(sub_a) + "/resourceGroups/rg1", R"({"tags":{"a":"b"}})").status, 200);
  EXPECT_EQ(put(std::string(sub_a), R"({"displayName":"Contoso"})").status, 200);
  EXPECT_EQ(state(), "Unregistered") << "also when the subscription is written";
}

TEST_F(Registration, AProviderWithResourcesStays) {
  const std::string service = make_service();
  const Reply refused = ask(http::Method::post, "/unregister");
  EXPECT_EQ(refused.status, 409) << refused.text;
  EXPECT_EQ(refused.code(), "Conflict");
  EXPECT_THAT(refused.message(), testing::HasSubstr(model::lower(service)));
  EXPECT_EQ(state(), "Registered");
  ASSERT_EQ(remove(service).status, 200);
  EXPECT_EQ(ask(http::Method::post, "/unregister").status, 200);
}

TEST_F(Registration, OnlyPeeringCanBeUnregistered) {
  for (const std::string_view name :
       {"Microsoft.Resources", "Microsoft.Authorization", "Microsoft.Insights"}) {
    EXPECT_EQ(ask(http::Method::post, "/unregister", name).code(), "Conflict") << name;
    EXPECT_EQ(state(name), "Registered") << name;
  }
  EXPECT_EQ(ask(http::Method::post, "/unregister", "Microsoft.Network").code(), "InvalidResourceNamespace");
}

TEST_F(Registration, ChangingItNeedsAContributorOfTheSubscription) {
  const std::string reader = token("Reader", sub_a), contributor = token("Contributor", sub_a);
  const std::string of_group = token("Contributor", std::string(sub_a) + "/resourceGroups/rg1");
  const auto as = [&](const std::string& who, std::string_view action) {
    return send_as(who, http::Method::post,
                   fmt::format("{}/providers/Microsoft.Peering/{}?api-version=2021-04-01", sub_a, action));
  };
  for (const std::string& who : {reader, of_group}) {
    EXPECT_EQ(as(who, "unregister").code(), "AuthorizationFailed");
    EXPECT_EQ(as(who, "register").status, 200) << "it is registered";
  }
  EXPECT_EQ(as(contributor, "unregister").status, 200);
  for (const std::string& who : {reader, of_group}) {
    EXPECT_EQ(as(who, "register").code(), "AuthorizationFailed");
  }
  EXPECT_EQ(as(contributor, "register").status, 200);
  const Reply log = get(std::string(sub_a) + "/providers/Open.Peering/auditLog");
  EXPECT_THAT(log.text, testing::HasSubstr(R"("Microsoft.Peering/unregister/action")"));
  EXPECT_THAT(log.text, testing::HasSubstr(R"("Microsoft.Peering/register/action")"));
}

TEST_F(ResourceManager, WithoutASubscriptionAProviderIsRegisteredNowhere) {
  const Reply list = get("/providers");
  ASSERT_EQ(list.status, 200) << list.text;
  ASSERT_EQ(list.items(), 4U);
  EXPECT_FALSE(list.body.at("value").at(0).as_object().contains("registrationState"));
  const auto one = [this](const std::string& name) {
    return send(request(http::Method::get, "/providers/" + name + "?api-version=2021-04-01"));
  };
  EXPECT_EQ(one("Microsoft.Peering").body, list.body.at("value").at(0));
  EXPECT_EQ(one("Microsoft.Network").code(), "InvalidResourceNamespace");
}

TEST_F(ResourceManager, RegionsAreThoseOfTheCatalogue) {
  make_group();
  const Reply reply = get(std::string(sub_a) + "/locations");
  ASSERT_EQ(reply.status, 200) << reply.text;
  std::set<std::string> names;
  for (const json::value& each : reply.body.at("value").as_array()) {
    EXPECT_TRUE(names.insert(*find_string(each, "name")).second);
  }
  EXPECT_TRUE(names.contains("westus2"));
  EXPECT_TRUE(names.contains("australiasoutheast"));
}

TEST_F(ResourceManager, ProvidersAndRegionsHideOtherTenants) {
  make_group();
  make_group(sub_b);
  const std::string stranger = token("Owner", sub_b);
  for (const std::string_view list : {"/providers", "/locations", "/providers/Microsoft.Peering"}) {
    const std::string path = std::string(sub_a) + std::string(list) + "?api-version=2021-04-01";
    EXPECT_EQ(send_as(stranger, http::Method::get, path).code(), "SubscriptionNotFound") << list;
  }
  EXPECT_EQ(send(request(http::Method::get, std::string(sub_a) + "/locations")).code(),
            "MissingApiVersionParameter");
  EXPECT_EQ(get("/subscriptions/x/providers").code(), "InvalidSubscriptionId");
}

TEST_F(ResourceManager, ThereIsOneTenantForThoseWithAToken) {
  const Reply reply = get("/tenants");
  EXPECT_EQ(reply.status, 200) << reply.text;
  ASSERT_EQ(reply.items(), 1U);
  make_group();
  EXPECT_EQ(find_string(reply.body.at("value").at(0), "tenantId"),
            find_string(get(std::string(sub_a)).body, "tenantId"));
  http::Request given = request(http::Method::get, "/tenants?api-version=2021-04-01");
  given.headers = {};
  EXPECT_EQ(send(given).code(), "AuthenticationFailed");
}

TEST_F(ResourceManager, EndpointsAreWhereTheClientFoundUs) {
  http::Request given = request(http::Method::get, "/metadata/endpoints?api-version=2022-09-01");
  given.headers = {};
  given.headers.set("Host", "peering.example:8471");
  given.secure = true;
  const Reply one = send(given);
  ASSERT_EQ(one.status, 200) << one.text;
  EXPECT_EQ(find_string(one.body, "resourceManager"), "https://peering.example:8471/");
  EXPECT_EQ(find_string(one.body.at("authentication"), "loginEndpoint"), "https://peering.example:8471/adfs");
  EXPECT_EQ(find_string(one.body, "microsoftGraphResourceId"), "https://peering.example:8471/");
  given.target = "/metadata/endpoints?api-version=2020-06-01";
  const Reply list = send(given);
  EXPECT_EQ(list.body, json::value(json::array{one.body}));
  given.target = "/metadata/endpoints?api-version=2015-01-01";
  EXPECT_EQ(find_string(send(given).body, "portalEndpoint"), "https://peering.example:8471");
  given.target = "/metadata/endpoints";
  EXPECT_EQ(send(given).code(), "MissingApiVersionParameter");
}

}  // namespace
}  // namespace peering::api
