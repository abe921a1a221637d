#include "app/event_writer.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/event_backlog.h"
#include "base/log.h"

namespace peering::app {

namespace {

constexpr std::size_t commit_events_max = 500;
constexpr std::chrono::milliseconds retry_pause{500};
constexpr std::chrono::seconds stop_patience{5};
constexpr std::chrono::seconds looked_at_every{1};

}  // namespace

struct EventWriter::State {
  explicit State(Services given)
      : services(std::move(given)),
        written(services.metrics.counter("peering_events_stored_total", "Events written to the store.")),
        dropped(services.metrics.counter("peering_events_dropped_total",
                                         "Informational events dropped because the backlog was full.")),
        failures(services.metrics.counter("peering_event_store_failures_total",
                                          "Commits of events that the store refused; they are tried again.")),
        damped(services.metrics.counter("peering_events_damped_total",
                                        "Open versions of events stored and not told, because they flap.")),
        flapping(services.metrics.gauge("peering_events_flapping",
                                        "Events that open and resolve again and again.")),
        backlog(services.metrics.gauge("peering_event_backlog", "Events waiting for the store.")),
        delay(services.metrics.histogram("peering_event_store_seconds",
                                         "Seconds from the making of an event to its durable commit.",
                                         {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10})),
        waiting(services.reopen_within),
        committer(services.telemetry, services.rules, services.flaps, services.groups) {}

  Services services;
  Counter &written, &dropped, &failures, &damped;
  Gauge &flapping, &backlog;
  Histogram& delay;
  std::mutex mutex;
  std::condition_variable wake;
  EventBacklog waiting;
  bool stopping = false;
  // Of the writer's thread, once it runs.
  EventCommitter committer;
  std::chrono::steady_clock::time_point looked_at{};
  std::atomic<bool> stalled{false};
  std::thread thread;

  void put(model::Event event) {
    if (waiting.put(std::move(event), now())) return;
    dropped.add();
    stalled = true;
  }

  // What waits; nothing at the end, and after a while when silenced or damped events must be looked at.
  std::vector<model::Event> take() {
    std::unique_lock lock(mutex);
    const auto ready = [&] { return stopping || !waiting.empty(); };
    if (committer.watches_time()) {
      wake.wait_for(lock, looked_at_every, ready);
    } else {
      wake.wait(lock, ready);
    }
    return waiting.take(commit_events_max);
  }

  void add_ended_silences(std::vector<model::Event>& events, const model::Registry& registry) {
    const auto at = std::chrono::steady_clock::now();
    if (at - looked_at < looked_at_every) return;
    looked_at = at;
    committer.add_ended_silences(events, registry, now());
  }

  void put_back(std::vector<model::Event> events) {
    const std::lock_guard lock(mutex);
    waiting.put_back(std::move(events));
  }

  bool commit(const std::vector<model::Event>& events, const model::Registry& registry) {
    const auto done = committer.commit(events, registry, now());
    if (!done) {
      failures.add();
      if (!stalled.exchange(true)) log::error("events cannot be stored: {}", done.error().message);
      return false;
    }
    if (stalled.exchange(false)) log::info("events are stored again");
    written.add(static_cast<double>(events.size()));
    damped.add(static_cast<double>(std::ranges::count_if(events, [](const model::Event& event) {
      return event.damped && event.state == model::EventState::open;
    })));
    const TimePoint durable = now();
    for (const model::Event& event : events) {
      delay.observe(static_cast<double>((durable - event.detected_at).count()) / 1e6);
    }
    services.committed(*done);
    return true;
  }

  bool should_stop() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  void run() {
    auto give_up = std::chrono::steady_clock::time_point::max();
    while (true) {
      std::vector<model::Event> events = take();
      if (events.empty() && should_stop()) return;
      const auto registry = services.registry();
      add_ended_silences(events, *registry);
      committer.prepare(events, *registry, now());
      flapping.set(static_cast<double>(committer.flapping()));
      if (events.empty()) continue;
      if (!commit(events, *registry)) {
        put_back(std::move(events));
        const auto at = std::chrono::steady_clock::now();
        if (should_stop()) give_up = std::min(give_up, at + stop_patience);
        if (at >= give_up) return;
        std::this_thread::sleep_for(retry_pause);
      }
      const std::lock_guard lock(mutex);
      backlog.set(static_cast<double>(waiting.size()));
    }
  }
};

EventWriter::EventWriter(Services services) : state_(std::make_unique<State>(std::move(services))) {}
EventWriter::~EventWriter() { stop(); }

void EventWriter::restore(std::span<const model::Event> open, const RecentEvents& recent) {
  std::vector<model::Event> known = recent.ended;
  known.insert(known.end(), open.begin(), open.end());
  state_->waiting.restore(known, now());
  state_->committer.restore(known, now());
  state_->committer.recall(recent.returned, now());
}

void EventWriter::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void EventWriter::submit(std::vector<model::Event> events) {
  if (events.empty()) return;
  {
    const std::lock_guard lock(state_->mutex);
    for (model::Event& event : events) state_->put(std::move(event));
  }
  state_->wake.notify_one();
}

void EventWriter::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_one();
  if (state_->thread.joinable()) state_->thread.join();
}

bool EventWriter::stalled() const { return state_->stalled; }

}  // namespace peering::app
