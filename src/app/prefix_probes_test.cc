// Probes of prefixes of loopback, where the kernel answers for every address.
#include "app/prefix_probes.h"

#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "feeds/probe_policy.h"

namespace peering::app {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view service_id =
    "/subscriptions/S/resourceGroups/g/providers/Microsoft.Peering/peeringServices/c";

std::string prefix_id(std::string_view name) { return fmt::format("{}/prefixes/{}", service_id, name); }

class PrefixProbesOnLoopback : public testing::Test {
 protected:
  PrefixProbesOnLoopback() : prober({}, metrics) {
    log::set_level(log::Level::error);
    settings.pop = "edge-sea";
    settings.every = 1s;
  }
  ~PrefixProbesOnLoopback() override {
    if (probes) probes->stop();
    prober.stop();
  }

  void SetUp() override {
    ASSERT_TRUE(prober.start());
    if (!prober.can_send(model::ProbeProtocol::icmp, net::Family::ipv4)) {
      GTEST_SKIP() << "ICMP sockets are not allowed here";
    }
  }
  void add(std::string_view name, std::string_view prefix) {
    auto registered = std::make_shared<model::RegisteredPrefix>();
    registered->resource = prefix_id(name);
    registered->expectation.prefix = *net::Prefix::parse(prefix);
    registry.prefixes[prefix_id(name)] = registered;
    registry.watch[registered->expectation.prefix].push_back(registered);
  }
  void has(std::string_view name, std::uint64_t samples, model::SampleKind kind,
           std::string source = "edge-1", std::string pop = "edge-sea") {
    latency::SeriesBin bin;
    bin.series = model::SeriesKey{model::lower(prefix_id(name)), *net::Prefix::parse("127.0.0.0/24"),
                                  std::move(pop), kind, std::move(source)};
    for (std::uint64_t i = 0; i < samples; ++i) bin.sketch.add(20'000);
    stored[bin.series->prefix_resource].push_back(bin);
  }

  void begin() {
    probes = std::make_unique<PrefixProbes>(
        PrefixProbes::Services{
            prober,
            [](std::string_view, const net::Address& destination, double) -> Result<void> {
              return feeds::check_destination({{*net::Prefix::parse("127.0.0.0/16")}, {}}, destination, {});
            },
            [snapshot = std::make_shared<const model::Registry>(registry)] { return snapshot; },
            [this](const latency::BinQuery& query) { return read(query); },
            [this](const model::SampleBatch& batch) {
              const std::lock_guard lock(mutex);
              for (const model::LatencySample& each : batch.samples)
                kept.push_back(batch.key(batch.series[each.series]));
              return Result<void>();
            },
            [this](const net::Prefix&, TimePoint at) {
              return before && before->at < at ? before : std::optional<KnownWalk>();
            },
            [](const net::Address&) { return std::optional<net::Asn>(64510); },
            [this](std::string key, std::string event, model::BlameEvidence line) {
              const std::lock_guard lock(mutex);
              traced.push_back({std::move(key), std::move(event), std::move(line)});
            }},
        settings, metrics);
    probes->start();
  }
  Result<std::vector<latency::SeriesBin>> read(const latency::BinQuery& query) {
    const std::lock_guard lock(mutex);
    asked.push_back(query);
    return stored[query.prefix_resource];
  }
  struct Told {
    std::string key, event;
    model::BlameEvidence line;
  };
  std::vector<Told> told() {
    const std::lock_guard lock(mutex);
    return traced;
  }
  static OpenDegradation open(std::string event, std::uint64_t count, std::string_view prefix,
                              std::string pop = "edge-sea") {
    OpenDegradation out;
    out.event = std::move(event);
    out.key = model::lower(prefix_id(out.event));
    out.prefix = *net::Prefix::parse(prefix);
    out.pop = std::move(pop);
    out.first_seen = now() - std::chrono::minutes(10);
    out.rise_us = 10'000;
    out.samples = count;
    return out;
  }
  std::vector<model::SeriesKey> samples() {
    const std::lock_guard lock(mutex);
    return kept;
  }
  std::set<std::string> measured() {
    std::set<std::string> out;
    for (const model::SeriesKey& each : samples()) out.insert(each.prefix_resource);
    return out;
  }
  double shown(std::string_view state) {
    return metrics
        .gauge("peering_thin_prefixes",
               "Registered prefixes with few samples: probed, searched for an address that answers, "
               "silent (nothing answered), or left out by the budget.",
               {{"state", std::string(state)}})
        .value();
  }
  template <class Condition>
  bool wait_until(Condition condition) {
    for (const auto end = std::chrono::steady_clock::now() + 15s; std::chrono::steady_clock::now() < end;) {
      if (condition()) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }

  Metrics metrics;
  feeds::Prober prober;
  PrefixProbeSettings settings;
  model::Registry registry;
  std::mutex mutex;  // of what follows
  std::map<std::string, std::vector<latency::SeriesBin>> stored;
  std::vector<latency::BinQuery> asked;
  std::vector<model::SeriesKey> kept;
  std::vector<Told> traced;
  std::optional<KnownWalk> before;
  std::unique_ptr<PrefixProbes> probes;
};

TEST_F(PrefixProbesOnLoopback, APrefixWithoutSamplesIsProbedAndItsTimesAreItsOwnKindAndSource) {
  add("p", "127.0.7.0/24");
  begin();
  ASSERT_TRUE(wait_until([&] { return samples().size() >= 3; }));
  const model::SeriesKey expected{model::lower(prefix_id("p")), *net::Prefix::parse("127.0.7.0/24"),
                                  "edge-sea", model::SampleKind::icmp, "thin-prefix"};
  EXPECT_THAT(samples(), testing::Each(expected));
  EXPECT_TRUE(wait_until([&] { return shown("probed") == 1; }));
  EXPECT_THAT(probes->troubles(), testing::IsEmpty());
}

TEST_F(PrefixProbesOnLoopback, EnoughSamplesOfOneKindOfOthersAtThisPopAreEnough) {
  settings.window = 600s;
  add("enough", "127.0.1.0/24");
  add("own", "127.0.2.0/24");
  add("elsewhere", "127.0.3.0/24");
  add("mixed", "127.0.4.0/24");
  has("enough", 20, model::SampleKind::srtt);
  has("own", 1000, model::SampleKind::icmp, "thin-prefix");
  has("elsewhere", 1000, model::SampleKind::srtt, "edge-1", "edge-ams");
  has("mixed", 19, model::SampleKind::srtt);
  has("mixed", 19, model::SampleKind::handshake);
  begin();
  ASSERT_TRUE(wait_until([&] { return measured().size() == 3; }));
  std::this_thread::sleep_for(1s);
  EXPECT_THAT(measured(), testing::Not(testing::Contains(model::lower(prefix_id("enough")))));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(asked.front().to - asked.front().from, 600s) << "whole bins";
}

TEST_F(PrefixProbesOnLoopback, ALongerRegisteredPrefixKeepsItsAddressesForItself) {
  // The first address of the short one lies in the long one.
  add("long", "127.0.8.0/24");
  add("short", "127.0.8.0/23");
  has("long", 1000, model::SampleKind::srtt);
  begin();
  ASSERT_TRUE(wait_until([&] { return samples().size() >= 3; }));
  for (const model::SeriesKey& each : samples()) {
    EXPECT_EQ(each.prefix_resource, model::lower(prefix_id("short")));
    EXPECT_EQ(each.client.to_string(), "127.0.9.0/24");
  }
}

TEST_F(PrefixProbesOnLoopback, WhatMayNotBeProbedIsSilentAndNothingIsSent) {
  add("denied", "10.1.2.0/30");
  begin();
  ASSERT_TRUE(wait_until([&] { return shown("silent") == 1; }));
  EXPECT_EQ(metrics.counter("peering_probes_sent_total", "Probes sent, of every protocol.").value(), 0);
}

TEST_F(PrefixProbesOnLoopback, TheBudgetHoldsHoweverManyPrefixesAreThinAndSaysWhatItLeavesOut) {
  settings.per_second_max = 5;
  settings.every = 4s;
  settings.destinations_max = 1000;
  for (int i = 0; i < 60; ++i) add(fmt::format("p{:02}", i), fmt::format("127.0.{}.0/24", i));
  begin();
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(wait_until([&] { return shown("left_out") > 0; }));
  EXPECT_EQ(shown("left_out"), 40) << "there are probes for twenty at every turn";
  EXPECT_THAT(probes->troubles(), testing::ElementsAre(testing::HasSubstr("among the 20 that")));
  std::this_thread::sleep_for(5s);
  const auto passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const double sent = metrics.counter("peering_probes_sent_total", "Probes sent, of every protocol.").value();
  EXPECT_LE(sent, 5 * passed + 2);
  EXPECT_GE(sent, 15);
  EXPECT_LE(measured().size(), 20U);
}

TEST_F(PrefixProbesOnLoopback, OpenDegradationsAreWalkedOnceByWhatTheyCost) {
  settings.thin_prefixes = false;
  settings.destinations_max = 1;
  settings.per_second_max = 100;
  add("thin", "127.0.7.0/24");
  begin();
  const std::vector<OpenDegradation> list{
      open("a", 10, "127.0.1.0/24"), open("b", 500, "127.0.2.0/24"), open("c", 50, "127.0.3.0/24"),
      open("elsewhere", 900, "127.0.4.0/24", "edge-ams"), open("denied", 900, "10.1.2.0/24")};
  probes->follow_open(list);
  ASSERT_TRUE(wait_until([&] { return told().size() == 3; }));
  probes->follow_open(list);
  std::this_thread::sleep_for(1500ms);
  const auto found = told();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].event + found[1].event + found[2].event, "bca") << "one destination at a time";
  EXPECT_EQ(found[2].key, model::lower(prefix_id("a")));
  EXPECT_THAT(found[2].line.text, testing::HasSubstr("none from before is known"));
  EXPECT_THAT(found[2].line.text, testing::HasSubstr("1: 127.0.1.0/24"));
  EXPECT_THAT(samples(), testing::IsEmpty()) << "a walk is no sample";
}

TEST_F(PrefixProbesOnLoopback, APathIsWalkedToWhereThePathFromBeforeIsKnown) {
  settings.thin_prefixes = false;
  settings.per_second_max = 100;
  const net::Address known = *net::Address::parse("127.0.1.77");
  before = KnownWalk{known, now() - std::chrono::hours(1), {{known, 50}}};
  begin();
  probes->follow_open({{open("a", 10, "127.0.1.0/24")}});
  ASSERT_TRUE(wait_until([&] { return told().size() == 1; }));
  EXPECT_THAT(told()[0].line.text, testing::HasSubstr("compared with that at"));
  EXPECT_THAT(told()[0].line.text, testing::HasSubstr("so this path does not show the delay"));
  EXPECT_THAT(told()[0].line.text, testing::HasSubstr("was 0.1"));
}

}  // namespace
}  // namespace peering::app
