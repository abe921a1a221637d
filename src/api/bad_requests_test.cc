// Requests that mean to be misunderstood: each is told what is wrong, in JSON that is UTF-8.
#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "base/utf8.h"

namespace peering::api {
namespace {

using http::Method;
using testing::AllOf;
using testing::HasSubstr;

class BadRequests : public ApiFixture {
 protected:
  Reply get_at(const std::string& target) { return send(request(Method::get, target)); }
};

TEST_F(BadRequests, PathsThatOthersWouldReadDifferentlyAreRefused) {
  make_group();
  for (const char* segment :
       {"..", "%2e%2E", ".", "a%2Fb", "a%5Cb", "a%00", "%c0%af", "%ff", "a%zz", "a%2", "%0d%0aX:1"}) {
    const Reply reply = get_at(std::string(sub_a) + "/resourceGroups/" + segment + "?api-version=2021-04-01");
    EXPECT_EQ(reply.status, 400) << segment;
    EXPECT_EQ(reply.code(), "BadArgument") << segment;
    EXPECT_THAT(reply.message(), AllOf(HasSubstr(segment), HasSubstr("is not accepted"))) << segment;
    EXPECT_TRUE(is_utf8(reply.text));
  }
  EXPECT_EQ(get_at("/subscriptions//x?api-version=2022-12-01").code(), "BadArgument");
  // Decoded once: this is a name with a percent sign.
  EXPECT_EQ(get_at(std::string(sub_a) + "/resourceGroups/a%252Fb?api-version=2021-04-01").code(),
            "ResourceGroupNotFound");
}

TEST_F(BadRequests, AParameterThatComesTwiceIsRefused) {
  for (const char* query :
       {"api-version=2022-12-01&api-version=2021-04-01", "api-version=2022-12-01&API-VERSION=2022-12-01",
        "api-version=2022-12-01&%61pi-version=x"}) {
    const Reply reply = get_at(std::string("/subscriptions?") + query);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_THAT(reply.message(), AllOf(HasSubstr("query '"), HasSubstr("a parameter comes once"))) << query;
  }
  EXPECT_THAT(get_at("/subscriptions?api-version=%ff").message(),
              AllOf(HasSubstr("%ff"), HasSubstr("UTF-8")));
}

TEST_F(BadRequests, UnknownMethodsAreNamed) {
  http::Request given = request(Method::other, "/healthz");
  given.verb = "BREW";
  const Reply reply = send(given);
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.header("Allow"), "GET");
  EXPECT_THAT(reply.message(), HasSubstr("'BREW'"));
  given.verb = std::string(20'000, 'B');
  EXPECT_LT(send(given).message().size(), 200U);
}

TEST_F(BadRequests, ResourcesAreNotCompressed) {
  make_group();
  http::Request given = request(Method::put, versioned(service_path("s")), service_body);
  given.headers.set("Content-Encoding", "gzip");
  const Reply reply = send(given);
  EXPECT_EQ(reply.status, 415);
  EXPECT_EQ(reply.code(), "UnsupportedMediaType");
  EXPECT_THAT(reply.message(), HasSubstr("Content-Encoding 'gzip'"));
  given.headers.set("Content-Encoding", "identity");
  EXPECT_EQ(send(given).status, 201);
}

TEST_F(BadRequests, SettingsAreNotAsLargeAsBodiesMayBe) {
  const std::string url = make_prefix() + "/providers/Open.Peering/monitoring/default";
  std::string numbers = "1";
  for (int i = 2; i <= 1000; ++i) numbers += fmt::format(",{}", i);
  for (const std::string& member :
       {"\"upstreams\":[" + numbers + "]", "\"group\":\"" + std::string(257, 'g') + "\"",
        "\"description\":\"" + std::string(1025, 'd') + "\"", std::string(R"("description":"a\u0000b")")}) {
    const Reply reply = put(url, "{\"properties\":{" + member + "}}");
    EXPECT_EQ(reply.status, 400) << member.substr(0, 40);
    EXPECT_EQ(reply.code(), "InvalidRequestContent");
    EXPECT_THAT(reply.message(), HasSubstr("properties." + member.substr(1, 5)));
  }
  EXPECT_EQ(put(url, R"({"properties":{"upstreams":[1,2],"description":"the branch"}})").status, 201);
}

TEST_F(BadRequests, AnExportIsOfIdsThatAreSome) {
  make_group();
  const std::string url = std::string(sub_a) + "/resourceGroups/rg1/exportTemplate";
  for (const char* text : {"x", "", "/x/../y", "/subscriptions/a\\u0000b"}) {
    const Reply reply = post(url, fmt::format(R"({{"resources":["{}"]}})", text));
    EXPECT_EQ(reply.code(), "InvalidRequestContent") << text;
    EXPECT_THAT(reply.message(), HasSubstr("resources[]"));
  }
  EXPECT_EQ(post(url, R"({"resources":["*"]})").status, 200);
}

TEST_F(BadRequests, MessagesStayShortAndUtf8) {
  make_group();
  const std::string key(100'000, 'k');
  for (const std::string& body : std::vector<std::string>{
           "{\"" + key + "\":1,\"location\":\"" + key + "\"}", "{\"location\":[\"" + key + "\"]}",
           R"({"tags":{"a\u0000b":"c"}})", R"({"tags":{"a":"b\u0007"}})", std::string("\xff\xfe{}"),
           std::string("\xef\xbb\xbf{}")}) {
    const Reply reply = put(service_path("s"), body);
    EXPECT_EQ(reply.status, 400) << body.substr(0, 40);
    EXPECT_LT(reply.message().size(), 1000U) << body.substr(0, 40);
    EXPECT_TRUE(is_utf8(reply.text));
  }
}

}  // namespace
}  // namespace peering::api
