// Judges the latency of registered prefixes as samples are stored, and tells what it finds as events.
//
// Bins are judged when they are over, for live samples ten seconds after their end. What is older (history
// that is loaded, a source that lags) is judged when nothing more of it has come for a few seconds: half a
// history must not be told. What is told follows from the stored bins alone (latency/prefix_judge.h); when
// samples that come later show it otherwise, the event is told anew or retracted.
//
// A degradation that is told says whose fault it most likely is (latency_blame.h). That is asked again twice
// in the minute after, as others may be told of the same fault a little later.
//
// After a start every registered prefix is judged once, those with new samples first, and what was told
// before is compared: a stop neither repeats an event nor loses one.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/incident_traces.h"
#include "base/metrics.h"
#include "latency/degradation.h"
#include "latency/sample_log.h"
#include "model/event.h"
#include "model/registry.h"
#include "rib/route.h"
#include "store/telemetry_store.h"

namespace peering::app {

/// Thread-safe unless said otherwise. Inert until `start`.
class LatencyJudging {
 public:
  struct Services {
    std::function<Result<std::vector<latency::SeriesBin>>(const latency::BinQuery&)> bins;
    std::function<Result<store::EventPage>(const store::EventQuery&)> events;
    std::function<model::RegistryPointer()> registry;
    std::function<void(std::vector<model::Event>)> emit;                        ///< must not block
    std::function<Result<std::vector<rib::Route>>(const net::Prefix&)> routes;  ///< for blame
    latency::JudgeSettings settings;
    /// Told of all degradations that are open, every few seconds. Must not block; null: nobody is.
    std::function<void(std::vector<OpenDegradation>)> follow_open;
  };
  LatencyJudging(Services services, Metrics& metrics);
  ~LatencyJudging();
  LatencyJudging(const LatencyJudging&) = delete;
  LatencyJudging& operator=(const LatencyJudging&) = delete;

  /// The bins of these sketches have more samples than before. Never blocks.
  void touched(const model::SketchBatch& added, TimePoint at);
  /// What is found of the prefix with this lower-case ARM id, also if nothing of it was told yet. Errors of
  /// the store.
  Result<std::vector<latency::SeriesVerdict>> verdicts(const std::string& prefix_key, TimePoint at);
  /// A traceroute was made for the event of a degradation of the prefix: it stands beside the blame, whose
  /// verdict it does not change. Once for an event. Never blocks.
  void traced(std::string prefix_key, std::string event, model::BlameEvidence line);
  /// Rounds on a thread of its own until `stop`, which judges what waits for at most 3 s.
  void start();
  void stop();
  /// Judges what is due at `at`, or everything that waits. Called by the thread, or by a test instead.
  void round(TimePoint at, bool everything = false);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::app
