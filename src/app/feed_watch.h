// Feeds that should be heard and are not.
//
// Each router (of a collector: each collector) has a rhythm of its own: one is silent that says nothing for
// three times its longest pause of late, and not less than `silence_min`. A table at the begin is no rhythm.
// Only who is connected is silent; a session that is down is told by others, but what was seen through it is
// not observed either (`unheard`). And a beacon, a prefix that is announced and withdrawn on a schedule, has
// to change in time: when it does not, what we see is not what there is, whoever is heard.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "app/heard_feeds.h"
#include "base/metrics.h"
#include "base/result.h"
#include "feeds/shard_message.h"
#include "model/unheard_feeds.h"
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
    /// A feed fell silent (it was heard last at `since`), or is silent no longer. Called by `look`.
    std::function<void(const std::string& router, bool silent, TimePoint since)> tell;
    /// What else should be looked at, a few words each. Called by `look`.
    std::function<std::vector<std::string>()> others;
  };
  FeedWatch(Settings settings, Metrics& metrics);

  /// What a feed told, on its way to a shard. Mostly takes no lock.
  void heard(const feeds::ShardMessage& message, TimePoint at);
  /// Call every second or so, from one thread; may block as `state_of` does.
  void look(TimePoint at);
  /// What is wrong as of the last look, a few words each: "feed edge-1: nothing heard for 25 min, …".
  std::vector<std::string> troubles() const;
  /// Who was silent, or away, at the last look.
  model::UnheardFeedsPointer unheard() const;

 private:
  struct Beacon {
    std::string state;
    TimePoint changed;
    bool dead = false;
  };
  struct Change {
    std::string router;
    bool silent = false;
    TimePoint since;
  };

  void hear(const std::string& router, TimePoint at);
  void left(const std::string& router, TimePoint at, std::string_view why);
  Microseconds beat() const;
  Microseconds patience(const HeardFeed& feed) const;
  std::vector<Change> look_at_feeds(TimePoint at, std::vector<std::string>& troubles);
  void look_at_beacons(TimePoint at, std::vector<std::string>& troubles);
  void ask_for_beacons(TimePoint at);

  const Settings settings_;
  Gauge &silent_gauge_, &dead_gauge_;
  HeardFeeds feeds_;
  std::map<net::Prefix, Beacon> beacons_;  // of `look` alone, as this
  TimePoint beacons_asked_at_;
  mutable std::mutex mutex_;  // of what follows
  std::vector<std::string> troubles_;
  model::UnheardFeedsPointer unheard_ = std::make_shared<const model::UnheardFeeds>();
};

}  // namespace peering::app
