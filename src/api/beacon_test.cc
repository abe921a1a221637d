// Samples of browsers: taken from anybody when it is enabled, in bounds, for the address that they come from.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using http::Method;
using testing::HasSubstr;

class Beacon : public ApiFixture {
 protected:
  void enable(std::int64_t network_per_minute_max = 300) {
    make_prefix("203.0.113.0/24");
    refresh_registry();
    Services enabled = services();
    enabled.settings.beacon = {true, "AMS", {"AMS", "FRA"}, network_per_minute_max};
    enabled.offer_samples = [this](const model::SampleBatch& batch) {
      offered.push_back(batch);
      return room;
    };
    api = std::make_unique<Api>(std::move(enabled));
  }
  Reply beacon(std::string body, std::string_view from = "203.0.113.9") {
    http::Request given;
    given.method = Method::post;
    given.target = "/telemetry/beacon";
    given.headers.set("Content-Type", "text/plain;charset=UTF-8");
    given.headers.set("Origin", "https://www.example.com");
    given.body = std::move(body);
    given.remote = net::Address::parse(from).value();
    if (!forwarded_for.empty()) given.headers.set("X-Forwarded-For", forwarded_for);
    return send(given);
  }
  std::string counted(std::string_view result) {
    const std::string text = metrics.render();
    const std::string name = fmt::format("peering_beacon_samples_total{{result=\"{}\"}} ", result);
    const std::size_t at = text.find(name);
    return at == std::string::npos ? ""
                                   : text.substr(at + name.size(), text.find('\n', at) - at - name.size());
  }

  static constexpr const char* one = R"({"samples":[{"rtt_us":40123,"age_ms":1000}]})";
  std::vector<model::SampleBatch> offered;
  bool room = true;
  std::string forwarded_for;
};

TEST_F(Beacon, IsNotThereUnlessItIsEnabled) {
  EXPECT_EQ(beacon(one).status, 404);
  EXPECT_EQ(get("/telemetry/beacon.js").status, 404);
}

TEST_F(Beacon, TakesSamplesWithoutATokenFromPagesOfAnyOrigin) {
  enable();
  const Reply reply = beacon(one);
  EXPECT_EQ(reply.status, 204) << reply.text;
  EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "*");
  ASSERT_EQ(offered.size(), 1U);
  const model::SeriesKey series = offered[0].key(offered[0].series.at(0));
  EXPECT_EQ(series.client.to_string(), "203.0.113.0/24");
  EXPECT_EQ(series.kind, model::SampleKind::handshake);
  EXPECT_EQ(series.pop, "AMS");
  EXPECT_EQ(series.source, "beacon");
  EXPECT_EQ(offered[0].samples.at(0).at, clock - std::chrono::seconds(1));
  EXPECT_EQ(counted("sample"), "1");
}

TEST_F(Beacon, OnlyAProxyOnThisMachineSaysForWhomItSpeaks) {
  enable();
  forwarded_for = "198.51.100.1, 203.0.113.77";
  EXPECT_EQ(beacon(one, "127.0.0.1").status, 204);
  EXPECT_EQ(offered.size(), 1U);
  EXPECT_EQ(beacon(one, "192.0.2.1").status, 204);
  EXPECT_EQ(offered.size(), 1U) << "of nobody who is registered";
  EXPECT_EQ(counted("unmatched"), "1");
}

TEST_F(Beacon, EachNetworkMaySendSoMuchAMinute) {
  enable(2);
  EXPECT_EQ(beacon(one).status, 204);
  EXPECT_EQ(beacon(one, "203.0.113.200").status, 204);
  const Reply refused = beacon(one);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("Retry-After"), "60");
  EXPECT_EQ(beacon(one, "198.51.100.1").status, 204) << "another network";
  EXPECT_EQ(counted("limited"), "1");
  clock += std::chrono::minutes(1);
  EXPECT_EQ(beacon(one).status, 204);
}

TEST_F(Beacon, RefusesWhatIsNoneAndWhatCannotBeStored) {
  enable();
  EXPECT_EQ(beacon("no JSON").status, 400);
  EXPECT_EQ(beacon("{}").status, 400);
  EXPECT_EQ(beacon(std::string(10'000, ' ')).status, 413);
  EXPECT_EQ(beacon(R"({"samples":[{"rtt_us":40123,"age_ms":1000,"pop":"LON"}]})").status, 204);
  EXPECT_EQ(counted("rejected"), "1");
  room = false;
  EXPECT_EQ(beacon(one).status, 429);
  EXPECT_EQ(counted("limited"), "1");
}

TEST_F(Beacon, TheScriptMayBeUsedByOtherOriginsAndIsKeptForAnHour) {
  enable();
  const Reply script = get("/telemetry/beacon.js");
  EXPECT_EQ(script.status, 200);
  EXPECT_THAT(script.header("Content-Type"), HasSubstr("text/javascript"));
  EXPECT_EQ(script.header("Cross-Origin-Resource-Policy"), "cross-origin");
  EXPECT_THAT(script.text, HasSubstr("sendBeacon"));
}

}  // namespace
}  // namespace peering::api
