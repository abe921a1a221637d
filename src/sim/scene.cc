#include "sim/scene.h"

#include <algorithm>

#include <fmt/format.h>

namespace peering::sim {

using std::chrono::seconds;

namespace {

constexpr std::pair<Scene, std::string_view> scene_names[] = {
    {Scene::announce, "announce"}, {Scene::withdraw, "withdraw"},           {Scene::failover, "failover"},
    {Scene::hijack, "hijack"},     {Scene::more_specific, "more-specific"}, {Scene::slow_pop, "slow-pop"},
    {Scene::recovery, "recovery"},
};

// What the partner says about every customer over one session.
std::vector<RouteUpdate> partner_updates(const World& world, std::size_t session, bool announced) {
  std::vector<RouteUpdate> out;
  for (const RouteGroup& group : world.usual) {
    if (group.session != session) continue;
    out.push_back({session, announced ? group.attributes : nullptr, group.prefixes});
  }
  return out;
}

std::string prefixes_text(const World& world) {
  std::size_t count = 0;
  for (const Customer& customer : world.customers) count += customer.prefixes.size();
  return count == 1 ? world.customers[0].prefixes[0].to_string() : fmt::format("{} prefixes", count);
}

SceneStep partner_step(const World& world, seconds after, SessionRole role, bool announced) {
  const std::size_t session = world.session_with(role);
  const SessionSite& site = world.sessions[session];
  return {after,
          fmt::format("{}: AS{} {} {}", site.name, site.asn, announced ? "announces" : "withdraws",
                      prefixes_text(world)),
          partner_updates(world, session, announced),
          {},
          1};
}

// The foreign origin reaches us through every transit provider, a second apart.
std::vector<SceneStep> foreign_origin(const World& world, const net::Prefix& prefix, net::Asn origin,
                                      std::string_view what) {
  std::vector<SceneStep> out;
  for (const std::size_t session : world.sessions_with(SessionRole::transit)) {
    const SessionSite& site = world.sessions[session];
    RouteUpdate update{session, make_attributes(site, prefix.family(), {site.asn, origin}, {}), {prefix}};
    out.push_back({seconds(out.size()),
                   fmt::format("{}: AS{} announces {} ({})", site.name, origin, prefix.to_string(), what),
                   {std::move(update)},
                   {},
                   1});
  }
  return out;
}

net::Prefix lower_half(const net::Prefix& prefix) { return {prefix.address(), prefix.length() + 1}; }

}  // namespace

std::string_view to_string(Scene scene) {
  for (const auto& [value, name] : scene_names) {
    if (value == scene) return name;
  }
  return {};
}

std::optional<Scene> parse_scene(std::string_view name) {
  for (const auto& [value, text] : scene_names) {
    if (text == name) return value;
  }
  return std::nullopt;
}

const std::vector<Scene>& all_scenes() {
  static const std::vector<Scene> scenes = [] {
    std::vector<Scene> out;
    for (const auto& [value, text] : scene_names) out.push_back(value);
    return out;
  }();
  return scenes;
}

std::vector<Scene> whole_timeline() {
  return {Scene::announce,      Scene::failover, Scene::recovery, Scene::hijack,   Scene::recovery,
          Scene::more_specific, Scene::recovery, Scene::slow_pop, Scene::recovery, Scene::withdraw};
}

std::vector<SceneStep> script_of(Scene scene, const World& world) {
  const net::Prefix& victim = world.customers.front().prefixes.front();
  switch (scene) {
    case Scene::announce:
      return {partner_step(world, seconds(0), SessionRole::partner_primary, true),
              partner_step(world, seconds(1), SessionRole::partner_backup, true)};
    case Scene::withdraw:
      return {partner_step(world, seconds(0), SessionRole::partner_primary, false),
              partner_step(world, seconds(2), SessionRole::partner_backup, false)};
    case Scene::failover:
      return {partner_step(world, seconds(0), SessionRole::partner_primary, false)};
    case Scene::hijack:
      return foreign_origin(world, victim, world.hijacker, "a foreign origin");
    case Scene::more_specific:
      return foreign_origin(world, lower_half(victim), world.second_hijacker, "a foreign more-specific");
    case Scene::slow_pop:
      return {{seconds(0),
               fmt::format("{}: round-trip times double", world.pops.front().name),
               {},
               world.pops.front().name,
               2.0}};
    case Scene::recovery:
      break;
  }
  return {};
}

}  // namespace peering::sim
