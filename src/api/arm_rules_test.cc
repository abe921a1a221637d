// The protocol, statement by statement.
#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "api/arm/names.h"
#include "api/arm/paging.h"

namespace peering::api {
namespace {

using testing::HasSubstr;
using Protocol = ApiFixture;
using http::Method;

TEST_F(Protocol, ARequestWithoutATokenIsChallengedWithoutAClaim) {
  http::Request given = request(Method::get, "/subscriptions?api-version=2022-12-01");
  given.headers = {};
  const Reply reply = send(given);
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.code(), "AuthenticationFailed");
  EXPECT_THAT(reply.header("WWW-Authenticate"), testing::StartsWith("Bearer "));
  EXPECT_THAT(reply.header("WWW-Authenticate"), testing::Not(HasSubstr("claims")));
  EXPECT_EQ(reply.header("Content-Type"), "application/json; charset=utf-8");
  EXPECT_TRUE(arm::is_guid(reply.header("x-ms-request-id")));
}

TEST_F(Protocol, TokensThatAreNoneAreRefused) {
  for (const std::string token :
       {"x", "pt-admin", "pt-admin.wrong", "pt-nobody.x", "eyJhbGciOiJub25lIn0.e30."}) {
    const Reply reply = send_as(token, Method::get, "/subscriptions?api-version=2022-12-01");
    EXPECT_EQ(reply.status, 401) << token;
    EXPECT_EQ(reply.code(), "InvalidAuthenticationToken") << token;
    EXPECT_NE(reply.header("WWW-Authenticate"), "") << token;
  }
  http::Request basic = request(Method::get, "/subscriptions?api-version=2022-12-01");
  basic.headers.set("Authorization", "Basic YTpi");
  EXPECT_EQ(send(basic).code(), "AuthenticationFailed");
}

TEST_F(Protocol, TheApiVersionIsRequiredAndCheckedBeforeAnythingIsChanged) {
  make_group();
  const std::string path = service_path("svc1");
  Reply reply = send(request(Method::put, path, service_body));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.code(), "MissingApiVersionParameter");
  reply = send(request(Method::put, path + "?api-version=1999-01-01", service_body));
  EXPECT_EQ(reply.code(), "InvalidApiVersionParameter");
  EXPECT_THAT(reply.message(), HasSubstr("1999-01-01"));
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(Protocol, EveryVersionThatPublishedClientsSendIsServed) {
  make_group();
  for (const std::string version :
       {"2019-08-01-preview", "2019-09-01-preview", "2020-01-01-preview", "2020-04-01", "2020-10-01",
        "2021-01-01", "2021-06-01", "2022-01-01", "2022-06-01", "2022-10-01", "2025-05-01"}) {
    EXPECT_EQ(
        send(request(Method::get, std::string(sub_a) +
                                      "/providers/Microsoft.Peering/peeringServices?api-version=" + version))
            .status,
        200)
        << version;
    EXPECT_EQ(
        send(request(Method::get, "/providers/Microsoft.Peering/operations?api-version=" + version)).status,
        200);
  }
}

TEST_F(Protocol, OperationsNeedAnApiVersionToo) {
  EXPECT_EQ(send(request(Method::get, "/providers/Microsoft.Peering/operations")).code(),
            "MissingApiVersionParameter");
  const Reply reply = get("/providers/Microsoft.Peering/operations");
  EXPECT_EQ(reply.items(), 27U);
}

TEST_F(Protocol, ChecksComeInOrder) {
  // Token before api-version before subscription before group before type before name before body.
  const std::string nowhere =
      "/subscriptions/not-a-guid/resourceGroups/x/providers/Microsoft.Peering/unknown/x";
  http::Request anonymous = request(Method::get, nowhere);
  anonymous.headers = {};
  EXPECT_EQ(send(anonymous).status, 401);
  EXPECT_EQ(send(request(Method::get, nowhere)).code(), "MissingApiVersionParameter");
  EXPECT_EQ(get(nowhere).code(), "InvalidSubscriptionId");
  const std::string missing = std::string(sub_a) + "/resourceGroups/x/providers/Microsoft.Peering/unknown/x";
  EXPECT_EQ(get(missing).code(), "SubscriptionNotFound");
  put(std::string(sub_a), "");
  EXPECT_EQ(get(missing).code(), "ResourceGroupNotFound");
  make_group(sub_a, "x");
  EXPECT_EQ(get(missing).code(), "InvalidResourceType");
  const std::string overlong(64, 'n');
  EXPECT_EQ(put(service_path(overlong, sub_a, "x"), "no json").code(), "InvalidResourceName");
  EXPECT_EQ(put(service_path("n", sub_a, "x") + "/prefixes/p", "no json").code(), "ParentResourceNotFound");
  EXPECT_EQ(put(service_path("n", sub_a, "x"), "no json").code(), "InvalidRequestContent");
}

TEST_F(Protocol, UnknownProvidersAndTypesAreNamed) {
  make_group();
  const std::string scope = std::string(sub_a) + "/providers/";
  EXPECT_EQ(send(request(Method::get, scope + "Microsoft.Nothing/things?api-version=2022-10-01")).code(),
            "InvalidResourceNamespace");
  const Reply reply = get(scope + "Microsoft.Peering/things");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.code(), "InvalidResourceType");
  EXPECT_THAT(reply.message(), HasSubstr("Microsoft.Peering/things"));
}

