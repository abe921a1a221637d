// The simulation against the clock: routers on their connections, clients at their HTTP requests.
//
// An outside client in every respect: it knows the address of a BMP station and of an HTTP server, and
// nothing of what is behind them. One thread plays the timeline, one thread a router keeps its BMP session
// (and starts it again when the station goes away), one thread sends samples.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/timeline.h"

namespace peering::sim {

struct SimulatorOptions {
  std::string endpoint;  ///< "http://127.0.0.1:8470"; empty: no samples
  std::string token;     ///< may send samples
  std::string ca_file;
  std::string bmp;  ///< "127.0.0.1:11019"; empty: no routers
  WorldOptions world;
  const Incident* incident = nullptr;  ///< what is played instead of scenes in that world; null: none
  std::string vrp_file;  ///< where what the RPKI says of an incident is written, for the server to read;
                         ///< empty: nowhere
  TimelineOptions timeline;
  double speed = 1;
};

/// What came of it so far.
struct SimulatorState {
  std::uint64_t bmp_bytes = 0, bmp_connects = 0;
  std::uint64_t samples_accepted = 0, samples_rejected = 0, samples_unmatched = 0, requests_failed = 0;
  bool ended = false;  ///< the timeline has no more
};

/// Thread-safe once started.
class Simulator {
 public:
  /// `narrate` gets one line a step, from any of the threads but never two at once.
  Simulator(SimulatorOptions options, std::function<void(const std::string&)> narrate);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  const World& world() const;
  void start();
  SimulatorState state() const;
  /// Stops and joins; routers say goodbye. Idempotent.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::sim
