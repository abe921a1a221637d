// Everything that will happen, in order, from a seed: scenes, the Internet's own unrest, and clients'
// samples.
//
// Time here is the simulation's: microseconds since it began. `SimulatedClock` maps it to wall time, faster
// or slower; timestamps in messages and samples are wall time, so that the server takes them as they are. The
// timeline knows no sockets and no clock: the same options give the same moments, byte for byte.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/clients.h"
#include "sim/random.h"
#include "sim/scene.h"

namespace peering::sim {

/// Maps simulated to wall time.
struct SimulatedClock {
  TimePoint start{};
  double speed = 1;  ///< simulated seconds in a wall second

  TimePoint wall(std::chrono::microseconds simulated) const {
    return start + Microseconds(static_cast<std::int64_t>(static_cast<double>(simulated.count()) / speed));
  }
};

/// What comes after the last scene.
enum class Afterwards : std::uint8_t {
  end,     ///< nothing: the timeline ends one pace after the last scene began
  go_on,   ///< the background and the clients go on
  repeat,  ///< the first scene again
};

struct TimelineOptions {
  std::vector<Scene> scenes;  ///< empty: the whole timeline
  Afterwards afterwards = Afterwards::end;
  std::chrono::seconds pace{20};           ///< from the beginning of a scene to the next
  std::chrono::seconds first_scene{3};     ///< before it only background
  std::chrono::seconds batch_interval{5};  ///< between two requests of samples
  std::size_t samples_per_second = 40;     ///< of each customer
  double background_updates_per_second = 2;
  std::chrono::minutes history{0};  ///< samples of the time before the start
  std::chrono::seconds ends{0};     ///< the latest end; 0: none
};

/// A body for POST /telemetry/samples.
struct SampleRequest {
  std::string idempotency_key;
  std::string body;
};

/// Something that happens.
struct Moment {
  std::chrono::microseconds at{};
  std::string text;  ///< for people; empty: not worth a line
  std::vector<RouteUpdate> updates;
  std::vector<SampleRequest> samples;
  std::optional<std::vector<Roa>> roas{};  ///< what the RPKI says from now on, when it changes
};

/// Not thread-safe. `world` must outlive it.
class Timeline {
 public:
  Timeline(const World& world, TimelineOptions options, const SimulatedClock& clock);

  /// The next moment, or nothing at the end. Never goes back in time.
  std::optional<Moment> next();
  /// When it ends, once `next` gave nothing.
  std::chrono::microseconds ends() const { return ends_; }
  /// What every session announces before anything has happened: the background and, unless the first scene
  /// announces them, the customers' prefixes. A world with an incident plays that and no scenes.
  std::vector<RouteGroup> initial_table() const;

 private:
  struct Step {
    std::chrono::microseconds at{};
    SceneStep step;
  };

  void load_scenes();
  void load_incident();
  std::vector<SceneStep> recovery() const;
  Attributes normal(std::size_t session, const net::Prefix& prefix) const;
  Moment scene_moment();
  Moment background_moment();
  Moment samples_moment();
  void remember(const std::vector<RouteUpdate>& updates);
  std::vector<SampleRequest> history() const;
  SampleRequest request(std::string_view purpose, std::size_t customer, std::uint64_t batch,
                        std::size_t count, TimePoint from, TimePoint to) const;

  const World& world_;
  TimelineOptions options_;
  SimulatedClock clock_;
  Clients clients_;
  Random unrest_;

  std::vector<Scene> scenes_;
  std::size_t scene_ = 0;  // index of the next scene to load
  std::chrono::microseconds scene_starts_{};
  std::deque<Step> steps_;
  std::chrono::microseconds ends_ = std::chrono::microseconds::max();

  std::chrono::microseconds next_samples_{}, next_unrest_ = std::chrono::microseconds::max();
  std::uint64_t batch_ = 0;
  bool history_told_ = false;
  std::optional<std::size_t> gone_;  // background group that is withdrawn now

  // What scenes have said so far, by session and prefix; null: withdrawn.
  std::map<std::pair<std::size_t, net::Prefix>, Attributes> said_;
  LatencyFactors factors_;
};

}  // namespace peering::sim
