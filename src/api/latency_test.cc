// Samples in, report out, with the real recorder on a memory store.
#include <gmock/gmock.h>

#include "api/access.h"
#include "api/api_fixture.h"

namespace peering::api {
namespace {

using http::Method;
using testing::HasSubstr;

class Latency : public ApiFixture {
 protected:
  Latency() {
    prefix = make_prefix("203.0.113.0/24");
    refresh_registry();
  }
  Reply hand_in(std::string body, std::string_view type = "application/x-ndjson", std::string_view key = "") {
    http::Request given = request(Method::post, "/telemetry/samples", std::move(body));
    given.headers.set("Content-Type", type);
    if (!key.empty()) given.headers.set("Idempotency-Key", key);
    return send(given);
  }
  static std::string sample(int rtt_us, std::string_view client = "203.0.113.9",
                            std::string_view time = "2026-11-23T11:57:00Z") {
    return fmt::format(R"({{"time":"{}","client":"{}","pop":"AMS","rtt_us":{}}})"
                       "\n",
                       time, client, rtt_us);
  }
  Reply report(const std::string& base, const std::string& query = "timespan=PT6H") {
    return get(base + "/providers/Open.Peering/latency?" + query);
  }
  // Samples in all points of a report.
  static std::uint64_t total(const Reply& reply) {
    std::uint64_t out = 0;
    for (const json::value& series : reply.body.at("series").as_array()) {
      for (const json::value& point : series.at("points").as_array()) {
        out += point.at("count").to_number<std::uint64_t>();
      }
    }
    return out;
  }
  std::string prefix;
};

TEST_F(Latency, WhatWasAcceptedIsInTheNextReport) {
  std::string body;
  for (int i = 1; i <= 100; ++i) body += sample(i * 1000);
  const Reply reply = hand_in(body);
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.body, *parse_json(R"({"accepted":100,"rejected":0,"unmatched":0,"errors":[]})"));
  for (const std::string& base : {prefix, service_path("svc1")}) {
    const Reply shown = report(base);
    ASSERT_EQ(shown.status, 200) << shown.text;
    EXPECT_EQ(find_string(shown.body, "resourceId"), base);
    EXPECT_EQ(total(shown), 100U);
    const json::value& series = shown.body.at("series").at(0);
    EXPECT_EQ(find_string(series, "prefix"), "203.0.113.0/24");
    EXPECT_EQ(find_string(series, "pop"), "AMS");
    for (const json::value& point : series.at("points").as_array()) {
      if (point.at("count") == 0) continue;
      EXPECT_EQ(find_string(point, "start"), "2026-11-23T11:55:00Z");
      EXPECT_NEAR(point.at("p50_us").to_number<double>(), 50'000, 500);
      EXPECT_NEAR(point.at("p99_us").to_number<double>(), 99'000, 990);
    }
  }
  ASSERT_TRUE(recorder.settle());
  EXPECT_EQ(total(report(prefix)), 100U);
}

TEST_F(Latency, BadSamplesAreRejectedOneByOne) {
  std::string body = sample(1000) + sample(0) + sample(-5) + sample(600'000'000) + sample(1000, "nobody");
  body += R"({"time":"2026-11-23T11:57:00Z","client":"203.0.113.9","rtt_us":5})"
          "\n";
  body += "{ this is no JSON\n";
  body += sample(1000, "203.0.113.9", "2026-11-23T12:06:00Z") + sample(1000, "198.51.100.1") + sample(2000);
  const Reply reply = hand_in(body);
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.body.at("accepted"), 3);
  EXPECT_EQ(reply.body.at("unmatched"), 1);
  EXPECT_EQ(reply.body.at("rejected"), 7);
  std::vector<std::pair<std::int64_t, std::string>> errors;
  for (const json::value& error : reply.body.at("errors").as_array()) {
    errors.emplace_back(error.at("index").to_number<std::int64_t>(), *find_string(error, "field"));
  }
  using testing::Pair;
  EXPECT_THAT(errors,
              testing::ElementsAre(Pair(1, "rtt_us"), Pair(2, "rtt_us"), Pair(3, "rtt_us"), Pair(4, "client"),
                                   Pair(5, "pop"), Pair(6, "line"), Pair(7, "time")));
  EXPECT_EQ(total(report(prefix)), 2U);
  EXPECT_THAT(metrics.render(), HasSubstr("peering_samples_rejected_total 7"));
}

TEST_F(Latency, ARetryWithItsKeyCountsOnce) {
  const Reply first = hand_in(sample(1000) + sample(0), "application/x-ndjson", "k1");
  const Reply again = hand_in(sample(1000) + sample(0), "application/x-ndjson", "k1");
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(total(report(prefix)), 1U);
  const Reply other = hand_in(sample(2000), "application/x-ndjson", "k1");
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.code(), "Conflict");
  EXPECT_EQ(hand_in(sample(1000), "application/x-ndjson", std::string(257, 'k')).status, 400);
  EXPECT_EQ(total(report(prefix)), 1U);
}

TEST_F(Latency, BodiesThatCannotBeReadStoreNothing) {
  EXPECT_EQ(hand_in(sample(1000), "image/png").status, 400);
  EXPECT_EQ(hand_in(sample(1000), "").status, 400);
  EXPECT_EQ(hand_in("client,pop\n203.0.113.9,AMS\n", "text/csv").status, 400);
  EXPECT_EQ(hand_in("PSM2 and so on", "application/vnd.peering.samples.v1").status, 400);
  http::Request zipped = request(Method::post, "/telemetry/samples", "no gzip");
  zipped.headers.set("Content-Type", "application/x-ndjson");
  zipped.headers.set("Content-Encoding", "gzip");
  EXPECT_EQ(send(zipped).status, 400);
  EXPECT_EQ(total(report(prefix)), 0U);
}

TEST_F(Latency, AFullQueueAndAFullDiskAreSaid) {
  samples_refused = ErrorCode::unavailable;
  Reply reply = hand_in(sample(1000));
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.header("Retry-After"), "1");
  samples_refused = ErrorCode::out_of_space;
  reply = hand_in(sample(1000));
  EXPECT_EQ(reply.status, 507);
  EXPECT_EQ(reply.code(), "InsufficientStorage");
}

