#include "app/feed_watch.h"

#include <algorithm>

#include "base/log.h"

namespace peering::app {

namespace {

// A rhythm is known when something was heard so many times, each so long after the one before at least: a
// table that is sent at the begin counts once.
constexpr std::size_t beats_min = 20;
constexpr std::chrono::seconds beat{30};
constexpr int pauses = 3;
// How fast a long pause is forgotten.
constexpr std::chrono::hours memory{24};
constexpr std::size_t feeds_max = 10'000;
constexpr std::chrono::seconds beacon_look_every{5};
// A beacon's change takes its time to arrive: an eighth of the schedule.
constexpr int slack_part = 8;
constexpr std::chrono::seconds slack_min{5};

}  // namespace

FeedWatch::FeedWatch(Settings settings, Metrics& metrics)
    : settings_(std::move(settings)),
      silent_gauge_(
          metrics.gauge("peering_feeds_silent",
                        "Routers and collectors that are connected and silent beyond their rhythm.")),
      dead_gauge_(metrics.gauge("peering_beacons_dead", "Beacons whose changes are not seen in time.")) {}

void FeedWatch::heard(const feeds::ShardMessage& message, TimePoint at) {
  if (settings_.silence_min == Microseconds(0)) return;
  const std::lock_guard lock(mutex_);
  if (const auto* run = std::get_if<feeds::RouteRun>(&message)) {
    std::string_view last;
    for (const rib::PeerPointer& peer : run->burst.peers()) {
      if (std::exchange(last, peer->key.router) != peer->key.router) hear(peer->key.router, at);
    }
  } else if (const auto* down = std::get_if<feeds::RouterDown>(&message)) {
    feeds_.erase(down->router);
  } else if (const auto* up = std::get_if<feeds::RouterUp>(&message)) {
    hear(up->router, at);
  } else if (const auto* peer_up = std::get_if<feeds::PeerUp>(&message)) {
    hear(peer_up->peer->key.router, at);
  } else if (const auto* peer_down = std::get_if<feeds::PeerDown>(&message)) {
    // Whose last word is that a session ended may have nothing more to say.
    feeds_.erase(peer_down->peer->key.router);
  }
}

void FeedWatch::hear(const std::string& router, TimePoint at) {
  if (settings_.unwatched.contains(router)) return;
  auto found = feeds_.find(router);
  if (found == feeds_.end()) {
    if (feeds_.size() < feeds_max) feeds_[router].last = at;
    return;
  }
  Feed& feed = found->second;
  const Microseconds pause = std::max(at - feed.last, Microseconds(0));
  feed.longest_pause -= Microseconds(static_cast<std::int64_t>(
      static_cast<double>(feed.longest_pause.count()) *
      std::min(1.0, static_cast<double>(pause.count()) / static_cast<double>(Microseconds(memory).count()))));
  feed.longest_pause = std::max(feed.longest_pause, pause);
  feed.last = std::max(feed.last, at);
  if (at - feed.last_beat < beat) return;
  feed.last_beat = at;
  ++feed.beats;
}

Microseconds FeedWatch::patience(const Feed& feed) const {
  return std::max(settings_.silence_min, pauses * feed.longest_pause);
}

void FeedWatch::look(TimePoint at) {
  if (at - beacons_looked_at_ >= beacon_look_every) look_at_beacons(at);
  const std::lock_guard lock(mutex_);
  troubles_.clear();
  std::size_t silent = 0, dead = 0;
  for (auto& [router, feed] : feeds_) {
    const Microseconds pause = at - feed.last;
    const bool now_silent = feed.beats >= beats_min && pause > patience(feed);
    const bool before = std::exchange(feed.silent, now_silent);
    if (before && !now_silent) log::info("feed {}: is heard again", router);
    if (!now_silent) continue;
    ++silent;
    troubles_.push_back(fmt::format("feed {}: nothing heard for {}, its longest pause was {}", router,
                                    format_duration(pause), format_duration(feed.longest_pause)));
    if (!before) log::warning("{}", troubles_.back());
  }
  for (auto& [prefix, beacon] : beacons_) {
    const Microseconds slack = std::max<Microseconds>(slack_min, settings_.beacon_every / slack_part);
    const bool now_dead = at - beacon.changed > settings_.beacon_every + slack;
    const bool before = std::exchange(beacon.dead, now_dead);
    if (before && !now_dead) log::info("beacon {}: changes again", prefix.to_string());
    if (!now_dead) continue;
    ++dead;
    troubles_.push_back(fmt::format("beacon {}: no change seen for {}, one is due every {}",
                                    prefix.to_string(), format_duration(at - beacon.changed),
                                    format_duration(settings_.beacon_every)));
    if (!before) log::warning("{}", troubles_.back());
  }
  silent_gauge_.set(static_cast<double>(silent));
  dead_gauge_.set(static_cast<double>(dead));
}

// Without the lock while the table is asked: feeds go on meanwhile.
void FeedWatch::look_at_beacons(TimePoint at) {
  beacons_looked_at_ = at;
  for (const net::Prefix& prefix : settings_.beacons) {
    auto state = settings_.state_of(prefix);
    if (!state) continue;
    const std::lock_guard lock(mutex_);
    const auto [found, first] = beacons_.try_emplace(prefix);
    if (first || found->second.state != *state) found->second.changed = at;
    found->second.state = std::move(*state);
  }
}

std::vector<std::string> FeedWatch::troubles() const {
  const std::lock_guard lock(mutex_);
  return troubles_;
}

}  // namespace peering::app
