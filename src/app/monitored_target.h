// What resources ask to be probed, as values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "model/probe.h"
#include "model/sample.h"

namespace peering::app {

/// One thing to be probed again and again.
struct MonitoredTarget {
  std::string key;           ///< lower case; one of a peering's begins with the peering's id and "|"
  std::string subscription;  ///< lower case
  std::string source;        ///< the samples' source; empty: there are none
  std::string destination;   ///< an address or a name
  model::ProbeProtocol protocol = model::ProbeProtocol::icmp;
  std::uint16_t port = 0;
  std::chrono::seconds period{0};
  /// A port that refuses is an answer too: only the way is asked about.
  bool refusal_counts = false;
  friend bool operator==(const MonitoredTarget&, const MonitoredTarget&) = default;
};

/// Of a connection monitor test: TCP to its port, STAMP to port 862, ICMP without one. `period` is the
/// test's own, not yet held to limits. Errors: the document is damaged.
Result<MonitoredTarget> target_of_test(std::string_view key, const json::value& document);

/// Of a peering's `connectivityProbes`: those with protocol ICMP or TCP. They say no period.
std::vector<MonitoredTarget> targets_of_peering(std::string_view key, const json::value& document);
/// What the keys of a peering's targets begin with; `protocol` is "icmp" or "tcp", empty for all.
std::string targets_prefix(std::string_view peering, std::string_view protocol);

/// How a sample of the protocol is called.
model::SampleKind sample_kind_of(model::ProbeProtocol protocol);
/// May it be looked up?
bool is_host_name(std::string_view text);

}  // namespace peering::app
