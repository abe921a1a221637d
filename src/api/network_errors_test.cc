// Reports of browsers in, counts by PoP and hour out.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using http::Method;

class NetworkErrors : public ApiFixture {
 protected:
  NetworkErrors() {
    prefix = make_prefix("203.0.113.0/24");
    refresh_registry();
  }
  void enable_reports() {
    Services enabled = services();
    enabled.settings.beacon = {true, "AMS", {"AMS", "FRA"}, 3};
    api = std::make_unique<Api>(std::move(enabled));
    EXPECT_TRUE(api->bootstrap(folder));
  }
  Reply from_browser(Method method, std::string target, std::string body = "") {
    http::Request given;
    given.method = method;
    given.target = std::move(target);
    given.headers.set("Content-Type", "application/reports+json");
    given.body = std::move(body);
    given.remote = net::Address::parse("203.0.113.9").value();
    return send(given);
  }
  static constexpr const char* failure =
      R"([{"age":0,"type":"network-error","body":{"phase":"connection","type":"tcp.refused"}}])";
  std::string prefix;
};

TEST_F(NetworkErrors, AreCountedForThePrefixTheyComeFrom) {
  enable_reports();
  EXPECT_EQ(from_browser(Method::post, "/telemetry/network-errors?pop=FRA", failure).status, 204);
  EXPECT_EQ(from_browser(Method::post, "/telemetry/network-errors", failure).status, 204);
  const Reply shown = get(prefix + "/providers/Open.Peering/reachability?timespan=PT6H");
  ASSERT_EQ(shown.status, 200) << shown.text;
  const json::array& hours = shown.body.at("hours").as_array();
  ASSERT_EQ(hours.size(), 2U);
  EXPECT_EQ(find_string(hours[0], "pop"), "AMS");
  EXPECT_EQ(find_string(hours[1], "pop"), "FRA");
  EXPECT_EQ(hours[0].at("reports"), *parse_json(R"({"ok":0,"dns":0,"connection":1,"application":0})"));
}

TEST_F(NetworkErrors, ABrowserMayAskFirst) {
  enable_reports();
  const Reply asked = from_browser(Method::options, "/telemetry/network-errors");
  EXPECT_EQ(asked.status, 204);
  EXPECT_EQ(asked.header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(asked.header("Access-Control-Allow-Headers"), "Content-Type");
}

TEST_F(NetworkErrors, AreRefusedWhenOffMalformedOrTooMany) {
  EXPECT_EQ(from_browser(Method::post, "/telemetry/network-errors", failure).status, 404);
  enable_reports();
  EXPECT_EQ(from_browser(Method::post, "/telemetry/network-errors?pop=LON", failure).status, 400);
  EXPECT_EQ(from_browser(Method::post, "/telemetry/network-errors", "{}").status, 400);
  for (int i = 0; i < 3; ++i) from_browser(Method::post, "/telemetry/network-errors", failure);
  EXPECT_EQ(from_browser(Method::post, "/telemetry/network-errors", failure).status, 429);
}

}  // namespace
}  // namespace peering::api
