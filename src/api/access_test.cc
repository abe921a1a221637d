// Tokens, roles, scopes; one tenant learns nothing of another.
#include "api/access.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "api/admin_token.h"
#include "api/api_fixture.h"

namespace peering::api {
namespace {

using http::Method;
using testing::HasSubstr;
using Access = ApiFixture;
using Tokens = ApiFixture;

constexpr std::string_view tokens = "/providers/Open.Peering/tokens";

TEST_F(Access, RolesAllowWhatTheySay) {
  const std::string service = make_service();
  const std::string asn = std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/a";
  const std::string channel = std::string(sub_a) + "/providers/Open.Peering/alertChannels/c";
  const std::string asn_body = R"({"properties":{"peerAsn":3356}})";
  const std::string channel_body = R"({"properties":{"type":"webhook","url":"http://127.0.0.1:1/"}})";
  struct Case {
    std::string_view role;
    bool writes, writes_asn, owns, operates;
  };
  for (const Case& each :
       {Case{"Reader", false, false, false, false}, Case{"Contributor", true, true, false, false},
        Case{"Partner", false, true, false, false}, Case{"Owner", true, true, true, false},
        Case{"Operator", true, true, true, true}}) {
    const std::string key = token(each.role, sub_a);
    const auto allowed = [&](Method method, const std::string& path, const std::string& body) {
      const Reply reply = send_as(key, method, versioned(path), body);
      EXPECT_EQ(reply.status == 403, reply.code() == "AuthorizationFailed");
      return reply.status < 300;
    };
    EXPECT_TRUE(allowed(Method::get, service, "")) << each.role;
    EXPECT_EQ(allowed(Method::put, service, service_body), each.writes) << each.role;
    EXPECT_EQ(allowed(Method::patch, service, "{}"), each.writes) << each.role;
    EXPECT_EQ(allowed(Method::delete_, service_path("none"), ""), each.writes) << each.role;
    EXPECT_EQ(allowed(Method::put, asn, asn_body), each.writes_asn) << each.role;
    EXPECT_EQ(allowed(Method::put, channel, channel_body), each.owns) << each.role;
    EXPECT_EQ(allowed(Method::put, std::string(sub_a), "{}"), each.operates) << each.role;
  }
}

TEST_F(Access, AForeignSubscriptionLooksLikeOneThatIsNotThere) {
  const std::string theirs = make_prefix();
  make_group(sub_b);
  const std::string mine = token("Owner", sub_b);
  const std::string nowhere = "/subscriptions/00000000-0000-4000-8000-00000000000f";
  const std::vector<std::string> tails = {
      "",
      "/resourceGroups",
      "/resourceGroups/rg1",
      "/providers/Microsoft.Peering/peeringServices",
      "/providers/Microsoft.Peering/peeringServiceProviders",
      "/providers/Open.Peering/alertChannels/c",
      "/providers/Open.Peering/events",
      "/resourceGroups/rg1/providers/Microsoft.Peering/peeringServices/svc1",
      "/resourceGroups/rg1/providers/Microsoft.Peering/peeringServices/none",
      "/resourceGroups/rg1/providers/Microsoft.Peering/peeringServices/svc1/prefixes/p1",
      "/resourceGroups/rg1/providers/Microsoft.Peering/unknown/x"};
  for (const Method method : {Method::get, Method::put, Method::patch, Method::delete_, Method::post}) {
    for (const std::string& tail : tails) {
      const Reply foreign = send_as(mine, method, versioned(std::string(sub_a) + tail), "{}");
      const Reply absent = send_as(mine, method, versioned(nowhere + tail), "{}");
      EXPECT_EQ(foreign.status, 404) << tail;
      EXPECT_EQ(foreign.code(), "SubscriptionNotFound") << tail;
      EXPECT_EQ(absent.code(), foreign.code()) << tail;
      EXPECT_EQ(absent.status, foreign.status) << tail;
    }
  }
  EXPECT_EQ(get(theirs).status, 200);
  const Reply list = send_as(mine, Method::get, "/subscriptions?api-version=2022-12-01");
  ASSERT_EQ(list.items(), 1U);
  EXPECT_EQ(find_string(list.body.at("value").at(0), "id"), sub_b);
}

TEST_F(Access, AScopeInAGroupSeesNothingBesideIt) {
  make_group(sub_a, "rg2");
  const std::string service = make_service();
  const std::string other = service_path("svc2", sub_a, "rg2");
  put(other, service_body);
  const std::string key = token("Contributor", std::string(sub_a) + "/resourceGroups/RG1");
  const auto code = [&](Method method, const std::string& path) {
    return send_as(key, method, versioned(path), "{}").code();
  };
  EXPECT_EQ(code(Method::get, service), "");
  EXPECT_EQ(code(Method::get, other), "ResourceGroupNotFound");
  EXPECT_EQ(code(Method::delete_, service_path("x", sub_a, "none")), "ResourceGroupNotFound");
  const std::string all = versioned(std::string(sub_a) + "/providers/Microsoft.Peering/peeringServices");
  EXPECT_EQ(send_as(key, Method::get, all).items(), 1U);
  EXPECT_EQ(code(Method::get, std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns"),
            "AuthorizationFailed");
  EXPECT_EQ(code(Method::get, std::string(sub_a) + "/providers/Microsoft.Peering/peeringServiceProviders"),
            "");
  EXPECT_EQ(get(other).status, 200);
}

TEST_F(Access, AScopeOnAResourceSeesItsSiblingsAsMissing) {
  const std::string service = make_service("svc1");
  put(service_path("svc2"), service_body);
  const std::string key = token("Reader", service);
  EXPECT_EQ(send_as(key, Method::get, versioned(service)).status, 200);
  EXPECT_EQ(send_as(key, Method::get, versioned(service + "/prefixes")).status, 200);
  const Reply sibling = send_as(key, Method::get, versioned(service_path("svc2")));
  const Reply missing = send_as(key, Method::get, versioned(service_path("svc3")));
  EXPECT_EQ(sibling.status, 404);
  EXPECT_EQ(sibling.code(), missing.code());
  EXPECT_EQ(send_as(key, Method::get, versioned(service + "x/prefixes")).status, 404);
}

TEST_F(Access, ARefusalNamesTheScopeAsItWasAskedFor) {
  const std::string service = make_service("Svc1");
  EXPECT_THAT(
      send_as(token("Reader", sub_a), Method::delete_, versioned(service)).message(),
      testing::HasSubstr(fmt::format("'Microsoft.Peering/peeringServices/delete' over scope '{}'", service)));
}

TEST_F(Access, TelemetryTokensHandInSamplesAndNothingElse) {
  make_service();
  const std::string key = token("Reader", "telemetry");
  EXPECT_EQ(send_as(key, Method::post, "/telemetry/samples", "x").code(), "BadArgument");
  EXPECT_EQ(send_as(key, Method::get, versioned(service_path("svc1"))).code(), "SubscriptionNotFound");
  EXPECT_EQ(send_as(key, Method::get, versioned(std::string(tokens))).status, 403);
  EXPECT_EQ(send_as(token("Operator", sub_a), Method::post, "/telemetry/samples", "x").code(),
            "AuthorizationFailed");
  EXPECT_EQ(send_as(token("Owner", "/"), Method::post, "/telemetry/samples", "x").code(),
            "AuthorizationFailed");
  http::Request anonymous = request(Method::post, "/telemetry/samples", "x");
  anonymous.headers = {};
  EXPECT_EQ(send(anonymous).status, 401);
}

TEST_F(Tokens, AreShownOnceAndStoredHashed) {
  const Reply made =
      post(std::string(tokens),
           R"({"role":"reader","scope":"/subscriptions/00000000-0000-4000-8000-00000000000A","name":"ci",
         "expires":"30d"})");
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string id = *find_string(made.body, "id"), text = *find_string(made.body, "token");
  EXPECT_EQ(find_string(made.body, "role"), "Reader");
  EXPECT_EQ(find_string(made.body, "expires"), "2026-12-23T12:00:00Z");
  const auto stored = resources.get(token_key(id));
  EXPECT_THAT((*stored)->document, testing::Not(HasSubstr(text)));
  EXPECT_THAT((*stored)->document, testing::Not(HasSubstr(text.substr(text.find('.') + 1))));
  const Reply list = get(std::string(tokens));
  EXPECT_EQ(list.items(), 2U);
  EXPECT_THAT(list.text, testing::Not(HasSubstr("hash")));
  EXPECT_THAT(list.text, testing::Not(HasSubstr(text)));
}

TEST_F(Tokens, ThatWereTakenBackOrHaveExpiredAreRefused) {
  make_service();
  const Reply made =
      post(std::string(tokens), fmt::format(R"({{"role":"Reader","scope":"{}","expires":"2h"}})", sub_a));
  const std::string text = *find_string(made.body, "token");
  EXPECT_EQ(send_as(text, Method::get, versioned(service_path("svc1"))).status, 200);
  clock += std::chrono::hours(2);
  const Reply expired = send_as(text, Method::get, versioned(service_path("svc1")));
  EXPECT_EQ(expired.status, 401);
  EXPECT_EQ(expired.code(), "ExpiredAuthenticationToken");
  const std::string second = token("Reader", sub_a);
  const std::string path = std::string(tokens) + "/" + *token_id_of(second);
  EXPECT_EQ(remove(path).status, 200);
  EXPECT_EQ(remove(path).status, 204);
  EXPECT_EQ(send_as(second, Method::get, versioned(service_path("svc1"))).code(),
            "InvalidAuthenticationToken");
}

TEST_F(Tokens, BadRequestsNameTheField) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"role":"King","scope":"/"})", "role 'King'"},
      {R"({"role":"Reader"})", "scope"},
      {R"({"role":"Reader","scope":"/subscriptions/x"})", "scope '/subscriptions/x'"},
      {R"({"role":"Reader","scope":"somewhere"})", "scope 'somewhere'"},
      {R"({"role":"Reader","scope":"/","expires":"soon"})", "expires 'soon'"},
      {R"({"role":"Reader","scope":"/","expires":"0d"})", "expires '0d'"},
      {R"({"role":"Reader","scope":"/","expires":"2020-01-01T00:00:00Z"})", "expires"},
      {R"({"role":"Reader","scope":"/","name":7})", "name '7'"},
      {R"({"scope":"/"})", "role"},
  };
  for (const auto& [body, text] : cases) {
    const Reply reply = post(std::string(tokens), body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.message(), HasSubstr(text)) << body;
  }
}

