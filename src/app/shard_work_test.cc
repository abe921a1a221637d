#include "app/shard_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detect/incidents.h"
#include "model/monitored_as.h"

namespace peering::app {
namespace {

using testing::ElementsAre;

// One customer registers a prefix, another one monitors AS64500 and has none.
struct MonitoredInShard : testing::Test {
  Metrics metrics;
  ShardWork work{{}, metrics};
  TimePoint now = time_from_us(1'795'600'000'000'000);
  rib::PeerPointer peer = [] {
    auto out = std::make_shared<rib::Peer>();
    out->id = rib::PeerId(1);
    out->key.router = "edge-1";
    out->key.address = net::Address::parse("192.0.2.1").value();
    out->asn = 64496;
    return out;
  }();

  void have(bool registered, bool monitored) {
    auto registry = std::make_shared<model::Registry>();
    for (const std::string name : {"/subscriptions/a/c", "/subscriptions/b/c"}) {
      auto connection = std::make_shared<model::Connection>();
      connection->resource = name;
      if (monitored && name == "/subscriptions/b/c") {
        connection->asns = model::monitored_ases_from_json(parse_json(R"([{"asn": 64500}])").value()).value();
      }
      registry->connections[name] = connection;
    }
    if (registered) {
      auto prefix = std::make_shared<model::RegisteredPrefix>();
      prefix->resource = "/subscriptions/a/c/prefixes/p";
      prefix->connection = "/subscriptions/a/c";
      prefix->expectation.prefix = net::Prefix::parse("203.0.113.0/24").value();
      prefix->expectation.origins = {{64500, 64500}};
      registry->prefixes["/subscriptions/a/c/prefixes/p"] = prefix;
      registry->watch[prefix->expectation.prefix] = {prefix};
    }
    work.take(registry, now);
    finish();
  }
  void finish() {
    while (work.has_more()) work.go_on(now);
  }
  void say(bool announced) {
    rib::RouteBatch batch{peer, now, nullptr, {}, {}};
    const net::Prefix prefix = net::Prefix::parse("203.0.113.0/24").value();
    if (announced) {
      auto attributes = std::make_shared<wire::bgp::PathAttributes>();
      attributes->as_path = wire::bgp::AsPath::sequence({64496, 64500});
      batch.attributes = attributes;
      batch.announced = {prefix};
    } else {
      batch.withdrawn = {prefix};
    }
    feeds::RouteRun run{{}, now};
    append_batch(batch, run.burst);
    work.take(run, now);
    finish();
  }
  void wait(Microseconds time) {
    for (const TimePoint until = now + time; now < until; now += std::chrono::seconds(1)) {
      work.tick(now);
      finish();
    }
  }
  // What was told about the monitored AS since it was asked last.
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const model::Event& event : work.fetch()) {
      if (event.monitored) out.push_back(fmt::format("{} {}", to_string(event.kind), to_string(event.state)));
    }
    return out;
  }
};

constexpr std::string_view opened = "as-announces-unregistered open",
                           over = "as-announces-unregistered resolved";

TEST_F(MonitoredInShard, WhatIsFoundEndsAlsoWhenTheSpaceIsWatchedByNobodyAnyMore) {
  have(true, true);
  say(true);
  EXPECT_THAT(told(), ElementsAre(opened));
  have(false, true);
  EXPECT_THAT(told(), ElementsAre());
  say(false);
  EXPECT_THAT(told(), ElementsAre(over));
}

TEST_F(MonitoredInShard, WhatWasThereBeforeEndsLikewise) {
  have(true, false);
  say(true);
  have(true, true);
  EXPECT_THAT(told(), ElementsAre(opened));
  have(false, true);
  say(false);
  EXPECT_THAT(told(), ElementsAre(over));
}

TEST_F(MonitoredInShard, WhatIsHeldOfARouterThatIsAwayEndsWhenItComesBackWithout) {
  have(false, false);
  work.take(feeds::RouterUp{"edge-1", now, true}, now);
  work.take(feeds::PeerUp{peer, now}, now);
  say(true);
  wait(std::chrono::seconds(90));
  work.take(feeds::RouterDown{"edge-1", now, "closed", true, std::nullopt}, now);
  have(false, true);
  EXPECT_THAT(told(), ElementsAre(opened)) << "it may well be there";
  work.take(feeds::RouterUp{"edge-1", now, true}, now);
  work.take(feeds::PeerUp{peer, now}, now);
  work.take(feeds::EndOfRib{peer, net::Family::ipv4, true, now}, now);
  wait(std::chrono::seconds(120));
  EXPECT_THAT(told(), ElementsAre(over));
}

TEST_F(MonitoredInShard, WhatIsHeldOfARouterThatIsAwayStaysWhenItComesBackWithIt) {
  have(false, false);
  work.take(feeds::RouterUp{"edge-1", now, true}, now);
  work.take(feeds::PeerUp{peer, now}, now);
  say(true);
  work.take(feeds::RouterDown{"edge-1", now, "closed", true, std::nullopt}, now);
  have(false, true);
  EXPECT_THAT(told(), ElementsAre(opened));
  work.take(feeds::RouterUp{"edge-1", now, true}, now);
  work.take(feeds::PeerUp{peer, now}, now);
  say(true);
  work.take(feeds::EndOfRib{peer, net::Family::ipv4, true, now}, now);
  wait(std::chrono::hours(2));
  EXPECT_THAT(told(), ElementsAre());
}

TEST_F(MonitoredInShard, WhatAPeerDoesNotRepeatEnds) {
  have(false, true);
  work.take(feeds::RouterUp{"edge-1", now, true}, now);
  work.take(feeds::PeerUp{peer, now}, now);
  say(true);
  EXPECT_THAT(told(), ElementsAre(opened));
  for (const bool has_it : {true, false}) {
    work.take(feeds::RoutesRepeat{peer, net::Family::ipv4, true, now}, now);
    if (has_it) say(true);
    work.take(feeds::RoutesRepeat{peer, net::Family::ipv4, false, now}, now);
    finish();
    EXPECT_EQ(told(), has_it ? std::vector<std::string>{} : std::vector{std::string(over)});
  }
}

TEST_F(MonitoredInShard, FindingsThatHaveNoPlaceAreCounted) {
  have(false, true);
  rib::RouteBatch batch{peer, now, nullptr, {}, {}};
  auto attributes = std::make_shared<wire::bgp::PathAttributes>();
  attributes->as_path = wire::bgp::AsPath::sequence({64496, 64500});
  batch.attributes = attributes;
  for (std::uint32_t i = 0; i < detect::monitored_findings_max + 7; ++i) {
    batch.announced.push_back(net::Prefix(net::Address::v4(0x0A000000U + (i << 8U)), 24));
  }
  feeds::RouteRun run{{}, now};
  append_batch(batch, run.burst);
  work.take(run, now);
  EXPECT_EQ(told().size(), detect::monitored_findings_max);
  EXPECT_EQ(metrics.counter("peering_monitored_findings_left_out_total", "").value(), 7);
}

}  // namespace
}  // namespace peering::app
