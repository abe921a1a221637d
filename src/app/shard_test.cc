#include "app/shard.h"

#include <future>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

namespace peering::app {
namespace {

net::Prefix p(std::string_view text) { return net::Prefix::parse(text).value(); }

rib::PeerPointer peer() {
  auto out = std::make_shared<rib::Peer>();
  out->id = rib::PeerId(1);
  out->key.router = "edge-1";
  out->key.address = net::Address::parse("192.0.2.1").value();
  out->asn = 64496;
  out->pop = "AMS";
  return out;
}

feeds::RouteRun announcement(net::Asn origin) {
  auto attributes = std::make_shared<wire::bgp::PathAttributes>();
  attributes->as_path = wire::bgp::AsPath::sequence({64496, origin});
  feeds::RouteRun out{{}, now()};
  append_batch({peer(), out.time, attributes, {p("203.0.113.0/24")}, {}}, out.burst);
  return out;
}

model::RegistryPointer registry() {
  auto out = std::make_shared<model::Registry>();
  auto connection = std::make_shared<model::Connection>();
  connection->resource = "/c";
  auto prefix = std::make_shared<model::RegisteredPrefix>();
  prefix->resource = "/c/prefixes/p";
  prefix->connection = "/c";
  prefix->expectation.prefix = p("203.0.113.0/24");
  prefix->expectation.origins = {{64500, 64500}};
  out->connections["/c"] = connection;
  out->prefixes["/c/prefixes/p"] = prefix;
  out->watch[p("203.0.113.0/24")] = {prefix};
  return out;
}

struct ShardTest : testing::Test {
  std::mutex mutex;
  std::vector<model::Event> events;
  Metrics metrics;
  Shard shard{{}, metrics, [this](std::vector<model::Event> found) {
                const std::lock_guard lock(mutex);
                events.insert(events.end(), found.begin(), found.end());
              }};