TEST_F(Protocol, OtherMethodsAreRefusedWithWhatIsAllowed) {
  const std::string prefix = make_prefix();
  const Reply reply = patch(prefix, "{}");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.code(), "MethodNotAllowed");
  EXPECT_EQ(reply.header("Allow"), "GET, PUT, DELETE");
  EXPECT_EQ(post(std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/a", "{}").status, 405);
}

TEST_F(Protocol, HeadSaysWhetherAResourceIsThere) {
  const std::string service = make_service("svc1");
  const Reply there = send(request(Method::head, versioned(service)));
  EXPECT_EQ(there.status, 204);
  EXPECT_EQ(there.text, "");
  EXPECT_NE(there.header("x-ms-request-id"), "");
  EXPECT_EQ(send(request(Method::head, versioned(service + "x"))).status, 404);
  EXPECT_EQ(send(request(Method::head, versioned(service + "/prefixes"))).status, 200);
  EXPECT_EQ(send(request(Method::head, "/healthz")).status, 200);
}

TEST_F(Protocol, PathsThatCannotBeDecodedAreRefused) {
  for (const std::string path : {"/subscriptions/%zz?api-version=1", "/a//b", "/a%2Fb?x=1", "/x?y=%g"}) {
    EXPECT_EQ(send(request(Method::get, path)).status, 400) << path;
  }
  EXPECT_EQ(send(request(Method::get, "/nothing/here")).status, 404);
}

TEST_F(Protocol, EveryAnswerCarriesTheHeaders) {
  http::Request given =
      request(Method::get, "/providers/Microsoft.Peering/operations?api-version=2022-10-01");
  given.headers.set("x-ms-correlation-request-id", "11111111-2222-4333-8444-555555555555");
  const Reply reply = send(given);
  EXPECT_EQ(reply.header("x-ms-correlation-request-id"), "11111111-2222-4333-8444-555555555555");
  EXPECT_EQ(reply.header("x-ms-routing-request-id"),
            "LOCAL:20261123T120000Z:11111111-2222-4333-8444-555555555555");
  EXPECT_EQ(reply.header("Cache-Control"), "no-cache");
  EXPECT_EQ(reply.header("Pragma"), "no-cache");
  EXPECT_EQ(reply.header("Expires"), "-1");
  EXPECT_EQ(reply.header("Strict-Transport-Security"), "max-age=31536000; includeSubDomains");
  EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
  EXPECT_TRUE(arm::is_guid(reply.header("x-ms-request-id")));
  EXPECT_EQ(reply.header("ETag"), "");
}

TEST_F(Protocol, BodiesThatAreNoJsonAreRefused) {
  make_group();
  for (const std::string body :
       {"", "{", "[]", "null", "\"x\"", "{\"a\":1} x", "{\"location\": \"\\ud800\"}"}) {
    const Reply reply = put(service_path("s"), body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(reply.code(), "InvalidRequestContent") << body;
  }
  std::string deep(200, '[');
  EXPECT_EQ(put(service_path("s"), "{\"location\":" + deep).status, 400);
}

TEST_F(Protocol, BrokenJsonInLineSevenOfTenSaysWhere) {
  make_group();
  std::string body = "{\n";
  for (int line = 2; line <= 10; ++line) {
    body += line == 7 ? "  \"k7\" 7,\n" : fmt::format("  \"k{}\": {},\n", line, line);
  }
  const Reply reply = put(service_path("s"), body + "  \"location\": \"eastus\"\n}");
  EXPECT_EQ(reply.code(), "InvalidRequestContent");
  EXPECT_THAT(reply.message(), HasSubstr("byte"));
}

TEST_F(Protocol, SubscriptionsExistBecauseAnOperatorMadeThem) {
  EXPECT_EQ(get(std::string(sub_a)).code(), "SubscriptionNotFound");
  EXPECT_EQ(put("/subscriptions/nope", "").code(), "InvalidSubscriptionId");
  EXPECT_EQ(put(std::string(sub_a), R"({"displayName":"A"})").status, 201);
  EXPECT_EQ(put(std::string(sub_a), R"({"displayName":"B"})").status, 200);
  const Reply reply = get(std::string(sub_a));
  EXPECT_EQ(find_string(reply.body, "displayName"), "B");
  EXPECT_EQ(find_string(reply.body, "state"), "Enabled");
  EXPECT_EQ(get("/subscriptions").items(), 1U);
  EXPECT_EQ(put(std::string(sub_a), R"({"displayName":1})").code(), "InvalidRequestContent");
}

TEST_F(Protocol, ResourceGroupsLiveAsInArm) {
  put(std::string(sub_a), "");
  const std::string path = std::string(sub_a) + "/resourcegroups/Rg1";
  EXPECT_EQ(put(path, "{}").code(), "LocationRequired");
  EXPECT_EQ(put(path, R"({"location":"East US","tags":{"a":"1"}})").status, 201);
  EXPECT_EQ(put(path, R"({"location":"eastus"})").status, 200);
  EXPECT_EQ(put(path, R"({"location":"westus"})").status, 409);
  const Reply reply = get(std::string(sub_a) + "/resourceGroups/RG1");
  EXPECT_EQ(find_string(reply.body, "id"), std::string(sub_a) + "/resourceGroups/Rg1");
  EXPECT_EQ(find_string(reply.body, "location"), "East US");
  EXPECT_EQ(find(reply.body, "tags"), nullptr);
  EXPECT_EQ(send(request(Method::head, versioned(path))).status, 204);
  EXPECT_EQ(send(request(Method::head, versioned(std::string(sub_a) + "/resourcegroups/none"))).status, 404);
  EXPECT_EQ(get(std::string(sub_a) + "/resourcegroups").items(), 1U);
  EXPECT_EQ(put(std::string(sub_a) + "/resourcegroups/bad.", R"({"location":"x"})").code(),
            "InvalidResourceName");
  EXPECT_EQ(patch(path, R"({"tags":{"b":"2"}})").body.at("tags").at("b").as_string(), "2");
  EXPECT_EQ(remove(path).status, 200);
  EXPECT_EQ(remove(path).code(), "ResourceGroupNotFound");
}

TEST_F(Protocol, DeletingAGroupDeletesWhatIsInIt) {
  const std::string prefix = make_prefix();
  EXPECT_EQ(
      put(prefix + "/providers/Open.Peering/monitoring/default", R"({"properties":{"asn":[64500]}})").status,
      201);
  EXPECT_EQ(remove(std::string(sub_a) + "/resourceGroups/rg1").status, 200);
  make_group();
  EXPECT_EQ(get(prefix).code(), "ParentResourceNotFound");
  EXPECT_EQ(get(std::string(sub_a) + "/providers/Microsoft.Peering/peeringServices").items(), 0U);
  // The prefix is free again, and what was expected of it is forgotten.
  const std::string again = make_prefix();
  EXPECT_EQ(get(again + "/providers/Open.Peering/monitoring/default").property("asn"), "any");
}

TEST_F(Protocol, ListsArePagedWithOpaqueAbsoluteLinks) {
  make_group();
  for (int i = 0; i < 7; ++i) put(service_path(fmt::format("svc{}", i)), service_body);
  const std::string list = std::string(sub_a) + "/providers/Microsoft.Peering/peeringServices";
  std::set<std::string> names;
  std::string next = versioned(list + "?$top=3");
  int pages = 0;
  while (!next.empty()) {
    const Reply reply = send(request(Method::get, next));
    ASSERT_EQ(reply.status, 200) << reply.text;
    for (const json::value& item : reply.body.at("value").as_array())
      names.insert(*find_string(item, "name"));
    ++pages;
    const auto link = find_string(reply.body, "nextLink");
    next = link ? link->substr(std::string_view("http://127.0.0.1:8470").size()) : "";
    if (link) {
      EXPECT_THAT(*link, HasSubstr("api-version=2022-10-01"));
      EXPECT_THAT(*link, testing::Not(HasSubstr("svc")));
    }
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(names.size(), 7U);
  EXPECT_EQ(get(list + "?$top=0").status, 400);
  EXPECT_EQ(get(list + "?$skipToken=zz").status, 400);
  // A token of one list says nothing in another.
  EXPECT_EQ(get(list + "?$skipToken=" + arm::make_skip_token("/subscriptions/other/x")).status, 400);
  EXPECT_EQ(get(list).body.as_object().contains("nextLink"), false);
}

TEST_F(Protocol, TheProviderIsAlwaysRegistered) {
  put(std::string(sub_a), "");
  const std::string path = std::string(sub_a) + "/providers/Microsoft.Peering";
  EXPECT_EQ(
      find_string(send(request(Method::get, path + "?api-version=2021-04-01")).body, "registrationState"),
      "Registered");
  EXPECT_EQ(send(request(Method::post, path + "/register?api-version=2021-04-01")).status, 200);
}

TEST_F(Protocol, RoutesOutsideTheTreeNeedNoVersion) {
  http::Request given = request(Method::get, "/");
  given.headers = {};
  Reply reply = send(given);
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.header("Content-Type"), HasSubstr("text/html"));
  given.target = "/healthz";
  EXPECT_EQ(send(given).status, 200);
  given.target = "/openapi.json";
  EXPECT_TRUE(send(given).body.is_object());
  given.target = "/readyz";
  EXPECT_EQ(send(given).status, 200);
  not_ready = {"the registry is being read"};
  reply = send(given);
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body.at("notReady").at(0).as_string(), "the registry is being read");
}

TEST_F(Protocol, MetricsAreOpenToThisMachineOnly) {
  http::Request given = request(Method::get, "/metrics");
  given.headers = {};
  const Reply reply = send(given);
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.text, HasSubstr("peering_event_followers 0"));
  EXPECT_THAT(reply.header("Content-Type"), testing::StartsWith("text/plain; version=0.0.4"));
  given.headers.set("X-Forwarded-For", "192.0.2.9");
  EXPECT_EQ(send(given).status, 401);
  given.headers = {};
  given.remote = *net::Address::parse("192.0.2.9");
  EXPECT_EQ(send(given).status, 401);
  given.headers.set("Authorization", "Bearer " + admin);
  EXPECT_EQ(send(given).status, 200);
}

TEST_F(Protocol, MetricsCarryNoTenantsNames) {
  make_prefix();
  const std::string text = metrics.render();
  EXPECT_THAT(text, HasSubstr("Prefixes_CreateOrUpdate"));
  for (const std::string_view secret : {"00000000000a", "svc1", "203.0.113", "rg1"}) {
    EXPECT_THAT(text, testing::Not(HasSubstr(std::string(secret)))) << secret;
  }
}

}  // namespace
}  // namespace peering::api
