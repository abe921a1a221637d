// Feeds that should be heard and are not.
//
// Each router (of a collector: each collector) has a rhythm of its own: one is silent that says nothing for
// three times its longest pause of late, and not less than `silence_min`. A table at the begin is no rhythm.
// Only who is connected is silent; a session that is down is told by others. And a beacon, a prefix that is
// announced and withdrawn on a schedule, has to change in time: when it does not, what we see is not what
// there is, whoever is heard.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "feeds/shard_message.h"
#include "net/prefix.h"

namespace peering::app {

/// Thread-safe.
class FeedWatch {
 public:
  struct Settings {
    Microseconds silence_min = std::chrono::minutes(10);  ///< 0: silence is not watched
    std::set<std::string> unwatched;                      ///< names of collectors whose files come to an end
    std::vector<net::Prefix> beacons;
    Microseconds beacon_every = std::chrono::hours(2);  ///< between two changes of a beacon
    /// A text that is another one when the prefix's routes are others.
    std::function<Result<std::string>(const net::Prefix&)> state_of;
  };
  FeedWatch(Settings settings, Metrics& metrics);

  /// What a feed told, on its way to a shard.
  void heard(const feeds::ShardMessage& message, TimePoint at);
  /// Call every second or so; may block as `state_of` does.
  void look(TimePoint at);
  /// What is wrong as of the last look, a few words each: "feed edge-1: nothing heard for 25 min, …".
  std::vector<std::string> troubles() const;

 private:
  struct Feed {
    TimePoint last;
    Microseconds longest_pause{};
    TimePoint last_beat;
    std::size_t beats = 0;
    bool silent = false;
  };
  struct Beacon {
    std::string state;
    TimePoint changed;
    bool dead = false;
  };

  void hear(const std::string& router, TimePoint at);
  Microseconds patience(const Feed& feed) const;
  void look_at_beacons(TimePoint at);

  const Settings settings_;
  Gauge &silent_gauge_, &dead_gauge_;
  mutable std::mutex mutex_;
  std::map<std::string, Feed> feeds_;
  std::map<net::Prefix, Beacon> beacons_;
  TimePoint beacons_looked_at_;
  std::vector<std::string> troubles_;
};

}  // namespace peering::app
