// Tests that run against real ports of loopback.
#include "app/monitor_tests.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/documents.h"
#include "app/monitored_target.h"
#include "app/test_history.h"
#include "base/log.h"

namespace peering::app {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view service =
    "/subscriptions/00000000-0000-4000-8000-00000000000A/resourceGroups/g/providers/Microsoft.Peering/"
    "peeringServices/S";

// A TCP port of 127.0.0.1 that accepts.
class OpenPort {
 public:
  OpenPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    EXPECT_EQ(::listen(socket_, 64), 0);
    socklen_t length = sizeof name;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&name), &length);
    number = ntohs(name.sin_port);
  }
  ~OpenPort() { ::close(socket_); }
  int number = 0;

 private:
  int socket_;
};

store::Change test_change(std::string_view name, const json::value& properties) {
  const std::string id = fmt::format("{}/connectionMonitorTests/{}", service, name);
  return {model::lower(id), std::string(api::connection_monitor_test_type), model::Revision(1),
          json::serialize(json::value{{"id", id}, {"name", name}, {"properties", properties}})};
}
std::string key_of(std::string_view name) {
  return model::lower(fmt::format("{}/connectionMonitorTests/{}", service, name));
}

class MonitorTestsOnLoopback : public testing::Test {
 protected:
  MonitorTestsOnLoopback() : registry(std::make_shared<model::Registry>()) {
    log::set_level(log::Level::error);
    settings.frequency_min = 1s;
    settings.pop = "here";
    EXPECT_TRUE(prober.start());
  }
  ~MonitorTestsOnLoopback() override {
    tests.reset();
    prober.stop();
  }
  void begin() {
    MonitorTests::Services services{
        prober,
        [this](std::string_view, const net::Address&, double) -> Result<void> {
          if (admits) return {};
          return fail(ErrorCode::permission_denied, "no");
        },
        [this] { return model::RegistryPointer(registry); },
        [this](const model::SampleBatch& batch) -> Result<void> {
          const std::lock_guard lock(mutex);
          for (const model::LatencySample& sample : batch.samples)
            samples.push_back(batch.key(batch.series[sample.series]));
          return {};
        },
        [this](const net::Address& destination, TimePoint, const model::ProbeReport& report) {
          const std::lock_guard lock(mutex);
          if (!report.hops.empty()) walked.push_back(destination.to_string());
        }};
    tests = std::make_unique<MonitorTests>(std::move(services), settings, metrics);
    tests->start();
  }
  void register_prefix(const std::string& resource, std::string_view prefix) {
    auto entry = std::make_shared<model::RegisteredPrefix>();
    entry->resource = resource;
    entry->expectation.prefix = *net::Prefix::parse(prefix);
    registry->prefixes[model::lower(resource)] = entry;
    registry->watch[entry->expectation.prefix].push_back(entry);
  }
  std::vector<model::TestResult> results(std::string_view owner, std::string_view name) {
    return tests->results(owner, name, TimePoint{}, now() + std::chrono::hours(1));
  }
  template <class Look>
  bool within(std::chrono::seconds time, Look look) {
    for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
      if (look()) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }

  Metrics metrics;
  feeds::Prober prober{{}, metrics};
  MonitorTestSettings settings;
  std::shared_ptr<model::Registry> registry;
  bool admits = true;
  std::mutex mutex;
  std::vector<model::SeriesKey> samples;
  std::vector<std::string> walked;  // paths, by destination
  std::unique_ptr<MonitorTests> tests;
};

