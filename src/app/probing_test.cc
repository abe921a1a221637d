#include "app/probing.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"

namespace peering::app {
namespace {

using model::ProbeOrder;
using model::ProbeRefusal;
using Why = ProbeRefusal::Why;
using namespace std::chrono_literals;

class ProbingOnLoopback : public testing::Test {
 protected:
  ProbingOnLoopback() {
    log::set_level(log::Level::error);
    configuration.probe.allowed = {"127.0.0.0/8"};
  }
  void begin() {
    Probing::Services services{
        [] { return std::make_shared<const model::Registry>(); },
        [](const model::SampleBatch&) { return Result<void>(); },
        [](const latency::BinQuery&) { return Result<std::vector<latency::SeriesBin>>(); },
        [](const net::Prefix&) { return Result<std::vector<rib::Route>>(); },
        [](std::string, std::string, model::BlameEvidence) {}};
    probing = std::make_unique<Probing>(configuration, std::move(services), metrics);
    ASSERT_TRUE(probing->start());
  }
  std::optional<ProbeRefusal> order(ProbeOrder::Command command, std::string_view destination,
                                    std::string_view subscription = "a") {
    reports.push_back(std::make_shared<std::promise<model::ProbeReport>>());
    return probing->order(
        {command, *net::Address::parse(destination), std::string(subscription)},
        [report = reports.back()](model::ProbeReport given) { report->set_value(std::move(given)); });
  }
  std::optional<ProbeRefusal> trace(std::string_view destination, std::string_view subscription = "a") {
    return order(ProbeOrder::Command::traceroute, destination, subscription);
  }

  Configuration configuration;
  Metrics metrics;
  std::vector<std::shared_ptr<std::promise<model::ProbeReport>>> reports;
  std::unique_ptr<Probing> probing;
};

TEST_F(ProbingOnLoopback, AnOrderIsReported) {
  begin();
  ASSERT_FALSE(trace("127.0.0.1"));
  EXPECT_EQ(reports[0]->get_future().get().hops.size(), 1U);
}

TEST_F(ProbingOnLoopback, WhatMayNotBeProbedIsDenied) {
  begin();
  for (const char* destination : {"10.0.0.1", "::1", "169.254.169.254"}) {
    const auto refusal = trace(destination);
    ASSERT_TRUE(refusal) << destination;
    EXPECT_EQ(refusal->why, Why::denied);
  }
}

TEST_F(ProbingOnLoopback, ASubscriptionHasItsOwnAllowance) {
  configuration.probe.subscription_per_second_max = 10;
  begin();
  EXPECT_FALSE(trace("127.0.0.1"));
  const auto refusal = trace("127.0.0.2");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->why, Why::busy);
  EXPECT_GE(refusal->retry_after, 8s);
  EXPECT_LE(refusal->retry_after, 9s);
  EXPECT_FALSE(trace("127.0.0.2", "b"));
}

TEST_F(ProbingOnLoopback, SoHasADestinationWhoeverAsks) {
  configuration.probe.destination_per_second_max = 1;
  begin();
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(trace("127.0.0.1", std::to_string(i))) << i;
  EXPECT_EQ(trace("127.0.0.1", "7").value().why, Why::busy);
}

TEST_F(ProbingOnLoopback, OnlySoManyOrdersAreUnderWayAndTheEndAnswersThem) {
  configuration.probe.orders_max = 2;
  configuration.probe.per_second_max = 1;
  begin();
  EXPECT_FALSE(trace("127.0.0.1"));
  EXPECT_FALSE(trace("127.0.0.2"));
  const auto refusal = trace("127.0.0.3");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->why, Why::busy);
  EXPECT_GE(refusal->retry_after, 1s);
  probing->stop();
  for (int i = 0; i < 2; ++i) {
    const model::ProbeReport report = reports[static_cast<std::size_t>(i)]->get_future().get();
    EXPECT_TRUE(report.hops.empty());
  }
  EXPECT_TRUE(trace("127.0.0.4"));
}

TEST_F(ProbingOnLoopback, NothingIsSentWhenItIsOff) {
  configuration.probe.enabled = false;
  begin();
  EXPECT_EQ(trace("127.0.0.1").value().why, Why::off);
}

TEST(ProbePlace, IsTheOnlyPopOrTheOneThatIsNamed) {
  Configuration configuration;
  EXPECT_EQ(probe_pop(configuration), nullptr);
  configuration.network.pops = {{"a", "Seattle"}};
  EXPECT_EQ(probe_pop(configuration)->name, "a");
  configuration.network.pops.push_back({"b", "Tokyo"});
  EXPECT_EQ(probe_pop(configuration), nullptr);
  configuration.probe.pop = "b";
  EXPECT_EQ(probe_pop(configuration)->metro, "Tokyo");
  EXPECT_TRUE(check_probing(configuration));
  configuration.probe.pop = "c";
  EXPECT_THAT(check_probing(configuration).error().message, testing::HasSubstr("probe.pop 'c'"));
}

TEST(ProbePlace, IsKnownWhenPrefixesAreMeasured) {
  Configuration configuration;
  configuration.network.pops = {{"a", "Seattle"}, {"b", "Tokyo"}};
  EXPECT_TRUE(check_probing(configuration));
  configuration.probe.thin_prefixes = true;
  EXPECT_THAT(check_probing(configuration).error().message, testing::HasSubstr("probe.thin_prefixes: "));
  configuration.probe.thin_prefixes = false;
  configuration.probe.incident_traces = true;
  EXPECT_THAT(check_probing(configuration).error().message, testing::HasSubstr("probe.incident_traces: "));
  configuration.probe.pop = "b";
  EXPECT_TRUE(check_probing(configuration));
}

}  // namespace
}  // namespace peering::app
