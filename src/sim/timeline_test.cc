#include "sim/timeline.h"

#include <set>

#include <gtest/gtest.h>

namespace peering::sim {
namespace {

using std::chrono::seconds;

constexpr TimePoint start = time_from_us(1'795'600'000'000'000);

const World& world() {
  static const World out = make_world({1, 2, 300});
  return out;
}

// Everything that a timeline says, as one text.
std::string transcript(std::uint64_t seed, double speed = 1) {
  const World some = make_world({seed, 2, 300});
  TimelineOptions options;
  options.history = std::chrono::minutes(10);
  Timeline timeline(some, options, SimulatedClock{start, speed});
  std::string out;
  while (const auto moment = timeline.next()) {
    out += fmt::format("{} {}\n", moment->at.count(), moment->text);
    for (const RouteUpdate& update : moment->updates) {
      out += fmt::format("{} {}", update.session,
                         update.attributes ? update.attributes->as_path.to_string() : "withdrawn");
      for (const net::Prefix& prefix : update.prefixes) out += " " + prefix.to_string();
      out += "\n";
    }
    for (const SampleRequest& request : moment->samples) out += request.idempotency_key + "\n" + request.body;
  }
  return out;
}

// The customers' routes after everything that was said.
std::set<std::pair<std::size_t, std::string>> routes_after(const std::vector<Scene>& scenes) {
  TimelineOptions options;
  options.scenes = scenes;
  options.background_updates_per_second = 0;
  Timeline timeline(world(), options, SimulatedClock{start, 1});
  std::map<std::pair<std::size_t, std::string>, Attributes> now;
  for (const RouteGroup& group : timeline.initial_table()) {
    for (const net::Prefix& prefix : group.prefixes)
      now[{group.session, prefix.to_string()}] = group.attributes;
  }
  while (const auto moment = timeline.next()) {
    for (const RouteUpdate& update : moment->updates) {
      for (const net::Prefix& prefix : update.prefixes) {
        now[{update.session, prefix.to_string()}] = update.attributes;
      }
    }
  }
  std::set<std::pair<std::size_t, std::string>> out;
  for (const auto& [key, attributes] : now) {
    if (attributes) out.insert({key.first, key.second + " " + attributes->as_path.to_string()});
  }
  return out;
}

TEST(Timeline, TheSameSeedSaysTheSameAndAnotherSomethingElse) {
  const std::string once = transcript(1);
  EXPECT_GT(once.size(), 100000U);
  EXPECT_EQ(transcript(1), once);
  EXPECT_NE(transcript(2), once);
}

TEST(Timeline, NeverGoesBackInTimeAndEndsAPaceAfterTheLastScene) {
  TimelineOptions options;
  options.scenes = {Scene::announce, Scene::hijack};
  options.pace = seconds(10);
  Timeline timeline(world(), options, SimulatedClock{start, 1});
  std::chrono::microseconds last{0};
  while (const auto moment = timeline.next()) {
    EXPECT_GE(moment->at, last);
    last = moment->at;
  }
  EXPECT_EQ(timeline.ends(), seconds(23)) << "3 s before the first scene and two paces";
  EXPECT_LT(last, timeline.ends());
}

TEST(Timeline, RecoveryPutsRightWhateverHappened) {
  const auto normal = routes_after({Scene::failover, Scene::recovery});
  EXPECT_EQ(routes_after({Scene::announce}), normal);
  EXPECT_EQ(routes_after({Scene::withdraw, Scene::hijack, Scene::more_specific, Scene::recovery}), normal);
  EXPECT_NE(routes_after({Scene::hijack}), normal);
  EXPECT_NE(routes_after({Scene::failover}), normal);
}

TEST(Timeline, AnnounceFirstMeansThatNothingWasThereBefore) {
  TimelineOptions options;
  options.scenes = {Scene::announce};
  EXPECT_EQ(Timeline(world(), options, {}).initial_table().size(), world().background.size());
  options.scenes = {Scene::hijack};
  EXPECT_GT(Timeline(world(), options, {}).initial_table().size(), world().background.size());
}

TEST(Timeline, RepeatsAndGoesOnAsAsked) {
  TimelineOptions options;
  options.scenes = {Scene::recovery};
  options.pace = seconds(5);
  options.ends = seconds(60);
  options.samples_per_second = 0;
  options.background_updates_per_second = 0;
  const auto steps = [&](Afterwards afterwards) {
    options.afterwards = afterwards;
    Timeline timeline(world(), options, SimulatedClock{start, 1});
    std::size_t out = 0;
    while (const auto moment = timeline.next()) out += moment->text.empty() ? 0 : 1;
    EXPECT_EQ(timeline.ends(), afterwards == Afterwards::end ? seconds(8) : seconds(60));
    return out;
  };
  EXPECT_EQ(steps(Afterwards::end), 1U);
  EXPECT_EQ(steps(Afterwards::go_on), 1U);
  EXPECT_EQ(steps(Afterwards::repeat), 12U);
}

TEST(Timeline, SlowPopReachesTheSamplesAndRecoveryEndsIt) {
  TimelineOptions options;
  options.scenes = {Scene::slow_pop, Scene::recovery};
  Timeline timeline(world(), options, SimulatedClock{start, 1});
  std::vector<std::string> texts;
  while (const auto moment = timeline.next()) {
    if (!moment->text.empty()) texts.push_back(moment->text);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"slow-pop: AMS: round-trip times double",
                                             "recovery: AMS: round-trip times are normal"}));
}

TEST(SimulatedClock, SpeedMakesWallTimeShorter) {
  const SimulatedClock clock{start, 10};
  EXPECT_EQ(clock.wall(seconds(100)), start + seconds(10));
}

TEST(World, IsTheSameForTheSameSeedAndFullOfRoutes) {
  const World once = make_world({3, 1, 2000}), again = make_world({3, 1, 2000});
  ASSERT_EQ(once.background.size(), again.background.size());
  std::set<net::Prefix> prefixes;
  for (std::size_t i = 0; i < once.background.size(); ++i) {
    const RouteGroup &a = once.background[i], &b = again.background[i];
    EXPECT_EQ(a.prefixes, b.prefixes);
    EXPECT_EQ(*a.attributes, *b.attributes);
    EXPECT_EQ(a.attributes->as_path.first(), once.sessions[a.session].asn);
    EXPECT_GE(a.attributes->as_path.length(), 2);
    EXPECT_LE(a.attributes->as_path.length(), 8);
    prefixes.insert(a.prefixes.begin(), a.prefixes.end());
  }
  EXPECT_EQ(prefixes.size(), 2000U);
  for (const net::Prefix& prefix : once.customers[0].prefixes) {
    for (const net::Prefix& other : prefixes) EXPECT_FALSE(prefix.covers(other) || other.covers(prefix));
  }
}

}  // namespace
}  // namespace peering::sim
