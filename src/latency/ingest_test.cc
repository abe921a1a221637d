#include "latency/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "latency/test_values.h"

namespace peering::latency {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

const TimePoint arrival = parse_rfc3339("2026-11-23T10:00:00Z").value();

IngestedBody read(const model::Registry& registry, std::initializer_list<std::string_view> clients,
                  std::string_view key = "") {
  std::string body;
  for (const std::string_view client : clients) {
    body += fmt::format(R"({{"time":1795428000,"client":"{}","pop":"AMS","rtt_us":1000}})", client) + "\n";
  }
  return read_samples(SampleFormat::ndjson, body, key, {.now = arrival}, registry).value();
}

// "<name> <network>" of every sample.
std::vector<std::string> matches(const IngestedBody& body) {
  std::vector<std::string> out;
  for (const model::LatencySample& sample : body.batch.samples) {
    const model::SeriesKey series = body.batch.key(body.batch.series[sample.series]);
    out.push_back(series.prefix_resource.substr(series.prefix_resource.rfind('/') + 1) + " " +
                  series.client.to_string());
  }
  return out;
}

TEST(ReadSamples, TheLongestRegisteredPrefixGetsTheSampleMasked) {
  const auto registry =
      registry_of({{"wide", "203.0.0.0/16"}, {"narrow", "203.0.113.0/24"}, {"six", "2001:db8::/32"}});
  EXPECT_THAT(matches(read(registry, {"203.0.113.9", "203.0.114.9", "2001:db8:1:2::3"})),
              ElementsAre("narrow 203.0.113.0/24", "wide 203.0.114.0/24", "six 2001:db8:1::/48"));
}

TEST(ReadSamples, ClientsInNoRegisteredPrefixAreCountedAndNotKept) {
  const IngestedBody body = read(registry_of({{"p", "203.0.113.0/24"}}), {"203.0.113.9", "198.51.100.1"});
  EXPECT_EQ(body.accepted, 2);
  EXPECT_EQ(body.unmatched, 1);
  EXPECT_EQ(body.batch.samples.size(), 1);
}

TEST(ReadSamples, APrefixLongerThanTheMaskGetsEverythingOfItsNetwork) {
  const auto registry =
      registry_of({{"p24", "203.0.113.0/24"}, {"p26", "203.0.113.64/26"}, {"p56", "2001:db8:1:100::/56"}});
  EXPECT_THAT(matches(read(registry, {"203.0.113.200"})),
              UnorderedElementsAre("p24 203.0.113.0/24", "p26 203.0.113.0/24"));
  const IngestedBody six = read(registry, {"2001:db8:1:200::1"});
  EXPECT_THAT(matches(six), ElementsAre("p56 2001:db8:1::/48"));
  EXPECT_EQ(six.unmatched, 0);
}

TEST(ReadSamples, EveryRegistrationOfAPrefixGetsTheSample) {
  const auto registry = registry_of({{"one", "203.0.113.0/24"}, {"two", "203.0.113.0/24"}});
  const IngestedBody body = read(registry, {"203.0.113.9"});
  EXPECT_THAT(matches(body), UnorderedElementsAre("one 203.0.113.0/24", "two 203.0.113.0/24"));
  EXPECT_EQ(body.accepted, 1);
}

TEST(ReadSamples, NamesEachSeriesOnce) {
  const IngestedBody body = read(registry_of({{"p", "203.0.112.0/23"}}),
                                 {"203.0.113.1", "203.0.113.2", "203.0.112.1", "203.0.113.3"});
  EXPECT_EQ(body.batch.series.size(), 2);
  EXPECT_EQ(body.batch.samples.size(), 4);
  EXPECT_EQ(body.batch.key(body.batch.series[0]).prefix_resource, model::lower(resource_of("p")));
}

TEST(ReadSamples, ADigestGoesWithAnIdempotencyKeyOnly) {
  const auto registry = registry_of({{"p", "203.0.113.0/24"}});
  EXPECT_EQ(read(registry, {"203.0.113.1"}).batch.body_digest, "");
  const auto one = read(registry, {"203.0.113.1"}, "key").batch,
             two = read(registry, {"203.0.113.2"}, "key").batch;
  EXPECT_EQ(one.body_digest.size(), 64);
  EXPECT_NE(one.body_digest, two.body_digest);
  EXPECT_EQ(one.idempotency_key, "key");
}

TEST(ReadSamples, TheAnswerCountsAndNamesWhatWasWrong) {
  const IngestedBody body = read(registry_of({{"p", "203.0.113.0/24"}}), {"203.0.113.1", "bad", "192.0.2.1"});
  EXPECT_EQ(to_json(body), parse_json(R"({"accepted":2,"rejected":1,"unmatched":1,"errors":[{"index":1,)"
                                      R"("field":"client","value":"bad","rule":"an IPv4 or IPv6 address"}]})")
                               .value());
}

TEST(ReadSamples, NoWholeClientAddressIsLeftAnywhere) {
  std::string body;
  for (const char* line :
       {R"({"time":1795428000,"client":"203.0.113.77","pop":"AMS","rtt_us":1000})",
        R"({"time":1795428000,"client":"203.0.113.77","pop":"AMS","rtt_us":0})",
        R"({"time":1795428000,"client":"203.0.113.77:443","pop":"AMS","rtt_us":1})",
        R"({"time":1795428000,"client":["203.0.113.77"],"pop":"AMS","rtt_us":1})",
        R"({"client":"203.0.113.77","time":1795428000)", R"({"time":"203.0.113.77"})", "203.0.113.77"}) {
    body += std::string(line) + "\n";
  }
  const auto read = read_samples(SampleFormat::ndjson, body, "key", {.now = arrival},
                                 registry_of({{"p", "203.0.113.0/24"}}))
                        .value();
  EXPECT_EQ(json::serialize(to_json(read)).find("113.77"), std::string::npos)
      << json::serialize(to_json(read));
  for (const model::BatchSeries& each : read.batch.series) EXPECT_EQ(each.client.length(), 24);
}

}  // namespace
}  // namespace peering::latency