TEST_F(Tokens, OwnersDealInTheirOwnScopeOnly) {
  make_service();
  make_group(sub_b);
  const std::string owner = token("Owner", sub_a);
  const auto make = [&](std::string_view role, std::string_view scope) {
    return send_as(owner, Method::post, versioned(std::string(tokens)),
                   json::serialize(json::object{{"role", role}, {"scope", scope}}))
        .status;
  };
  EXPECT_EQ(make("Reader", std::string(sub_a) + "/resourceGroups/rg1"), 201);
  EXPECT_EQ(make("Operator", sub_a), 403);
  EXPECT_EQ(make("Reader", sub_b), 403);
  EXPECT_EQ(make("Reader", "/"), 403);
  EXPECT_EQ(make("Reader", "telemetry"), 403);
  EXPECT_EQ(send_as(owner, Method::get, versioned(std::string(tokens))).items(), 2U);
  const std::string foreign = *token_id_of(token("Reader", sub_b));
  EXPECT_EQ(send_as(owner, Method::delete_, versioned(std::string(tokens) + "/" + foreign)).status, 204);
  EXPECT_EQ(get(std::string(tokens)).items(), 4U);
  const std::string reader = token("Reader", sub_a);
  EXPECT_EQ(send_as(reader, Method::get, versioned(std::string(tokens))).status, 403);
  EXPECT_EQ(send_as(reader, Method::delete_, versioned(std::string(tokens) + "/admin")).status, 403);
  EXPECT_EQ(send_as(reader, Method::post, versioned(std::string(tokens)), R"({"role":"Reader","scope":"/"})")
                .status,
            403);
}

