// Scenes: what can happen to a customer's prefixes, as short scripts of BGP messages and latency.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world.h"

namespace peering::sim {

enum class Scene : std::uint8_t {
  announce,       ///< the partner announces the customers' prefixes at both sessions
  withdraw,       ///< and withdraws them at both
  failover,       ///< the primary session withdraws, the backup session stays
  hijack,         ///< a foreign AS announces exactly the customer's prefix
  more_specific,  ///< a foreign AS announces half of it
  slow_pop,       ///< round-trip times at one PoP double
  recovery,       ///< everything is as it should be again
};
std::string_view to_string(Scene scene);
/// "announce", …, "more-specific", "slow-pop", "recovery".
std::optional<Scene> parse_scene(std::string_view name);
const std::vector<Scene>& all_scenes();
/// One of everything, each followed by a recovery, and a withdrawal at the end: what plays when no scene is
/// named.
std::vector<Scene> whole_timeline();

/// What one session says about some prefixes: announced with the attributes, or withdrawn without.
struct RouteUpdate {
  std::size_t session = 0;
  Attributes attributes;  ///< null: withdrawn
  std::vector<net::Prefix> prefixes;
};

/// One line of a script.
struct SceneStep {
  std::chrono::microseconds after{};  ///< since the scene began
  std::string text;                   ///< for people
  std::vector<RouteUpdate> updates;
  std::string pop;                         ///< whose round-trip times change; empty: none
  double latency_factor = 1;               ///< against normal
  std::optional<std::vector<Roa>> roas{};  ///< what the RPKI says from now on, when it changes
};

/// The script of a scene, except `recovery`, which depends on what happened before (`Timeline`).
std::vector<SceneStep> script_of(Scene scene, const World& world);

}  // namespace peering::sim