TEST_F(Latency, ComparesThePopsOfAPrefixAndSaysWhetherTheNearestServes) {
  std::string body;
  const auto samples = [&](std::string_view pop, int rtt_us, int count, std::string_view kind = "srtt") {
    for (int i = 0; i < count; ++i)
      body += fmt::format(
          R"({{"time":"2026-11-23T11:57:00Z","client":"203.0.113.9","pop":"{}","rtt_us":{},"kind":"{}"}})"
          "\n",
          pop, rtt_us + i % 10 * 20, kind);
  };
  samples("FRA", 31'000, 400);
  samples("AMS", 22'000, 100);
  samples("LON", 23'000, 100);
  samples("PAR", 9'000, 9);
  samples("FRA", 5'000, 20, "icmp");
  ASSERT_EQ(hand_in(body).status, 202);
  for (const std::string& base : {prefix, service_path("svc1")}) {
    const Reply reply = get(base + "/providers/Open.Peering/latencyComparison?timespan=PT6H");
    ASSERT_EQ(reply.status, 200) << reply.text;
    ASSERT_EQ(reply.body.at("kinds").as_array().size(), 2U) << "kinds are not mixed";
    const json::value& srtt = reply.body.at("kinds").at(0);
    EXPECT_EQ(srtt.at("serving"), "FRA");
    EXPECT_EQ(srtt.at("nearest"), "AMS");
    EXPECT_EQ(srtt.at("servedByNearest"), false);
    std::vector<std::string> standings;
    for (const json::value& each : srtt.at("candidates").as_array())
      standings.push_back(*find_string(each, "pop") + " " + *find_string(each, "standing"));
    EXPECT_THAT(standings, testing::ElementsAre("AMS best", "LON tie", "FRA behind", "PAR insufficient"));
    EXPECT_NEAR(srtt.at("candidates").at(2).at("behind_us").to_number<double>(), 9000, 400);
    EXPECT_EQ(reply.body.at("kinds").at(1).at("servedByNearest"), true);
  }
  EXPECT_EQ(get(prefix + "/providers/Open.Peering/latencyComparison?by=provider").status, 400);
  EXPECT_EQ(get(prefix + "/providers/Open.Peering/latencyComparison?timespan=P2D").status, 400);
}

TEST_F(Latency, ComparesPartnersAndLocationsOfACustomerAndNobodyElses) {
  ASSERT_LT(put(service_path("svc2"),
                R"({"location":"eastus","properties":{"peeringServiceLocation":"Victoria",
                   "peeringServiceProvider":"IIJ"}})")
                .status,
            202);
  ASSERT_LT(put(service_path("svc2") + "/prefixes/p2", prefix_body("198.51.100.0/24")).status, 202);
  refresh_registry();
  std::string body;
  for (int i = 0; i < 100; ++i)
    body += sample(40'000 + i % 10 * 20) + sample(50'000 + i % 10 * 20, "198.51.100.7");
  ASSERT_EQ(hand_in(body).status, 202);
  for (const std::string& scope : {std::string(sub_a), std::string(sub_a) + "/resourceGroups/rg1"}) {
    const Reply reply = get(scope + "/providers/Open.Peering/latencyComparison?by=provider&timespan=PT6H");
    ASSERT_EQ(reply.status, 200) << reply.text;
    const json::array& candidates = reply.body.at("kinds").at(0).at("candidates").as_array();
    ASSERT_EQ(candidates.size(), 2U);
    EXPECT_EQ(candidates[0].at("provider"), "Kordia Limited");
    EXPECT_EQ(candidates[0].at("standing"), "best");
    EXPECT_EQ(candidates[1].at("provider"), "IIJ");
    EXPECT_EQ(candidates[1].at("standing"), "behind");
    EXPECT_EQ(candidates[1].at("prefixes"), 1);
    EXPECT_FALSE(reply.body.at("kinds").at(0).as_object().contains("serving"));
  }
  const Reply both = get(std::string(sub_a) + "/providers/Open.Peering/latencyComparison?timespan=PT6H");
  EXPECT_EQ(both.body.at("kinds").at(0).at("candidates").at(0).at("location"), "Victoria");
  make_group(sub_b);
  const Reply other = get(std::string(sub_b) + "/providers/Open.Peering/latencyComparison");
  ASSERT_EQ(other.status, 200) << other.text;
  EXPECT_TRUE(other.body.at("kinds").as_array().empty());
}

TEST_F(Latency, CsvGoesInAndOut) {
  EXPECT_EQ(hand_in("rtt_us,time,client,pop\n1500,2026-11-23T11:57:00Z,203.0.113.9,FRA\n",
                    "text/csv; header=present")
                .body.at("accepted"),
            1);
  const Reply reply = report(prefix, "timespan=PT6H&format=csv&pop=FRA");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Type"), "text/csv; charset=utf-8");
  EXPECT_THAT(reply.text, HasSubstr("FRA"));
  EXPECT_THAT(reply.text, HasSubstr("203.0.113.0/24"));
}

TEST_F(Latency, ReportsOfWhatIsNotThereAndBadQueriesAreRefused) {
  EXPECT_EQ(report(service_path("none")).code(), "ParentResourceNotFound");
  const Reply reply = report(prefix, "interval=PT1M");
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.message(), HasSubstr("interval 'PT1M'"));
  EXPECT_EQ(report(prefix, "pop=NOWHERE").status, 200);
}

TEST_F(Latency, NoClientAddressIsAnsweredOrCounted) {
  const Reply reply = hand_in(sample(0) + sample(1000, "203.0.113.77x"));
  EXPECT_THAT(reply.text, testing::Not(HasSubstr("203.0.113.9")));
  EXPECT_THAT(metrics.render(), testing::Not(HasSubstr("203.0.113")));
}

TEST_F(Latency, OldAgeIsTheOperatorsChoice) {
  const auto old = "2026-10-20T00:00:00Z";
  EXPECT_EQ(hand_in(sample(1000, "203.0.113.9", old)).body.at("rejected"), 1);
  Services patient = services();
  patient.settings.accept_age = std::chrono::days(60);
  Api other(std::move(patient));
  http::Request given = request(Method::post, "/telemetry/samples", sample(1000, "203.0.113.9", old));
  given.headers.set("Content-Type", "application/x-ndjson");
  EXPECT_THAT(other.handle(given).body, HasSubstr("\"accepted\":1"));
}

}  // namespace
}  // namespace peering::api
