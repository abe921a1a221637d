// Which of the open degradations of latency have the path to their prefix walked first, and the walks that
// are under way, packet by packet, so that who sends them can hold them to a budget.
//
// First comes where most clients are likely to suffer longest (after BlameIt, SIGCOMM 2019): the samples of
// the first bad bin, as clients are not kept one by one, times the time that it is expected to go on. Each
// degradation is walked once.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "feeds/path_trace.h"
#include "net/prefix.h"

namespace peering::app {

/// A degradation that is open, as far as a traceroute needs to know it.
struct OpenDegradation {
  std::string event;  ///< id
  std::string key;    ///< of the registered prefix: ARM id in lower case
  net::Prefix prefix;
  std::string pop;
  TimePoint first_seen{};
  double rise_us = 0;         ///< of the first bad bin above the baseline
  std::uint64_t samples = 0;  ///< in it
  bool traced = false;        ///< its evidence has a traceroute
};

/// How long degradations last.
class ExpectedDuration {
 public:
  /// One that is over.
  void add(Microseconds lasted);
  /// How long one of this age is still expected to last: as those did that lasted longer; when too few of
  /// them are known, as long as it has so far, at least five minutes.
  Microseconds left(Microseconds age) const;

 private:
  std::deque<Microseconds> lasted_;
};

/// No clock, no sockets, no threads.
class IncidentTraces {
 public:
  struct Step {
    std::string event;
    net::Address destination;
    feeds::PathTrace::Step step;
  };
  struct Traced {
    OpenDegradation degradation;
    net::Address destination;
    std::vector<model::ProbeHop> hops;
  };

  /// All that are open at `at`; what is not among them any more is over.
  void follow(std::span<const OpenDegradation> open, TimePoint at);
  /// The one to be walked now; nothing: none waits, or enough walks are under way.
  std::optional<OpenDegradation> next(TimePoint at) const;
  /// Walks to there; without a destination it is given up.
  void begin(const OpenDegradation& degradation, const std::optional<net::Address>& destination);
  /// A packet to be sent now.
  std::optional<Step> take();
  /// For each step taken, once. The result when it was the last one of its walk.
  std::optional<Traced> answered(const Step& step, model::ProbeAnswer answer);

  std::size_t waiting() const;
  std::size_t under_way() const { return walks_.size(); }

 private:
  struct Walking {
    OpenDegradation degradation;
    net::Address destination;
    feeds::PathTrace path;
  };

  std::map<std::string, OpenDegradation> open_;  // by event
  std::set<std::string> begun_;                  // those of them that are walked or were
  std::map<std::string, Walking> walks_;
  ExpectedDuration duration_;
};

}  // namespace peering::app
