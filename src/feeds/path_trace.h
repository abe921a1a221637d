// A traceroute as a state machine: which TTL to try next, and what the answers say of the path. No sockets,
// no clock.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/probe.h"

namespace peering::feeds {

struct PathTraceSettings {
  int hops_max = 30;
  int tries = 3;
  /// Probes under way at once; 1 where an answer does not say which probe it is for.
  std::size_t window = 18;
  /// Ends behind so many hops in a row that no one answered for; they are in the report.
  int silent_max = 30;
};

class PathTrace {
 public:
  explicit PathTrace(const PathTraceSettings& settings);

  struct Step {
    int ttl = 0;
    int attempt = 0;
  };
  /// What to send now; nothing: wait for an answer, or `done`.
  std::optional<Step> next();
  /// A silent one is an answer too. Each step exactly once.
  void answered(const Step& step, model::ProbeAnswer answer);
  /// Every hop of the path has its answers. Probes beyond its end may still be under way.
  bool done() const;
  /// Hops up to the last one of the path, in order; what has no answer yet is silent.
  std::vector<model::ProbeHop> hops() const;

 private:
  struct Try {
    bool sent = false, over = false;
    model::ProbeAnswer answer;
  };
  bool is_silent(int ttl) const;
  bool is_complete(int ttl) const;
  void end_behind_silence();

  const PathTraceSettings settings_;
  std::vector<std::vector<Try>> tries_;  // by TTL - 1
  int last_;                             // the path has no more hops than these
  std::size_t under_way_ = 0;
};

}  // namespace peering::feeds
