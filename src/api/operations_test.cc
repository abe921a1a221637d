// The provider's operations and the metrics of its types.
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using Operations = ApiFixture;

TEST_F(Operations, AreListedWithTheTextsThatClientsShow) {
  const Reply reply = get("/providers/Microsoft.Peering/operations");
  ASSERT_EQ(reply.status, 200);
  ASSERT_EQ(reply.items(), 27U);
  EXPECT_EQ(reply.body.at("value").at(0), *parse_json(R"({"name":"Microsoft.Peering/register/action",
      "display":{"provider":"Microsoft.Peering","resource":"Peering Resource Provider",
      "operation":"Registers the Peering Resource Provider",
      "description":"Registers the subscription for the Peering Resource Provider and enables the )"
                                                      R"(creation of peerings"},
      "isDataAction":false})"));
  std::set<std::string> names;
  for (const json::value& each : reply.body.at("value").as_array()) {
    EXPECT_TRUE(names.insert(*find_string(each, "name")).second);
    EXPECT_FALSE(each.at("isDataAction").as_bool());
  }
  EXPECT_TRUE(names.contains("Microsoft.Peering/peeringServices/connectionMonitorTests/delete"));
}

TEST_F(Operations, ThatReadATypeCarryItsMetrics) {
  const Reply reply = get("/providers/Microsoft.Peering/operations");
  std::map<std::string, json::array> carried;
  for (const json::value& each : reply.body.at("value").as_array()) {
    const json::value* properties = find(each, "properties");
    if (!properties) continue;
    carried[*find_string(each, "name")] =
        properties->at("serviceSpecification").at("metricSpecifications").as_array();
  }
  ASSERT_EQ(carried.size(), 2U);
  EXPECT_EQ(carried.at("Microsoft.Peering/peeringServices/read").at(0),
            *parse_json(R"({"name":"RoundTripTime","displayName":"Round Trip Time",
      "displayDescription":"Average round trip time","unit":"Milliseconds","aggregationType":"Average",
      "supportedTimeGrainTypes":["PT1M"],
      "dimensions":[{"name":"ConnectionMonitorTestName","displayName":"ConnectionMonitorTestName"}]})"));
  std::set<std::string> names;
  for (const json::value& each : carried.at("Microsoft.Peering/peerings/read")) {
    names.insert(*find_string(each, "name"));
  }
  for (const std::string_view name : {"AverageCustomerPrefixLatency", "RegisteredPrefixLatency",
                                      "SessionAvailability", "IngressTrafficRate", "EgressTrafficRate",
                                      "PacketDropRate", "FlapCounts", "ConnectivityProbeAvailability"}) {
    EXPECT_TRUE(names.contains(std::string(name))) << name;
  }
}

TEST_F(Operations, NeedATokenAndAVersion) {
  EXPECT_EQ(send(request(http::Method::get, "/providers/Microsoft.Peering/operations")).code(),
            "MissingApiVersionParameter");
  http::Request given = request(http::Method::get, versioned("/providers/Microsoft.Peering/operations"));
  given.headers = {};
  EXPECT_EQ(send(given).code(), "AuthenticationFailed");
}

}  // namespace
}  // namespace peering::api
