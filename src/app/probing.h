// Active measurements as the rest of the daemon sees them: one prober, the rules of `[probe]` on who may have
// what probed, and what runs by itself: tests, and the probes of prefixes with few samples.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/configuration.h"
#include "app/incident_traces.h"
#include "app/monitor_tests.h"
#include "base/metrics.h"
#include "base/result.h"
#include "latency/sample_log.h"
#include "rib/route.h"

namespace peering::app {

/// The PoP that probes leave from: `probe.pop`, or the only one there is; null: not said.
const Pop* probe_pop(const Configuration& configuration);

/// What `[probe]` says and nobody could do: a PoP or an address that is none.
Result<void> check_probing(const Configuration& configuration);

/// Thread-safe. Inert until `start`; when `[probe]` is off, for ever.
class Probing {
 public:
  struct Services {
    std::function<model::RegistryPointer()> registry;
    std::function<Result<void>(const model::SampleBatch&)> accept_samples;
    std::function<Result<std::vector<latency::SeriesBin>>(const latency::BinQuery&)> bins;
    std::function<Result<std::vector<rib::Route>>(const net::Prefix&)> routes;
    /// A traceroute of a degradation: its prefix's key, its event.
    std::function<void(std::string key, std::string event, model::BlameEvidence line)> traced;
  };
  Probing(const Configuration& configuration, Services services, Metrics& metrics);
  ~Probing();
  Probing(const Probing&) = delete;
  Probing& operator=(const Probing&) = delete;

  Result<void> start();
  void stop();
  /// Where the STAMP reflector listens; absent: nowhere.
  std::optional<http::Endpoint> reflector() const;

  /// All degradations that are open. Never blocks.
  void follow_open(const std::vector<OpenDegradation>& open);
  /// What is not measured although it should be, in words for who operates the server.
  std::vector<std::string> troubles() const;
  /// A resource changed; also those that were there before the start.
  void changed(const store::Change& change);
  /// See `api::Services`.
  std::optional<model::ProbeRefusal> order(const model::ProbeOrder& order,
                                           std::function<void(model::ProbeReport)> done);
  std::optional<model::TestState> state(std::string_view test) const;
  std::vector<model::TestResult> results(std::string_view owner, std::string_view name, TimePoint from,
                                         TimePoint to) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::app
