// Whose fault a degradation most likely is, asked with what is at hand: the bins of all registered prefixes,
// the routing table, and the events of routes.
//
// The quartets are of the moment in which the degradation opened: what each client network saw at each PoP
// by the same kind of sample. It was bad when its median was above what the same network had in the hour
// before by what makes a bin shifted; where that is not known, above what is usual for its prefix. Paths are
// those in the routing table now: the best known of the PoP.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "latency/blame.h"
#include "latency/degradation.h"
#include "model/event.h"
#include "model/registry.h"
#include "rib/route.h"
#include "store/telemetry_store.h"

namespace peering::app {

/// Not thread-safe.
class LatencyBlame {
 public:
  struct Services {
    std::function<Result<std::vector<latency::SeriesBin>>(const latency::BinQuery&)> bins;
    std::function<Result<std::vector<rib::Route>>(const net::Prefix&)> routes;
    std::function<Result<store::EventPage>(const store::EventQuery&)> events;
    std::function<model::RegistryPointer()> registry;
    /// What is usual for a series of a prefix; nothing when that is not known.
    std::function<std::optional<double>(const std::string& prefix_key, const latency::SeriesName&, TimePoint)>
        usual_us;
    latency::JudgeSettings settings;
  };
  explicit LatencyBlame(Services services) : services_(std::move(services)) {}

  /// Of a degraded event, as far as it can be told at `at`, our time. Degradations of one moment share what
  /// is read. Blocks.
  model::Blame of(const model::Event& degraded, TimePoint at);

 private:
  struct Moment {
    model::SampleKind kind{};
    TimePoint start{}, read_at{};
    std::vector<latency::Quartet> quartets;
  };

  const std::vector<latency::Quartet>& quartets_of(model::SampleKind kind, TimePoint start, TimePoint at);
  void add_quartets(const std::string& key, const model::RegisteredPrefix& prefix, Moment& out) const;
  void add_paths(const model::RegisteredPrefix& prefix, std::vector<latency::Quartet>& quartets,
                 std::size_t from) const;
  std::vector<latency::RouteEvent> route_events(const model::Event& degraded) const;

  Services services_;
  std::list<Moment> moments_;  // read last, the newest first
};

}  // namespace peering::app
