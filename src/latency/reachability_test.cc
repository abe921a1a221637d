#include "latency/reachability.h"

#include <gmock/gmock.h>

#include "latency/test_values.h"

namespace peering::latency {
namespace {

using testing::ElementsAre;

const TimePoint reported_at = parse_rfc3339("2026-11-27T12:30:00Z").value();
constexpr const char* refused_connection =
    R"({"age":60000,"type":"network-error","url":"https://www.example.com/","user_agent":"x",
        "body":{"sampling_fraction":1.0,"phase":"connection","type":"tcp.refused","server_ip":"192.0.2.1",
                "protocol":"http/1.1","method":"GET","status_code":0,"elapsed_time":12}})";
constexpr const char* success =
    R"({"age":0,"type":"network-error","body":{"sampling_fraction":0.1,"phase":"application","type":"ok"}})";

DecodedReports decoded(std::string_view list) {
  return decode_network_reports(fmt::format("[{}]", list), reported_at).value();
}

TEST(NetworkReports, SayInWhichPhaseARequestFailedOrThatItDidNot) {
  const auto out = decoded(fmt::format("{},{}", refused_connection, success));
  ASSERT_EQ(out.reports.size(), 2U);
  EXPECT_EQ(out.reports[0].outcome, Outcome::connection);
  EXPECT_EQ(out.reports[0].at, reported_at - std::chrono::minutes(1));
  EXPECT_EQ(out.reports[1].outcome, Outcome::ok);
  EXPECT_DOUBLE_EQ(out.reports[1].weight, 10);
}

TEST(NetworkReports, OthersArePassedOverAndBrokenOnesRejectedAlone) {
  const auto out = decoded(R"({"type":"csp-violation","age":1,"body":{}}, 7, {"type":"network-error"},
    {"age":-1,"type":"network-error","body":{"phase":"dns","type":"dns.name_not_resolved"}},
    {"age":1,"type":"network-error","body":{"phase":"space","type":"dns.name_not_resolved"}},
    {"age":1,"type":"network-error","body":{"phase":"dns","type":"x","sampling_fraction":0}},
    {"age":1,"type":"network-error","body":{"phase":"dns","type":"dns.name_not_resolved"}})");
  EXPECT_EQ(out.others, 1U);
  EXPECT_EQ(out.rejected, 5U);
  ASSERT_EQ(out.reports.size(), 1U);
  EXPECT_EQ(out.reports[0].outcome, Outcome::dns);
}

TEST(NetworkReports, WhatIsNoListIsRefused) {
  for (const std::string_view body : {"", "{}", "7", "[1"})
    EXPECT_EQ(decode_network_reports(body, reported_at).error().code, ErrorCode::invalid_argument) << body;
  std::string many = "[0";
  for (std::size_t i = 0; i < reports_max; ++i) many += ",0";
  EXPECT_EQ(decode_network_reports(many + "]", reported_at).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(decode_network_reports(std::string(reports_bytes_max + 1, ' '), reported_at).error().code,
            ErrorCode::limit_exceeded);
}

struct ReachabilityTest : testing::Test {
  const model::Registry registry = registry_of({{"p", "203.0.113.0/24"}, {"long", "203.0.113.64/26"}});
  const net::Address client = net::Address::parse("203.0.113.9").value();
  const std::string p = model::lower(resource_of("p"));
  Reachability reachability;
  std::vector<ReachabilityHour> all() const {
    return reachability.hours(p, reported_at - std::chrono::hours(72), reported_at + std::chrono::hours(72));
  }
};

TEST_F(ReachabilityTest, CountsByPrefixPopAndHour) {
  EXPECT_EQ(reachability.add(client, "AMS", decoded(refused_connection).reports, registry), 2U)
      << "also for the prefix inside the network";
  EXPECT_EQ(reachability.add(client, "AMS", decoded(success).reports, registry), 2U);
  EXPECT_EQ(
      reachability.add(client, "FRA", {{reported_at - std::chrono::hours(1), Outcome::dns, 1}}, registry),
      2U);
  EXPECT_EQ(reachability.add(net::Address::parse("198.51.100.1").value(), "AMS", decoded(success).reports,
                             registry),
            0U);
  const TimePoint noon = parse_rfc3339("2026-11-27T12:00:00Z").value();
  EXPECT_THAT(all(),
              ElementsAre(ReachabilityHour{"AMS", noon, {1, 0, 1, 0}, {10, 0, 1, 0}},
                          ReachabilityHour{"FRA", noon - std::chrono::hours(1), {0, 1, 0, 0}, {0, 1, 0, 0}}));
}

TEST_F(ReachabilityTest, ForgetsWhatIsOlderThanTwoDays) {
  reachability.add(client, "AMS", {{reported_at, Outcome::ok, 1}}, registry);
  reachability.add(client, "AMS", {{reported_at + std::chrono::hours(50), Outcome::ok, 1}}, registry);
  ASSERT_EQ(all().size(), 1U);
  EXPECT_GT(all()[0].start, reported_at);
}

TEST(ReachabilityRoom, TakesNoNewHourWhenThereIsNoRoom) {
  Reachability small(1);
  const model::Registry registry = registry_of({{"p", "203.0.113.0/24"}});
  const net::Address client = net::Address::parse("203.0.113.9").value();
  for (const char* pop : {"AMS", "FRA", "AMS"})
    small.add(client, pop, {{reported_at, Outcome::ok, 1}}, registry);
  const auto hours =
      small.hours(model::lower(resource_of("p")), reported_at - std::chrono::hours(1), reported_at);
  ASSERT_EQ(hours.size(), 1U);
  EXPECT_EQ(hours[0].reports[0], 2U);
}

}  // namespace
}  // namespace peering::latency
