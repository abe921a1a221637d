#include "app/feed_watch.h"

#include <algorithm>

#include "base/log.h"

namespace peering::app {

namespace {

// A rhythm is known when something was heard so many times, spread over `silence_min` at least: a table that
// is sent at the begin counts once.
constexpr std::size_t beats_min = 20;
constexpr int pauses = 3;
// What is heard within so small a part of a beat after the last word is no news of the rhythm.
constexpr int grains_of_a_beat = 10;
// How fast a long pause is forgotten.
constexpr std::chrono::hours memory{24};
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
  if (const auto* run = std::get_if<feeds::RouteRun>(&message)) {
    std::string_view last;
    for (const rib::PeerPointer& peer : run->burst.peers()) {
      if (std::exchange(last, peer->key.router) != peer->key.router) hear(peer->key.router, at);
    }
  } else if (const auto* down = std::get_if<feeds::RouterDown>(&message)) {
    left(down->router, at, "its session is down");
  } else if (const auto* up = std::get_if<feeds::RouterUp>(&message)) {
    hear(up->router, at);
  } else if (const auto* peer_up = std::get_if<feeds::PeerUp>(&message)) {
    hear(peer_up->peer->key.router, at);
  } else if (const auto* peer_down = std::get_if<feeds::PeerDown>(&message)) {
    // Whose last word is that a session ended may have nothing more to say.
    left(peer_down->peer->key.router, at, "");
  }
}

Microseconds FeedWatch::beat() const { return settings_.silence_min / static_cast<std::int64_t>(beats_min); }

void FeedWatch::hear(const std::string& router, TimePoint at) {
  const HeardFeed* const known = feeds_.find(router);
  if (known) {
    const std::int64_t last = known->last_us.load(std::memory_order_relaxed);
    if (last != 0 && to_us(at) - last < beat().count() / grains_of_a_beat) return;
  }
  if (settings_.unwatched.contains(router)) return;
  const std::lock_guard lock(feeds_.mutex);
  HeardFeed* const feed = feeds_.find_or_make(router);
  if (!feed) return;
  const std::int64_t last = feed->last_us.load(std::memory_order_relaxed);
  feed->last_us.store(std::max(last, to_us(at)), std::memory_order_relaxed);
  if (last == 0) {
    // How long it may pause is not forgotten with a session: who was quiet by nature still is.
    feed->since = at;
    feed->away.clear();
    feed->last_beat = {};
    feed->beats = 0;
    return;
  }
  const Microseconds pause(std::max<std::int64_t>(to_us(at) - last, 0));
  feed->longest_pause -= Microseconds(static_cast<std::int64_t>(
      static_cast<double>(feed->longest_pause.count()) *
      std::min(1.0, static_cast<double>(pause.count()) / static_cast<double>(Microseconds(memory).count()))));
  feed->longest_pause = std::max(feed->longest_pause, pause);
  if (at - feed->last_beat < beat()) return;
  feed->last_beat = at;
  ++feed->beats;
}

void FeedWatch::left(const std::string& router, TimePoint at, std::string_view why) {
  const std::lock_guard lock(feeds_.mutex);
  HeardFeed* const feed = feeds_.find(router);
  if (!feed) return;
  feed->last_us.store(0, std::memory_order_relaxed);
  feed->since = at;
  feed->away = why;
  feed->silent = false;
}

Microseconds FeedWatch::patience(const HeardFeed& feed) const {
  return std::max(settings_.silence_min, pauses * feed.longest_pause);
}

void FeedWatch::look(TimePoint at) {
  std::vector<std::string> troubles;
  const std::vector<Change> changes = look_at_feeds(at, troubles);
  if (at - beacons_asked_at_ >= beacon_look_every) ask_for_beacons(at);
  look_at_beacons(at, troubles);
  if (settings_.others) std::ranges::move(settings_.others(), std::back_inserter(troubles));
  {
    const std::lock_guard lock(mutex_);
    troubles_ = std::move(troubles);
  }
  if (!settings_.tell) return;
  for (const Change& change : changes) settings_.tell(change.router, change.silent, change.since);
}

std::vector<FeedWatch::Change> FeedWatch::look_at_feeds(TimePoint at, std::vector<std::string>& troubles) {
  std::vector<Change> changes;
  auto unheard = std::make_shared<model::UnheardFeeds>();
  std::size_t silent = 0;
  {
    const std::lock_guard lock(feeds_.mutex);
    for (const auto& feed : feeds_.all()) {
      const std::int64_t last_us = feed->last_us.load(std::memory_order_relaxed);
      const TimePoint last = time_from_us(last_us);
      const Microseconds pause = at - last;
      const bool now_silent = last_us != 0 && settings_.silence_min > Microseconds(0) &&
                              feed->beats >= beats_min && pause > patience(*feed);
      if (std::exchange(feed->silent, now_silent) != now_silent && !now_silent) {
        log::info("feed {}: is heard again", feed->router);
      }
      if (std::exchange(feed->told_silent, now_silent) != now_silent) {
        changes.push_back({feed->router, now_silent, now_silent ? last : at});
      }
      if (now_silent) {
        ++silent;
        unheard->feeds[feed->router] = {last, fmt::format("it is connected and says nothing; its longest "
                                                          "pause of late was {}",
                                                          format_duration(feed->longest_pause))};
        troubles.push_back(fmt::format("feed {}: nothing heard for {}, its longest pause was {}",
                                       feed->router, format_duration(pause),
                                       format_duration(feed->longest_pause)));
        if (changes.size() > 0 && changes.back().router == feed->router) log::warning("{}", troubles.back());
      } else if (!feed->away.empty()) {
        unheard->feeds[feed->router] = {feed->since, feed->away};
      } else {
        ++unheard->heard;
      }
    }
  }
  silent_gauge_.set(static_cast<double>(silent));
  const std::lock_guard lock(mutex_);
  unheard_ = std::move(unheard);
  return changes;
}

void FeedWatch::look_at_beacons(TimePoint at, std::vector<std::string>& troubles) {
  std::size_t dead = 0;
  for (auto& [prefix, beacon] : beacons_) {
    const Microseconds slack = std::max<Microseconds>(slack_min, settings_.beacon_every / slack_part);
    const bool now_dead = at - beacon.changed > settings_.beacon_every + slack;
    const bool before = std::exchange(beacon.dead, now_dead);
    if (before && !now_dead) log::info("beacon {}: changes again", prefix.to_string());
    if (!now_dead) continue;
    ++dead;
    troubles.push_back(fmt::format("beacon {}: no change seen for {}, one is due every {}",
                                   prefix.to_string(), format_duration(at - beacon.changed),
                                   format_duration(settings_.beacon_every)));
    if (!before) log::warning("{}", troubles.back());
  }
  dead_gauge_.set(static_cast<double>(dead));
}

// Without a lock: feeds go on while the table is asked.
void FeedWatch::ask_for_beacons(TimePoint at) {
  beacons_asked_at_ = at;
  for (const net::Prefix& prefix : settings_.beacons) {
    auto state = settings_.state_of(prefix);
    if (!state) continue;
    const auto [found, first] = beacons_.try_emplace(prefix);
    if (first || found->second.state != *state) found->second.changed = at;
    found->second.state = std::move(*state);
  }
}

std::vector<std::string> FeedWatch::troubles() const {
  const std::lock_guard lock(mutex_);
  return troubles_;
}

model::UnheardFeedsPointer FeedWatch::unheard() const {
  const std::lock_guard lock(mutex_);
  return unheard_;
}

}  // namespace peering::app