TEST_F(MonitorTestsOnLoopback, ATestRunsAndItsTimesBecomeSamplesOfItsOwnSubscription) {
  register_prefix(std::string(service) + "/prefixes/mine", "127.0.0.0/16");
  register_prefix("/subscriptions/00000000-0000-4000-8000-00000000000B/prefixes/other", "127.0.0.0/16");
  begin();
  const OpenPort port;
  EXPECT_FALSE(tests->state(key_of("t")));
  tests->changed(test_change("T", {{"sourceAgent", "agent one"},
                                   {"destination", "127.0.0.1"},
                                   {"destinationPort", port.number},
                                   {"testFrequencyInSec", 1}}));
  ASSERT_TRUE(within(10s, [&] { return results(service, "t").size() >= 2; }));
  for (const model::TestResult& each : results(service, "T")) {
    EXPECT_GT(each.rtt_us.value_or(0), 0);
    EXPECT_LE(each.at, now());
  }
  EXPECT_TRUE(tests->state(key_of("T"))->successful);
  EXPECT_TRUE(
      within(5s, [&] { return tests->state(key_of("T"))->path == std::vector<std::string>{"127.0.0.1"}; }));
  ASSERT_TRUE(within(5s, [&] {
    const std::lock_guard lock(mutex);
    return !samples.empty();
  }));
  const std::lock_guard lock(mutex);
  EXPECT_THAT(walked, testing::ElementsAre("127.0.0.1"));
  for (const model::SeriesKey& each : samples) {
    EXPECT_EQ(each.prefix_resource, model::lower(std::string(service) + "/prefixes/mine"));
    EXPECT_EQ(each.kind, model::SampleKind::handshake);
    EXPECT_EQ(each.source, "agent one");
    EXPECT_EQ(each.pop, "here");
  }
}

TEST_F(MonitorTestsOnLoopback, AClosedPortIsNoSuccess) {
  begin();
  int number = 0;
  {
    const OpenPort port;
    number = port.number;
  }
  tests->changed(test_change("t", {{"destination", "127.0.0.1"}, {"destinationPort", number}}));
  tests->changed(test_change(
      "t", {{"destination", "127.0.0.1"}, {"destinationPort", number}, {"testFrequencyInSec", 1}}));
  ASSERT_TRUE(within(10s, [&] { return !results(service, "t").empty(); }));
  EXPECT_FALSE(results(service, "t").front().rtt_us);
  EXPECT_FALSE(tests->state(key_of("t"))->successful);
}

TEST_F(MonitorTestsOnLoopback, WhatIsDeletedOrPointedElsewhereBeginsAnew) {
  begin();
  const OpenPort port;
  const json::value properties{
      {"destination", "127.0.0.1"}, {"destinationPort", port.number}, {"testFrequencyInSec", 1}};
  tests->changed(test_change("t", properties));
  ASSERT_TRUE(within(10s, [&] { return !results(service, "t").empty(); }));
  json::value elsewhere = properties;
  elsewhere.at("destination") = "no such host";
  tests->changed(test_change("t", elsewhere));
  EXPECT_FALSE(tests->state(key_of("t")));
  ASSERT_TRUE(within(10s, [&] { return !results(service, "t").empty(); }));
  EXPECT_FALSE(results(service, "t").front().rtt_us);
  store::Change gone = test_change("t", properties);
  gone.document.reset();
  tests->changed(gone);
  EXPECT_TRUE(results(service, "t").empty());
  EXPECT_FALSE(tests->state(key_of("t")));
}

TEST_F(MonitorTestsOnLoopback, APeeringsProbesAreFoundByProtocol) {
  settings.connectivity_every = 1s;
  begin();
  const std::string id = "/subscriptions/S1/resourceGroups/g/providers/Microsoft.Peering/peerings/P1";
  store::Change change{model::lower(id), std::string(api::peering_type), model::Revision(1),
                       R"({"properties":{"connectivityProbes":[{"endpoint":"127.0.0.1","protocol":"TCP"},
                           {"endpoint":"127.0.0.2","protocol":"TCP"}]}})"};
  tests->changed(change);
  // Nobody listens at port 443 here, or somebody does: both are answers.
  ASSERT_TRUE(within(10s, [&] { return results(id, "TCP").size() >= 4; }));
  const auto found = results(id, "tcp");
  EXPECT_TRUE(std::ranges::is_sorted(found, {}, &model::TestResult::at));
  for (const model::TestResult& each : found) EXPECT_GT(each.rtt_us.value_or(0), 0);
  EXPECT_TRUE(results(id, "ICMP").empty());
  EXPECT_TRUE(samples.empty());
  change.document = R"({"properties":{"connectivityProbes":[{"endpoint":"127.0.0.2","protocol":"TCP"}]}})";
  tests->changed(change);
  EXPECT_EQ(metrics.gauge("peering_monitor_tests", "").value(), 1);
  EXPECT_FALSE(results(id, "TCP").empty()) << "the one that stays keeps its results";
  change.document.reset();
  tests->changed(change);
  EXPECT_TRUE(results(id, "TCP").empty());
}

