#include "api/event_hub.h"

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "base/log.h"

namespace peering::api {

namespace {

using Clock = std::chrono::steady_clock;

// A follower that is behind gets this much at a time, with a pause between: less than the 64 KiB that a
// connection may have waiting.
constexpr std::size_t piece_bytes_max = 32 * 1024;
constexpr std::size_t piece_events_max = 500;
constexpr std::chrono::milliseconds piece_pause{25};
constexpr std::chrono::milliseconds retry_pause{1000};

std::string message_of(const store::StoredEvent& stored) {
  return fmt::format("id: {}\nevent: event\ndata: {}\n\n", stored.sequence,
                     json::serialize(model::to_json(stored.event)));
}

struct Live {
  Follower follower;
  Clock::time_point spoken;  // when something was last written
  bool gone = false;
  bool behind = false;
};

}  // namespace

struct EventHub::State {
  State(store::TelemetryStore& given, Metrics& metrics, Options limits)
      : telemetry(given),
        options(limits),
        followers_now(metrics.gauge("peering_event_followers", "Open streams of events.")),
        sent(metrics.counter("peering_event_stream_messages_total", "Events written to followers.")),
        failures(metrics.counter("peering_event_stream_read_failures_total",
                                 "Times the store could not be read for followers; they are served later.")) {
  }

  store::TelemetryStore& telemetry;
  const Options options;
  Gauge& followers_now;
  Counter &sent, &failures;

  mutable std::mutex mutex;
  std::condition_variable wake;
  bool running = false, stopping = false, dirty = false;
  std::vector<Follower> arriving;
  std::size_t count = 0;  // arriving and live
  std::thread thread;

  // Only the hub's thread touches what follows.
  std::list<Live> live;
  std::deque<store::StoredEvent> recent;  // everything after `recent_after`, in order
  std::uint64_t recent_after = 0;

  std::uint64_t latest() const { return recent.empty() ? recent_after : recent.back().sequence; }

  bool read_new() {
    while (true) {
      auto found = telemetry.events_after(latest(), piece_events_max);
      if (!found) {
        failures.add();
        log::warning("events for followers cannot be read: {}", found.error().message);
        return false;
      }
      const std::size_t read = found->size();
      for (store::StoredEvent& event : *found) recent.push_back(std::move(event));
      while (recent.size() > options.recent_max) {
        recent_after = recent.front().sequence;
        recent.pop_front();
      }
      if (read < piece_events_max) return true;
    }
  }

  // Writes one event; what was written, in bytes.
  std::size_t tell(Live& each, const store::StoredEvent& stored) {
    each.follower.after = stored.sequence;
    if (!each.follower.wanted(stored.event)) return 0;
    std::string text = message_of(stored);
    const std::size_t bytes = text.size();
    if (each.follower.sink->write(std::move(text))) {
      sent.add();
      each.spoken = Clock::now();
    } else {
      each.gone = true;
    }
    return bytes;
  }

  template <class Events>
  void tell_all(Live& each, const Events& events) {
    std::size_t bytes = 0;
    for (const store::StoredEvent& stored : events) {
      if (stored.sequence <= each.follower.after) continue;
      if (bytes >= piece_bytes_max) {
        each.behind = true;
        return;
      }
      bytes += tell(each, stored);
      if (each.gone) return;
    }
  }

  void serve(Live& each) {
    each.behind = false;
    if (each.follower.after >= recent_after) return tell_all(each, recent);
    const auto older = telemetry.events_after(each.follower.after, piece_events_max);
    each.behind = true;
    if (!older) {
      failures.add();
      return;
    }
    tell_all(each, *older);
    // What it missed has expired: it goes on with what is left.
    if (older->empty()) each.follower.after = recent_after;
    each.behind = each.behind || each.follower.after < latest();
  }

  void keep_alive(Live& each) {
    if (each.gone || Clock::now() - each.spoken < options.keep_alive) return;
    each.spoken = Clock::now();
    if (each.follower.still_allowed && !each.follower.still_allowed()) {
      each.follower.sink->close();
      each.gone = true;
    } else if (!each.follower.sink->write(": keep-alive\n\n")) {
      each.gone = true;
    }
  }

  // The pause until something must be done even when nobody calls.
  Clock::duration pause(bool read) const {
    if (!read) return retry_pause;
    for (const Live& each : live) {
      if (each.behind) return piece_pause;
    }
    return live.empty() ? std::chrono::hours(1) : Clock::duration(options.keep_alive / 2);
  }

  void take_arriving(std::vector<Follower> followers) {
    for (Follower& follower : followers) {
      Live each{std::move(follower), Clock::now()};
      // What the connection's buffer holds back until the first event would look like a dead stream.
      each.gone = !each.follower.sink->write(": following\n\n");
      live.push_back(std::move(each));
    }
  }

  void drop_gone() {
    const std::size_t before = live.size();
    live.remove_if([](const Live& each) { return each.gone; });
    const std::lock_guard lock(mutex);
    count -= before - live.size();
    followers_now.set(static_cast<double>(count));
  }

  void run() {
    bool read = true;
    while (true) {
      std::vector<Follower> followers;
      bool changed = false;
      {
        std::unique_lock lock(mutex);
        wake.wait_for(lock, pause(read), [&] { return stopping || dirty || !arriving.empty(); });
        if (stopping) break;
        changed = dirty || !read;
        dirty = false;
        followers.swap(arriving);
      }
      take_arriving(std::move(followers));
      if (changed) read = read_new();
      for (Live& each : live) {
        serve(each);
        keep_alive(each);
      }
      drop_gone();
    }
    for (Live& each : live) each.follower.sink->close();
    live.clear();
  }
};

EventHub::EventHub(store::TelemetryStore& telemetry, Metrics& metrics)
    : EventHub(telemetry, metrics, Options{}) {}

EventHub::EventHub(store::TelemetryStore& telemetry, Metrics& metrics, Options options)
    : state_(std::make_unique<State>(telemetry, metrics, options)) {}

EventHub::~EventHub() { stop(); }

void EventHub::start() {
  const std::lock_guard lock(state_->mutex);
  if (state_->running) return;
  const auto last = state_->telemetry.last_event_sequence();
  state_->recent_after = last.value_or(0);
  state_->running = true;
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void EventHub::stop() {
  std::vector<Follower> arriving;
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->running || state_->stopping) return;
    state_->stopping = true;
    arriving.swap(state_->arriving);
  }
  state_->wake.notify_all();
  state_->thread.join();
  for (Follower& follower : arriving) follower.sink->close();
}

void EventHub::stored() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->dirty = true;
  }
  state_->wake.notify_one();
}

bool EventHub::follow(Follower follower) {
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->running || state_->stopping || state_->count >= state_->options.followers_max) return false;
    ++state_->count;
    state_->arriving.push_back(std::move(follower));
  }
  state_->wake.notify_one();
  return true;
}

bool EventHub::has_room() const {
  const std::lock_guard lock(state_->mutex);
  return state_->running && !state_->stopping && state_->count < state_->options.followers_max;
}

}  // namespace peering::api