TEST_F(Tokens, TheFirstOneIsWrittenForItsOwnerOnly) {
  struct stat info{};
  ASSERT_EQ(::stat((folder + "/admin.token").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(get("/subscriptions").status, 200);
}

TEST_F(Tokens, AStartWithAFileChangesNothing) {
  EXPECT_TRUE(api->bootstrap(folder));
  EXPECT_EQ(read_token(), admin);
  // Taken back by the operator: the file does not bring it back.
  token("Operator", "/");
  EXPECT_EQ(remove(std::string(tokens) + "/admin").status, 200);
  EXPECT_TRUE(api->bootstrap(folder));
  EXPECT_EQ(get("/subscriptions").status, 401);
}

TEST_F(Tokens, AMissingFileMakesANewOneAndEndsTheOld) {
  const std::string old = admin;
  ASSERT_EQ(::unlink((folder + "/admin.token").c_str()), 0);
  EXPECT_TRUE(api->bootstrap(folder));
  admin = read_token();
  EXPECT_NE(admin, old);
  EXPECT_EQ(get("/subscriptions").status, 200);
  EXPECT_EQ(send_as(old, Method::get, "/subscriptions?api-version=2022-12-01").status, 401);
}

TEST_F(Tokens, ANewDatabaseTakesTheFilesTokenOver) {
  const auto owned = store::make_memory_resource_store();
  store::ResourceStore& empty = *owned;
  EXPECT_TRUE(write_admin_token(empty, folder, clock));
  EXPECT_TRUE(authenticate(empty, nullptr, request(Method::get, "/"), clock));
  const auto nowhere = write_admin_token(empty, folder + "/missing", clock);
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message, HasSubstr("admin.token"));
}

}  // namespace
}  // namespace peering::api
