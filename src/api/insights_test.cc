// Metrics of connections and peerings, asked for as Azure Monitor's clients do.
#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "api/peering_fixture.h"

namespace peering::api {
namespace {

using http::Method;
using testing::HasSubstr;

class Insights : public ApiFixture {
 protected:
  Insights() {
    prefix = make_prefix("203.0.113.0/24");
    EXPECT_EQ(put(service + "/prefixes/p2", prefix_body("198.51.100.0/24")).status, 201);
    refresh_registry();
  }
  void hand_in(int rtt_us, std::string_view client, std::string_view time, std::string_view kind = "srtt") {
    http::Request given =
        request(Method::post, "/telemetry/samples",
                fmt::format(R"({{"time":"{}","client":"{}","pop":"AMS","rtt_us":{},"kind":"{}"}})", time,
                            client, rtt_us, kind));
    given.headers.set("Content-Type", "application/x-ndjson");
    ASSERT_EQ(send(given).status, 202);
  }
  Reply metrics(const std::string& query, std::string_view of = "") {
    return get(fmt::format("{}/providers/Microsoft.Insights/metrics?{}", of.empty() ? service : of, query));
  }
  static const json::array& series(const Reply& reply) {
    return reply.body.at("value").at(0).at("timeseries").as_array();
  }
  const std::string service = service_path("svc1");
  std::string prefix;
  static constexpr const char* three_hours =
      "metricnames=PrefixLatency&timespan=2026-11-23T09:00:00Z/2026-11-23T12:00:00Z&interval=PT1H";
};

TEST_F(Insights, PrefixLatencyIsTheAverageOfHourlyMediansAndAGapStaysAGap) {
  for (const int ms : {10, 20, 90}) hand_in(ms * 1000, "203.0.113.9", "2026-11-23T09:10:00Z");
  hand_in(40'000, "198.51.100.7", "2026-11-23T09:50:00Z");
  hand_in(30'000, "203.0.113.9", "2026-11-23T11:59:59Z");
  const Reply reply = metrics(three_hours);
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(find_string(reply.body, "namespace"), "Microsoft.Peering/peeringServices");
  EXPECT_EQ(find_string(reply.body, "interval"), "PT1H");
  EXPECT_EQ(find_string(reply.body, "resourceregion"), "eastus");
  EXPECT_EQ(find_string(reply.body, "timespan"), "2026-11-23T09:00:00Z/2026-11-23T12:00:00Z");
  const json::value& metric = reply.body.at("value").at(0);
  EXPECT_EQ(find_string(metric, "id"), service + "/providers/Microsoft.Insights/metrics/PrefixLatency");
  EXPECT_EQ(find_string(metric, "type"), "Microsoft.Insights/metrics");
  EXPECT_EQ(find_string(metric, "unit"), "MilliSeconds");
  EXPECT_EQ(find_string(metric, "errorCode"), "Success");
  EXPECT_EQ(metric.at("name"), *parse_json(R"({"value":"PrefixLatency","localizedValue":"Prefix Latency"})"));
  ASSERT_EQ(series(reply).size(), 1U);
  EXPECT_TRUE(series(reply).at(0).at("metadatavalues").as_array().empty());
  const json::array& data = series(reply).at(0).at("data").as_array();
  ASSERT_EQ(data.size(), 3U);
  EXPECT_NEAR(data.at(0).at("average").as_double(), (20 + 40) / 2.0, 0.3);
  EXPECT_EQ(data.at(1), *parse_json(R"({"timeStamp":"2026-11-23T10:00:00Z"})"));
  EXPECT_NEAR(data.at(2).at("average").as_double(), 30, 0.3);
}

TEST_F(Insights, TimesMayComeAsAzSendsThem) {
  // Encoded twice, and without an offset.
  const Reply reply = metrics(
      "metricnames=PrefixLatency&timespan=2026-11-23T09%253A00%253A00.5%252F2026-11-23T12%253A00%253A00&"
      "interval=PT1H");
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(find_string(reply.body, "timespan"), "2026-11-23T09:00:00.500Z/2026-11-23T12:00:00Z");
  EXPECT_EQ(metrics("metricnames=PrefixLatency&timespan=2026%25zz").status, 400);
}

TEST_F(Insights, AFilterSplitsByDimension) {
  hand_in(10'000, "203.0.113.9", "2026-11-23T11:10:00Z");
  hand_in(40'000, "198.51.100.7", "2026-11-23T11:10:00Z");
  const Reply each =
      metrics(std::string(three_hours) + "&$filter=PrefixName%20eq%20'*'&orderby=average%20desc");
  ASSERT_EQ(each.status, 200) << each.text;
  ASSERT_EQ(series(each).size(), 2U);
  EXPECT_EQ(series(each).at(0).at("metadatavalues"),
            *parse_json(R"([{"name":{"value":"prefixname","localizedValue":"prefixname"},"value":"p2"}])"));
  EXPECT_EQ(find_string(series(each).at(1).at("metadatavalues").at(0), "value"), "p1");
  const Reply one = metrics(std::string(three_hours) + "&$filter=PrefixName%20eq%20'P1'");
  ASSERT_EQ(series(one).size(), 1U);
  EXPECT_NEAR(series(one).at(0).at("data").at(2).at("average").as_double(), 10, 0.1);
  const Reply top =
      metrics(std::string(three_hours) + "&$filter=PrefixName%20eq%20'*'&top=1&orderby=average");
  ASSERT_EQ(series(top).size(), 1U);
  EXPECT_EQ(find_string(series(top).at(0).at("metadatavalues").at(0), "value"), "p1");
  const Reply names =
      metrics(std::string(three_hours) + "&$filter=PrefixName%20eq%20'*'&resultType=Metadata");
  EXPECT_FALSE(series(names).at(0).as_object().contains("data"));
}

TEST_F(Insights, EveryAggregationIsOfTheMedians) {
  hand_in(10'000, "203.0.113.9", "2026-11-23T11:10:00Z");
  hand_in(40'000, "198.51.100.7", "2026-11-23T11:10:00Z");
  const Reply reply = metrics(std::string(three_hours) + "&aggregation=Average,Minimum,Maximum,Total,Count");
  const json::value& point = series(reply).at(0).at("data").at(2);
  EXPECT_NEAR(point.at("average").as_double(), 25, 0.3);
  EXPECT_NEAR(point.at("minimum").as_double(), 10, 0.1);
  EXPECT_NEAR(point.at("maximum").as_double(), 40, 0.4);
  EXPECT_NEAR(point.at("total").as_double(), 50, 0.5);
  EXPECT_EQ(point.at("count").as_double(), 2);
}

TEST_F(Insights, ProbesAnswerOnlyForAnHourThatClientsLeaveEmpty) {
  hand_in(10'000, "203.0.113.9", "2026-11-23T10:10:00Z", "handshake");
  hand_in(50'000, "203.0.113.9", "2026-11-23T10:10:00Z", "icmp");
  hand_in(50'000, "203.0.113.9", "2026-11-23T11:10:00Z", "icmp");
  const json::array data = series(metrics(three_hours)).at(0).at("data").as_array();
  EXPECT_NEAR(data.at(1).at("average").as_double(), 10, 0.1);
  EXPECT_NEAR(data.at(2).at("average").as_double(), 50, 0.5);
}

TEST_F(Insights, DefinitionsSayWhatThereIs) {
  const Reply reply = send(request(
      Method::get, service + "/providers/microsoft.insights/metricDefinitions?api-version=2018-01-01"));
  ASSERT_EQ(reply.status, 200) << reply.text;
  ASSERT_EQ(reply.items(), 2U);
  EXPECT_EQ(reply.body.at("value").at(1), *parse_json(fmt::format(R"({{
      "id":"{0}/providers/microsoft.insights/metricdefinitions/PrefixLatency","resourceId":"{0}",
      "namespace":"Microsoft.Peering/peeringServices",
      "name":{{"value":"PrefixLatency","localizedValue":"Prefix Latency"}},
      "displayDescription":"Median prefix latency","isDimensionRequired":false,"unit":"MilliSeconds",
      "primaryAggregationType":"Average",
      "supportedAggregationTypes":["None","Average","Minimum","Maximum","Total","Count"],
      "metricAvailabilities":[{{"timeGrain":"PT1H","retention":"P93D"}}],
      "dimensions":[{{"value":"PrefixName","localizedValue":"PrefixName"}}]}})",
                                                                  service)));
  const Reply spaces = get(service + "/providers/Microsoft.Insights/metricNamespaces");
  ASSERT_EQ(spaces.status, 200) << spaces.text;
  EXPECT_EQ(find_string(spaces.body.at("value").at(0).at("properties"), "metricNamespaceName"),
            "Microsoft.Peering/peeringServices");
}

TEST_F(Insights, AnIdThatBeginsWithTwoSlashesIsTheSame) {
  EXPECT_EQ(get("/" + service + "/providers/Microsoft.Insights/metricDefinitions").status, 200);
}

TEST_F(Insights, WhatIsNotThereIsMissing) {
  EXPECT_EQ(metrics("", service_path("none")).code(), "ResourceNotFound");
  EXPECT_EQ(metrics("metricnames=none").code(), "BadRequest");
  EXPECT_EQ(get(prefix + "/providers/Microsoft.Insights/metrics").code(), "InvalidResourceType");
  const std::string unknown = "/providers/Microsoft.Insights/metrics?api-version=2010-01-01";
  EXPECT_EQ(send(request(Method::get, service + unknown)).code(), "InvalidApiVersionParameter");
}

class PeeringInsights : public Peerings {
 protected:
  PeeringInsights() {
    EXPECT_EQ(decide(asn, "approve").status, 200);
    json::value body = direct();
    connection(body).at("bgpSession") =
        json::object{{"peerSessionIPv4Address", "192.0.2.1"}, {"peerSessionIPv6Address", "2001:db8::1"}};
    const Reply made = put_at(body);
    EXPECT_EQ(made.status, 201) << made.text;
  }
  void changed(std::string_view peer, std::string_view time, model::SessionState state,
               net::Asn peer_asn = 13335) {
    const model::SessionChange change{*net::Address::parse(peer),
                                      "edge-1",
                                      0,
                                      *parse_rfc3339("2026-11-23T" + std::string(time) + "Z"),
                                      state,
                                      peer_asn};
    ASSERT_TRUE(telemetry.append_session_changes({&change, 1}, clock));
  }
  // From 11:00 to 11:15 in three points.
  json::array points(const std::string& metric, const std::string& more = "", std::size_t of = 0) {
    const Reply reply =
        get(fmt::format("{}/providers/Microsoft.Insights/metrics?metricnames={}&interval=PT5M"
                        "&timespan=2026-11-23T11:00:00Z/2026-11-23T11:15:00Z{}",
                        path, metric, more));
    EXPECT_EQ(reply.status, 200) << reply.text;
    const json::array& series = reply.body.at("value").at(0).at("timeseries").as_array();
    return of < series.size() ? series.at(of).at("data").as_array() : json::array{};
  }
  static std::optional<double> value(const json::array& points, std::size_t at,
                                     std::string_view aggregation = "average") {
    const json::value* number = points.at(at).as_object().if_contains(aggregation);
    return number ? std::optional(number->to_number<double>()) : std::nullopt;
  }
};

using enum model::SessionState;

TEST_F(PeeringInsights, AvailabilityIsThePartOfTheKnownTimeThatASessionWasEstablished) {
  ASSERT_EQ(decide_on_connection("approve").status, 200);
  changed("192.0.2.1", "10:00:00", established);
  changed("192.0.2.1", "11:04:00", down);
  changed("192.0.2.1", "11:08:00", established);
  changed("192.0.2.1", "11:09:00", unknown);
  const json::array all = points("SessionAvailability");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_DOUBLE_EQ(*value(all, 0), 0.8);
  EXPECT_DOUBLE_EQ(*value(all, 1), 0.25) << "one of four minutes of which something is known";
  EXPECT_EQ(value(all, 2), std::nullopt) << "nothing is known: a gap";
  const json::array flaps = points("FlapCounts");
  EXPECT_EQ(value(flaps, 0, "total"), 1);
  EXPECT_EQ(value(flaps, 1, "total"), 0);
  EXPECT_EQ(value(flaps, 2, "total"), std::nullopt);
}

TEST_F(PeeringInsights, SessionsAreToldApartByAddressAndFamily) {
  ASSERT_EQ(decide_on_connection("approve").status, 200);
  changed("192.0.2.1", "10:00:00", established);
  changed("2001:db8::1", "10:00:00", down);
  EXPECT_DOUBLE_EQ(*value(points("SessionAvailability"), 0), 0.5) << "the average of both";
  const std::string split = "&$filter=SessionIp%20eq%20'*'&orderby=average%20desc";
  EXPECT_EQ(value(points("SessionAvailability", split, 0), 0), 1);
  EXPECT_EQ(value(points("SessionAvailability", split, 1), 0), 0);
  const auto hour = [&](std::string_view metric) {
    return get(fmt::format("{}/providers/Microsoft.Insights/metrics?metricnames={}&interval=PT1H"
                           "&timespan=2026-11-23T10:00:00Z/2026-11-23T11:00:00Z",
                           path, metric))
        .body.at("value")
        .at(0)
        .at("timeseries")
        .at(0)
        .at("data")
        .at(0)
        .at("average");
  };
  EXPECT_EQ(hour("SessionAvailabilityV4").to_number<double>(), 100);
  EXPECT_EQ(hour("SessionAvailabilityV6").to_number<double>(), 0);
}

TEST_F(PeeringInsights, WhatIsNotThePeersIsNotTold) {
  changed("192.0.2.1", "10:00:00", established);
  EXPECT_TRUE(points("SessionAvailability").empty()) << "the connection is not approved";
  ASSERT_EQ(decide_on_connection("approve").status, 200);
  EXPECT_EQ(points("SessionAvailability").size(), 3U);
  changed("192.0.2.1", "10:30:00", established, 3333);
  EXPECT_TRUE(points("SessionAvailability").empty()) << "another AS has the address now";
}

TEST_F(PeeringInsights, TrafficIsKnownAndHasNoValues) { EXPECT_TRUE(points("IngressTrafficRate").empty()); }

class ProbeInsights : public ApiFixture {
 protected:
  ProbeInsights() {
    Services with = services();
    with.test_results = [this](std::string_view owner, std::string_view name, TimePoint from, TimePoint to) {
      std::vector<model::TestResult> out;
      if (model::lower(owner) != model::lower(service) || name != "web") return out;
      for (const model::TestResult& each : results) {
        if (each.at >= from && each.at < to) out.push_back(each);
      }
      return out;
    };
    api = std::make_unique<Api>(std::move(with));
  }
  const std::string service = service_path("svc1");
  std::vector<model::TestResult> results;
};

TEST_F(ProbeInsights, RoundTripTimesAreThoseOfTheTestsThatSucceeded) {
  make_service();
  for (const std::string_view name : {"web", "idle"}) {
    ASSERT_EQ(
        put(fmt::format("{}/connectionMonitorTests/{}", service, name),
            R"({"properties":{"destination":"192.0.2.1","destinationPort":443,"testFrequencyInSec":30}})")
            .status,
        201);
  }
  const TimePoint noon = *parse_rfc3339("2026-11-23T11:58:00Z");
  results = {{noon, 20'000}, {noon + std::chrono::seconds(30), 40'000}, {noon + std::chrono::minutes(1), {}}};
  const Reply reply =
      get(service +
          "/providers/Microsoft.Insights/metrics?metricnames=RoundTripTime&aggregation=average,count"
          "&timespan=2026-11-23T11:58:00Z/2026-11-23T12:00:00Z&$filter=ConnectionMonitorTestName%20eq%20'*'");
  ASSERT_EQ(reply.status, 200) << reply.text;
  const json::array& series = reply.body.at("value").at(0).at("timeseries").as_array();
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(find_string(series.at(1).at("metadatavalues").at(0), "value"), "web");
  EXPECT_EQ(series.at(1).at("data"),
            *parse_json(R"([{"timeStamp":"2026-11-23T11:58:00Z","average":30.0,"count":2.0},
                            {"timeStamp":"2026-11-23T11:59:00Z"}])"));
}

}  // namespace
}  // namespace peering::api
