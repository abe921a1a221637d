#include "sim/scene.h"

#include <gtest/gtest.h>

namespace peering::sim {
namespace {

const World& world_of_scenes() {
  static const World out = make_world({1, 2, 0});
  return out;
}

TEST(Scene, NamesGoBothWays) {
  for (const Scene scene : all_scenes()) EXPECT_EQ(parse_scene(to_string(scene)), scene);
  EXPECT_EQ(parse_scene("more-specific"), Scene::more_specific);
  EXPECT_FALSE(parse_scene("earthquake"));
}

TEST(Scene, FailoverLeavesTheBackupSessionAlone) {
  for (const SceneStep& step : script_of(Scene::failover, world_of_scenes())) {
    for (const RouteUpdate& update : step.updates) {
      EXPECT_EQ(world_of_scenes().sessions[update.session].role, SessionRole::partner_primary);
      EXPECT_FALSE(update.attributes);
    }
  }
}

TEST(Scene, HijackIsTheExactPrefixFromAForeignOrigin) {
  const auto steps = script_of(Scene::hijack, world_of_scenes());
  ASSERT_EQ(steps.size(), 2U) << "one a transit session";
  for (const SceneStep& step : steps) {
    ASSERT_EQ(step.updates.size(), 1U);
    EXPECT_EQ(step.updates[0].prefixes, std::vector<net::Prefix>{world_of_scenes().customers[0].prefixes[0]});
    EXPECT_EQ(step.updates[0].attributes->as_path.origin(), world_of_scenes().hijacker);
  }
}

TEST(Scene, MoreSpecificLiesInsideTheCustomersPrefix) {
  const net::Prefix& whole = world_of_scenes().customers[0].prefixes[0];
  for (const SceneStep& step : script_of(Scene::more_specific, world_of_scenes())) {
    const net::Prefix& part = step.updates.at(0).prefixes.at(0);
    EXPECT_TRUE(whole.covers(part));
    EXPECT_EQ(part.length(), whole.length() + 1);
  }
}

TEST(Scene, EverythingAnnouncedIsWithdrawn) {
  const auto routes = [](Scene scene) {
    std::vector<std::pair<std::size_t, net::Prefix>> out;
    for (const SceneStep& step : script_of(scene, world_of_scenes())) {
      for (const RouteUpdate& update : step.updates) {
        for (const net::Prefix& prefix : update.prefixes) out.emplace_back(update.session, prefix);
      }
    }
    return out;
  };
  EXPECT_EQ(routes(Scene::announce), routes(Scene::withdraw));
  EXPECT_EQ(routes(Scene::announce).size(), 8U) << "four prefixes at two sessions";
}

}  // namespace
}  // namespace peering::sim
