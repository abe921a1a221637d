// Runs what customers and peers registered: connection monitor tests of peering services, and connectivity
// probes of peerings.
//
// It follows every change of those resources, probes each at its frequency, and keeps the results of the last
// hours in memory: after a restart they begin anew. The time of each successful test is also handed on as a
// latency sample, which is kept like every other, when its destination lies in a registered prefix of the
// same subscription. Paths are walked seldom.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "feeds/prober.h"
#include "model/probe.h"
#include "model/registry.h"
#include "model/sample.h"
#include "store/resource_store.h"

namespace peering::app {

struct MonitorTestSettings {
  std::chrono::seconds frequency_min{30};
  std::chrono::seconds connectivity_every{15};
  std::chrono::seconds trace_every{600};
  std::chrono::seconds keep_results{6 * 3600};
  std::size_t tests_max = 10'000;
  std::string pop;  ///< of the samples
};

/// Thread-safe. Inert until `start`.
class MonitorTests {
 public:
  struct Services {
    feeds::Prober& prober;
    /// May `count` probes be sent there for the subscription now? Takes them when it says yes. Must not
    /// block.
    std::function<Result<void>(std::string_view subscription, const net::Address&, double count)> admit;
    std::function<model::RegistryPointer()> registry;
    /// Makes samples durable. Blocks.
    std::function<Result<void>(const model::SampleBatch&)> accept_samples;
    /// A path was walked, beginning at `at`. Must not block.
    std::function<void(const net::Address& destination, TimePoint at, const model::ProbeReport&)> walked;
  };
  MonitorTests(Services services, MonitorTestSettings settings, Metrics& metrics);
  ~MonitorTests();
  MonitorTests(const MonitorTests&) = delete;
  MonitorTests& operator=(const MonitorTests&) = delete;

  void start();
  /// Joins. Before the prober is gone, and after it stopped.
  void stop();
  /// A resource of any type changed.
  void changed(const store::Change& change);

  /// See `api::Services`.
  std::optional<model::TestState> state(std::string_view test) const;
  std::vector<model::TestResult> results(std::string_view owner, std::string_view name, TimePoint from,
                                         TimePoint to) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace peering::app
