// What the server measures of registered prefixes by itself, within one budget: those whose clients are too
// few to say anything, and the path to those whose latency is degraded at this PoP.
//
// It follows the registry, counts from time to time what every prefix has had of samples at this PoP, and has
// the thin ones probed (thin_prefixes.h) within a budget that holds for all of them together: so many probes
// a second, evenly spaced, and so many destinations. Each answer is a sample of kind `icmp` of the prefix,
// under a source of its own, so that it never counts as one of a client.
//
// Of degradations that are open the path is walked once each (incident_traces.h), in the order of what they
// cost, to a destination whose path from before is known, if there is one. What is found goes to where the
// blame is. Walks and probes get every other packet of the budget when both have some to send.
//
// The search for addresses that answer begins anew after a start: no address is written anywhere.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/incident_traces.h"
#include "app/known_walks.h"
#include "app/path_evidence.h"
#include "base/metrics.h"
#include "feeds/prober.h"
#include "latency/sample_log.h"
#include "model/registry.h"
#include "model/sample.h"

namespace peering::app {

/// Source of the samples.
inline constexpr std::string_view prefix_probe_source = "thin-prefix";

struct PrefixProbeSettings {
  bool thin_prefixes = true;
  std::int64_t per_second_max = 10;
  std::size_t destinations_max = 200;
  std::chrono::seconds every{25};         ///< of one address
  std::chrono::seconds window{15L * 60};  ///< whole bins that are looked at, rounded up
  std::uint64_t samples_min = 10;         ///< in five minutes of it on average; with fewer a prefix is thin
  std::vector<net::Address> addresses;    ///< tried first, in the prefixes they lie in
  std::string pop;                        ///< of the samples
};

/// Thread-safe. Inert until `start`.
class PrefixProbes {
 public:
  struct Services {
    feeds::Prober& prober;
    /// May `count` probes be sent there for the subscription now? `permission_denied`: never. Must not block.
    std::function<Result<void>(std::string_view subscription, const net::Address&, double count)> admit;
    std::function<model::RegistryPointer()> registry;
    std::function<Result<std::vector<latency::SeriesBin>>(const latency::BinQuery&)> bins;  ///< blocks
    /// Makes samples durable. Blocks.
    std::function<Result<void>(const model::SampleBatch&)> accept_samples;
    /// A walk to a destination in the prefix from before that time. Must not block.
    std::function<std::optional<KnownWalk>(const net::Prefix&, TimePoint)> walk_before;
    AnnouncedBy announced_by;
    /// The traceroute of a degradation, by its prefix's key and its event.
    std::function<void(std::string key, std::string event, model::BlameEvidence line)> traced;
  };
  PrefixProbes(Services services, PrefixProbeSettings settings, Metrics& metrics);
  ~PrefixProbes();
  PrefixProbes(const PrefixProbes&) = delete;
  PrefixProbes& operator=(const PrefixProbes&) = delete;

  void start();
  /// Joins, and stores what is measured. Before the prober is gone. Idempotent.
  void stop();
  /// All degradations that are open. Never blocks.
  void follow_open(const std::vector<OpenDegradation>& open);
  /// What the budget leaves out, in words; mostly nothing.
  std::vector<std::string> troubles() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace peering::app