  void post(feeds::ShardMessage message) { ASSERT_TRUE(shard.try_post(message)); }
  void apply_registry() {
    std::promise<void> done;
    shard.apply(registry(), [&] { done.set_value(); });
    done.get_future().wait();
  }
  std::vector<model::EventKind> kinds() {
    shard.stop();
    std::vector<model::EventKind> out;
    for (const model::Event& event : events) out.push_back(event.kind);
    return out;
  }
};

TEST_F(ShardTest, AHijackOfAWatchedPrefixBecomesAnEvent) {
  shard.start();
  apply_registry();
  post(announcement(64500));
  post(announcement(64511));
  const auto found = kinds();
  EXPECT_NE(std::find(found.begin(), found.end(), model::EventKind::announcement), found.end());
  EXPECT_NE(std::find(found.begin(), found.end(), model::EventKind::origin_hijack), found.end());
}

TEST_F(ShardTest, APrefixThatIsRegisteredLaterGetsItsStateAtOnce) {
  shard.start();
  post(announcement(64500));
  apply_registry();
  const std::lock_guard lock(mutex);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, model::EventKind::announcement);
}

// Routes of space that nobody registered, with AS64500 in the middle of the path.
feeds::RouteRun elsewhere(std::vector<net::Asn> path) {
  auto attributes = std::make_shared<wire::bgp::PathAttributes>();
  attributes->as_path = wire::bgp::AsPath::sequence(std::move(path));
  feeds::RouteRun out{{}, now()};
  append_batch({peer(), out.time, attributes, {p("198.51.100.0/24")}, {}}, out.burst);
  return out;
}

TEST(ShardWithMonitoredAses, JudgesThemWhereverTheyStandAndTellsTheConnection) {
  detect::MonitoredAs as;
  as.asn = 64500;
  as.upstreams = {{64497}};
  as.downstreams.emplace();
  as.connection = "/c";
  Shard::Options options;
  options.work.detection.monitored.add(as);
  Metrics metrics;
  std::vector<model::Event> events;
  Shard shard(options, metrics, [&](std::vector<model::Event> found) {
    events.insert(events.end(), found.begin(), found.end());
  });
  shard.start();
  shard.apply(registry(), [] {});
  for (feeds::ShardMessage each : {elsewhere({64496, 64498, 64500}), elsewhere({64496, 64497, 64500}),
                                   elsewhere({64496, 64497, 64500, 64511}), elsewhere({64496, 64511})}) {
    ASSERT_TRUE(shard.try_post(each));
  }
  shard.stop();
  std::vector<std::string> told;
  for (const model::Event& event : events) {
    EXPECT_EQ(event.prefix_resource, "/c/providers/Open.Peering/asns/64500");
    EXPECT_EQ(event.connection, "/c");
    told.push_back(fmt::format("{} {}", to_string(event.kind), to_string(event.state)));
  }
  EXPECT_EQ(told, (std::vector<std::string>{
                      "path-unexpected-upstream open", "as-announces-unregistered open",
                      "path-unexpected-upstream resolved", "path-unexpected-downstream open",
                      "as-announces-unregistered resolved", "path-unexpected-downstream resolved"}));
}

model::RegistryPointer registry_that_watches(std::string_view asns) {
  auto out = std::make_shared<model::Registry>();
  auto connection = std::make_shared<model::Connection>();
  connection->resource = "/c";
  connection->asns = model::monitored_ases_from_json(*parse_json(asns)).value();
  out->connections["/c"] = connection;
  return out;
}

TEST(ShardWithAsesOfConnections, FollowsTheListAlsoForRoutesThatWereThereBefore) {
  Metrics metrics;
  ShardWork work({}, metrics);
  const auto told = [&] {
    while (work.has_more()) work.go_on(now());
    std::vector<std::string> out;
    for (const model::Event& event : work.fetch()) {
      out.push_back(fmt::format("{} {}", to_string(event.kind), to_string(event.state)));
    }
    return out;
  };
  using Told = std::vector<std::string>;
  work.take(registry_that_watches("[]"), now());
  const feeds::RouteRun before = elsewhere({64496, 64498, 64500, 64511});
  work.take(feeds::ShardMessage(before), now());
  EXPECT_EQ(told(), Told());
  work.take(registry_that_watches(R"([{"asn":64500,"upstreams":[64497]}])"), now());
  EXPECT_EQ(told(), Told{"path-unexpected-upstream open"}) << "the state at the start";
  work.take(registry_that_watches(R"([{"asn":64500,"upstreams":[64498],"downstreams":[]}])"), now());
  EXPECT_EQ(told(), (Told{"path-unexpected-downstream open", "path-unexpected-upstream resolved"}));
  work.take(feeds::ShardMessage(elsewhere({64496, 64498, 64500})), now());
  EXPECT_EQ(told(), (Told{"as-announces-unregistered open", "path-unexpected-downstream resolved"}))
      << "what was found in the table is followed";
  work.take(registry_that_watches("[]"), now());
  EXPECT_EQ(told(), Told{"as-announces-unregistered resolved"});
  work.take(feeds::ShardMessage(elsewhere({64496, 64499, 64500})), now());
  EXPECT_EQ(told(), Told());
}

TEST_F(ShardTest, AnswersWhatRoutesThereAre) {
  shard.start();
  post(announcement(64500));
  EXPECT_EQ(shard.routes(p("203.0.113.0/24"), 10)->size(), 1U);
  EXPECT_EQ(shard.routes(p("203.0.113.128/25"), 10)->size(), 1U) << "the covering route";
  EXPECT_EQ(shard.routes(p("203.0.0.0/16"), 10)->size(), 1U) << "the more specific route";
  EXPECT_EQ(shard.routes(p("198.51.100.0/24"), 10)->size(), 0U);
  shard.stop();
  EXPECT_EQ(shard.routes(p("203.0.113.0/24"), 10).error().code, ErrorCode::unavailable);
}

TEST_F(ShardTest, TheLossOfAServiceIsNoOutageAndWhatIsNotSaidAgainIsForgotten) {
  shard.start();
  apply_registry();
  post(announcement(64500));
  post(feeds::RouterDown{"edge-1", now(), "test", false, Microseconds(0)});
  post(feeds::RouterUp{"edge-1", now(), false});
  for (int i = 0; i < 1000 && !shard.routes(p("203.0.113.0/24"), 10)->empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(shard.routes(p("203.0.113.0/24"), 10)->empty());
  for (const model::EventKind kind : kinds()) EXPECT_EQ(kind, model::EventKind::announcement);
}

TEST_F(ShardTest, APeersRoutesGoWithItsSession) {
  shard.start();
  post(announcement(64500));
  post(feeds::PeerDown{peer(), now(), "test"});
  for (int i = 0; i < 100 && !shard.routes(p("203.0.113.0/24"), 10)->empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(shard.routes(p("203.0.113.0/24"), 10)->empty());
}

}  // namespace
}  // namespace peering::app
