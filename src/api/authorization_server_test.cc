// The token endpoint, to the letter of RFC 6749 sections 4.4 and 5.2.
#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "base/digest.h"

namespace peering::api {
namespace {

using http::Method;
using testing::HasSubstr;
using testing::Not;

class TokenEndpoint : public ApiFixture {
 protected:
  http::Request asking(std::string form) const {
    http::Request out;
    out.method = Method::post;
    out.target = "/adfs/oauth2/token";
    out.headers.set("Host", "peering.example:8471");
    out.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    out.secure = true;
    out.remote = *net::Address::parse("192.0.2.7");
    out.body = std::move(form);
    return out;
  }
  Reply ask(std::string form) { return send(asking(std::move(form))); }
  std::string credentials(const std::string& id = "admin") const {
    return "grant_type=client_credentials&client_id=" + id + "&client_secret=" + admin;
  }
  static std::string to_base64(std::string_view text) {
    std::string out = to_base64url(text);
    std::ranges::replace(out, '-', '+');
    std::ranges::replace(out, '_', '/');
    while (out.size() % 4 != 0) out += '=';
    return out;
  }
  Reply ask_basic(std::string_view encoded, std::string form = "grant_type=client_credentials") {
    http::Request given = asking(std::move(form));
    given.headers.set("Authorization", encoded);
    return send(given);
  }
  void expect_refused(const Reply& reply, int status, std::string_view error) {
    EXPECT_EQ(reply.status, status) << reply.text;
    EXPECT_EQ(find_string(reply.body, "error"), error) << reply.text;
    const std::string description = find_string(reply.body, "error_description").value_or("");
    EXPECT_FALSE(description.empty());
    EXPECT_THAT(description, Not(HasSubstr("\"")));
    EXPECT_EQ(reply.header("Cache-Control"), "no-store");
    EXPECT_EQ(reply.header("WWW-Authenticate"), status == 401 ? "Basic realm=\"peeringd\"" : "");
    EXPECT_THAT(reply.text, Not(HasSubstr("access_token")));
  }
};

TEST_F(TokenEndpoint, GivesATokenForItself) {
  const Reply reply = ask(credentials() + "&scope=https%3A%2F%2Fpeering.example%3A8471%2F%2F.default");
  EXPECT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(reply.header("Cache-Control"), "no-store");
  EXPECT_EQ(reply.header("Pragma"), "no-cache");
  EXPECT_EQ(reply.body, json::value(json::object{
                            {"access_token", admin}, {"token_type", "Bearer"}, {"expires_in", 3600}}));
  EXPECT_EQ(
      send_as(*find_string(reply.body, "access_token"), Method::get, versioned("/subscriptions")).status,
      200);
}

TEST_F(TokenEndpoint, TakesTheNameOfATokenForItsIdAndSaysWhenItEnds) {
  const Reply made = post("/providers/Open.Peering/tokens",
                          R"({"role":"Reader","scope":"/","name":"Ada","expires":"2026-11-23T12:10:00Z"})");
  const std::string secret = *find_string(made.body, "token");
  const Reply reply = ask("grant_type=client_credentials&client_id=ada&client_secret=" + secret);
  EXPECT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(reply.body.at("expires_in"), json::value(600));
  expect_refused(ask("grant_type=client_credentials&client_id=admin&client_secret=" + secret), 401,
                 "invalid_client");
  clock += std::chrono::minutes(10);
  const Reply late = ask("grant_type=client_credentials&client_id=ada&client_secret=" + secret);
  expect_refused(late, 401, "invalid_client");
  EXPECT_THAT(late.text, HasSubstr("expired"));
  ASSERT_EQ(remove("/providers/Open.Peering/tokens/" + *find_string(made.body, "id")).status, 200);
  EXPECT_THAT(ask("grant_type=client_credentials&client_id=ada&client_secret=" + secret).text,
              Not(HasSubstr("expired")));
}

TEST_F(TokenEndpoint, TakesHttpBasicInstead) {
  EXPECT_EQ(ask_basic("Basic " + to_base64("admin:" + admin)).status, 200);
  EXPECT_EQ(ask_basic("basic YWRtaW4lM0E6eA==").status, 401);
  for (const char* bad :
       {"Basic", "Basic ", "Basic =", "Basic YWRtaW4=", "Basic %61", "Bearer YWRtaW46eA==", "x"}) {
    expect_refused(ask_basic(bad), 401, "invalid_client");
  }
  expect_refused(ask_basic("Basic YWRtaW46eA=="), 401, "invalid_client");
  expect_refused(ask_basic("Basic YWRtaW46eA==", credentials()), 400, "invalid_request");
  expect_refused(ask_basic("Basic YWRtaW46eA==", "grant_type=client_credentials&client_id=other"), 400,
                 "invalid_request");
}

TEST_F(TokenEndpoint, SaysTheSameOfClientsThatDoNotExistAndOfWrongSecrets) {
  const Reply wrong = ask("grant_type=client_credentials&client_id=admin&client_secret=pt-admin.x");
  expect_refused(wrong, 401, "invalid_client");
  for (const char* other : {"client_id=nobody&client_secret=pt-nobody.x", "client_id=admin&client_secret=x",
                            "client_id=nobody&client_secret=pt-admin.x"}) {
    EXPECT_EQ(ask(std::string("grant_type=client_credentials&") + other).text, wrong.text) << other;
  }
  EXPECT_EQ(ask(credentials("nobody")).text, wrong.text);
}

TEST_F(TokenEndpoint, RefusesWhatItDoesNotUnderstand) {
  expect_refused(ask("client_id=admin&client_secret=" + admin), 400, "invalid_request");
  expect_refused(ask("grant_type=&client_id=admin&client_secret=" + admin), 400, "invalid_request");
  expect_refused(ask(credentials() + "&client_id=admin"), 400, "invalid_request");
  expect_refused(ask(credentials() + "&x=%zz"), 400, "invalid_request");
  expect_refused(ask("grant_type=client_credentials&client_id=admin"), 401, "invalid_client");
  expect_refused(ask("grant_type=client_credentials&client_secret=" + admin), 401, "invalid_client");
  expect_refused(ask("grant_type=password&username=a&password=b"), 400, "unsupported_grant_type");
  expect_refused(ask(credentials() + "&pad=" + std::string(16 * 1024, 'x')), 400, "invalid_request");
  http::Request json = asking(credentials());
  json.headers.set("Content-Type", "application/json");
  expect_refused(send(json), 400, "invalid_request");
  http::Request packed = asking(credentials());
  packed.headers.set("Content-Encoding", "gzip");
  expect_refused(send(packed), 400, "invalid_request");
  http::Request read = asking("");
  read.method = Method::get;
  EXPECT_EQ(send(read).status, 405);
}

TEST_F(TokenEndpoint, GivesNoTokenForAnotherService) {
  for (const char* scope : {"https%3A%2F%2Fgraph.microsoft.com%2F.default", "openid",
                            "https%3A%2F%2Fpeering.example%3A8471.evil.example%2F.default",
                            "https%3A%2F%2Fpeering.example%2F.default", "%2F.default"}) {
    expect_refused(ask(credentials() + "&scope=" + scope), 400, "invalid_scope");
  }
  expect_refused(ask(credentials() + "&resource=https%3A%2F%2Fgraph.microsoft.com"), 400, "invalid_target");
  for (const char* here : {"scope=https%3A%2F%2Fmanagement.azure.com%2F.default",
                           "resource=https%3A%2F%2Fmanagement.core.windows.net%2F",
                           "resource=https%3A%2F%2FPEERING.example%3A8471"}) {
    EXPECT_EQ(ask(credentials() + "&" + here).status, 200) << here;
  }
}

TEST_F(TokenEndpoint, IsFoundByMetadataAtThreePlaces) {
  const std::string tenant = "/00000000-0000-0000-0000-000000000000/v2.0";
  for (const auto& [path, issuer] : std::vector<std::pair<std::string, std::string>>{
           {"/.well-known/oauth-authorization-server", ""},
           {"/adfs/.well-known/openid-configuration", "/adfs"},
           {tenant + "/.well-known/openid-configuration", tenant}}) {
    http::Request given = asking("");
    given.method = Method::get;
    given.target = path;
    const Reply reply = send(given);
    ASSERT_EQ(reply.status, 200) << path;
    EXPECT_EQ(find_string(reply.body, "issuer"), "https://peering.example:8471" + issuer);
    EXPECT_EQ(find_string(reply.body, "token_endpoint"), "https://peering.example:8471/adfs/oauth2/token");
    EXPECT_EQ(reply.body.at("grant_types_supported"), json::value(json::array{"client_credentials"}));
  }
  EXPECT_EQ(get("/adfs/discovery/keys").body, json::value(json::object{{"keys", json::array()}}));
  EXPECT_EQ(get("/11111111-0000-0000-0000-000000000000/v2.0/.well-known/openid-configuration").status, 404);
  http::Request page = asking("");
  page.method = Method::get;
  page.target = "/adfs/oauth2/authorize?response_type=code";
  expect_refused(send(page), 400, "unsupported_response_type");
}

class Directory : public ApiFixture {
 protected:
  std::vector<std::string> names(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.text;
    std::vector<std::string> out;
    for (const json::value& each : reply.body.at("value").as_array())
      out.push_back(*find_string(each, "displayName"));
    return out;
  }
  Reply named(const std::string& token, const std::string& name) {
    return send_as(token, Method::get,
                   "/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c%20eq%20'" + name + "')");
  }
};

TEST_F(Directory, TellsNamesOfTokensToThoseWhoDealInThem) {
  make_group();
  make_group(sub_b);
  const Reply made =
      post("/providers/Open.Peering/tokens",
           json::serialize(json::object{{"role", "Reader"}, {"scope", sub_a}, {"name", "ada"}}));
  const std::string id = *find_string(made.body, "id");
  const std::string owner = token("Owner", sub_a), reader = token("Reader", sub_a),
                    stranger = token("Owner", sub_b);
  const std::string ids = fmt::format(R"({{"ids":["{}","none"]}})", id);
  EXPECT_EQ(names(named(owner, id)), std::vector<std::string>{"ada"});
  EXPECT_EQ(names(named(owner, "ADA")), std::vector<std::string>{"ada"});
  EXPECT_TRUE(names(named(owner, "none")).empty());
  const auto by_ids = [&](const std::string& token) {
    return send_as(token, Method::post, "/v1.0/directoryObjects/getByIds", ids);
  };
  EXPECT_EQ(names(by_ids(owner)), std::vector<std::string>{"ada"});
  for (const std::string& other : {reader, stranger}) {
    EXPECT_TRUE(names(named(other, id)).empty());
    EXPECT_TRUE(names(by_ids(other)).empty());
  }
  EXPECT_EQ(send_as(owner, Method::get, "/v1.0/servicePrincipals?$filter=x%20eq%20'y'").status, 400);
  for (const char* body : {R"({"ids":"a"})", R"({"ids":[1]})", R"({"ids":["a"],"types":["a\nb"]})", "[]"}) {
    EXPECT_EQ(send_as(owner, Method::post, "/v1.0/directoryObjects/getByIds", body).status, 400) << body;
  }
  EXPECT_EQ(send_as("pt-x.y", Method::get, "/v1.0/servicePrincipals").status, 401);
}

}  // namespace
}  // namespace peering::api