TEST_F(MonitorTestsOnLoopback, WhatIsNotAdmittedIsNotProbed) {
  admits = false;
  begin();
  tests->changed(test_change("t", {{"destination", "127.0.0.1"}, {"testFrequencyInSec", 1}}));
  Counter& refused = metrics.counter("peering_monitor_tests_refused_total", "");
  ASSERT_TRUE(within(10s, [&] { return refused.value() >= 1; }));
  EXPECT_TRUE(results(service, "t").empty());
  EXPECT_EQ(metrics.counter("peering_probes_sent_total", "").value(), 0);
}

TEST_F(MonitorTestsOnLoopback, NoMoreTestsRunThanAreAllowed) {
  settings.tests_max = 2;
  begin();
  for (const char* name : {"a", "b", "c"}) {
    tests->changed(test_change(name, {{"destination", "x y"}, {"testFrequencyInSec", 1}}));
  }
  EXPECT_EQ(metrics.gauge("peering_monitor_tests", "").value(), 2);
  ASSERT_TRUE(within(10s, [&] { return !results(service, "a").empty() && !results(service, "b").empty(); }));
  EXPECT_TRUE(results(service, "c").empty());
}

TEST(MonitoredTarget, TheProtocolFollowsFromThePort) {
  const auto of = [](const json::value& properties) {
    return *target_of_test("/subscriptions/s1/x", json::value{{"properties", properties}});
  };
  EXPECT_EQ(of({{"destination", "192.0.2.1"}}).protocol, model::ProbeProtocol::icmp);
  EXPECT_EQ(of({{"destinationPort", 443}}).protocol, model::ProbeProtocol::tcp);
  EXPECT_EQ(of({{"destinationPort", 862}}).protocol, model::ProbeProtocol::stamp);
  EXPECT_EQ(of(json::object()).subscription, "s1");
  EXPECT_EQ(of(json::object()).period, 60s);
  EXPECT_FALSE(target_of_test("/x", json::value(json::object())));
}

TEST(MonitoredTarget, ConnectivityProbesOfAPeering) {
  const json::value document = *parse_json(
      R"({"properties":{"connectivityProbes":[{"endpoint":"192.0.2.1","protocol":"ICMP"},
      {"endpoint":"192.0.2.2","protocol":"TCP"},{"endpoint":"192.0.2.3","protocol":"None"},
      {"endpoint":"192.0.2.4"}]}})");
  const auto targets = targets_of_peering("/subscriptions/s1/peerings/p", document);
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].key, "/subscriptions/s1/peerings/p|icmp|192.0.2.1");
  EXPECT_EQ(targets[0].subscription, "s1");
  EXPECT_EQ(targets[1].protocol, model::ProbeProtocol::tcp);
  EXPECT_EQ(targets[1].port, 443);
  EXPECT_TRUE(targets[1].refusal_counts);
}

TEST(MonitoredTarget, OnlyWhatMayBeANameIsLookedUp) {
  for (const char* good : {"example.net", "a-b.example", "localhost"}) EXPECT_TRUE(is_host_name(good));
  for (const char* bad : {"", "-x", "a b", "a;b", "a/b", "$(x)"}) EXPECT_FALSE(is_host_name(bad));
}

TEST(TestHistory, IsBoundInNumberAndAge) {
  TestHistory history;
  const TimePoint start = time_from_us(1'700'000'000'000'000);
  for (int i = 0; i < 100; ++i) {
    history.add(start + i * 30s, i % 2 == 0 ? std::optional(Microseconds(i + 1)) : std::nullopt, 50, 600s);
  }
  EXPECT_EQ(history.size(), 21U);
  std::vector<model::TestResult> out;
  history.append(start + 98 * 30s, start + 99 * 30s, out);
  EXPECT_EQ(out, (std::vector<model::TestResult>{{start + 98 * 30s, 99}}));
  out.clear();
  history.append(start + 99 * 30s, start + 1h, out);
  EXPECT_EQ(out, (std::vector<model::TestResult>{{start + 99 * 30s, std::nullopt}}));
}

}  // namespace
}  // namespace peering::app
