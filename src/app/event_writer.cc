#include "app/event_writer.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "alert/silencer.h"
#include "base/log.h"
#include "detect/incident_groups.h"
#include "detect/reopening.h"

namespace peering::app {

namespace {

constexpr std::size_t backlog_events_max = 100'000;
constexpr std::size_t commit_events_max = 500;
constexpr std::chrono::milliseconds retry_pause{500};
constexpr std::chrono::seconds stop_patience{5};
constexpr std::chrono::seconds looked_at_every{1};
constexpr std::size_t versions_max = 8;  // of one event that wait; an even number

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
        reopening(services.reopen_within),
        damper(services.flaps) {}

  Services services;
  Counter &written, &dropped, &failures, &damped;
  Gauge &flapping, &backlog;
  Histogram& delay;
  std::mutex mutex;
  std::condition_variable wake;
  detect::Reopening reopening;
  // In order of arrival, and where the versions of each event stand in it.
  std::map<std::int64_t, model::Event> waiting;
  std::unordered_map<std::string, std::vector<std::int64_t>> places;
  std::int64_t arrived = 0;
  bool stopping = false;
  // Of the writer's thread, once it runs.
  detect::IncidentGroups groups;
  alert::Damper damper;
  alert::Silencer silencer;
  std::chrono::steady_clock::time_point looked_at{};
  std::atomic<bool> stalled{false};
  std::thread thread;

  // Versions in other states stay apart, so that an alert opens and resolves as its event did.
  void put(model::Event event) {
    if (!reopening.apply(event, now())) return;
    const auto known = places.find(event.id.value);
    if (known != places.end()) {
      model::Event& last = waiting.at(known->second.back());
      if (last.state == event.state) {
        last = std::move(event);
        return;
      }
    }
    if (waiting.size() >= backlog_events_max && event.level == model::Level::information) {
      dropped.add();
      stalled = true;
      return;
    }
    std::vector<std::int64_t>& of_event = places[event.id.value];
    if (of_event.size() >= versions_max) {
      // A return and its end, neither the first nor the last.
      for (int i = 0; i < 2; ++i) {
        waiting.erase(of_event[2]);
        of_event.erase(of_event.begin() + 2);
      }
    }
    of_event.push_back(++arrived);
    waiting.emplace(arrived, std::move(event));
  }

  // What waits; nothing at the end, and after a while when silenced or damped events must be looked at.
  std::vector<model::Event> take() {
    std::unique_lock lock(mutex);
    const auto ready = [&] { return stopping || !waiting.empty(); };
    if (silencer.empty() && damper.empty()) {
      wake.wait(lock, ready);
    } else {
      wake.wait_for(lock, looked_at_every, ready);
    }
    std::vector<model::Event> out;
    while (!waiting.empty() && out.size() < commit_events_max) {
      auto node = waiting.extract(waiting.begin());
      const auto of_event = places.find(node.mapped().id.value);
      std::erase(of_event->second, node.key());
      if (of_event->second.empty()) places.erase(of_event);
      out.push_back(std::move(node.mapped()));
    }
    return out;
  }

  // Events whose silence is over come before what is new of them.
  void add_ended_silences(std::vector<model::Event>& events, const model::Registry& registry) {
    const auto at = std::chrono::steady_clock::now();
    if (at - looked_at < looked_at_every) return;
    looked_at = at;
    std::vector<model::Event> ended = silencer.ended(registry, now());
    events.insert(events.begin(), std::move_iterator(ended.begin()), std::move_iterator(ended.end()));
  }

  // What could not be written goes back to the front, unless a newer version in its state came meanwhile.
  void put_back(std::vector<model::Event> events) {
    const std::lock_guard lock(mutex);
    std::int64_t place = waiting.empty() ? arrived : waiting.begin()->first - 1;
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      std::vector<std::int64_t>& of_event = places[event->id.value];
      if (!of_event.empty() && waiting.at(of_event.front()).state == event->state) continue;
      of_event.insert(of_event.begin(), place);
      waiting.emplace(place--, std::move(*event));
    }
  }

  // What came back belongs where it belonged before.
  void recall_incidents(std::vector<model::Event>& events) {
    for (model::Event& event : events) {
      if (event.reopened == 0 || event.incident_id != event.id.value || groups.follows(event.id)) continue;
      const auto stored = services.telemetry.event(event.id);
      if (stored && *stored) event.incident_id = (*stored)->incident_id;
    }
  }

  // What flaps, and what is told (again) because time passed.
  void damp(std::vector<model::Event>& events) {
    const TimePoint at = now();
    damper.mark(events, at);
    std::vector<model::Event> due = damper.due(at);
    events.insert(events.end(), std::move_iterator(due.begin()), std::move_iterator(due.end()));
    flapping.set(static_cast<double>(damper.flapping()));
  }

  bool commit(const std::vector<model::Event>& events, const model::Registry& registry) {
    store::EventCommit batch;
    batch.events = events;
    const TimePoint at = now();
    for (const model::Event& event : events) services.rules(event, registry, at, batch);
    if (const auto done = services.telemetry.append(batch); !done) {
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
    services.committed(batch);
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
      recall_incidents(events);
      groups.assign(events);
      damp(events);
      if (events.empty()) continue;
      silencer.mark(events, *registry, now());
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

void EventWriter::restore(std::span<const model::Event> known) {
  state_->reopening.restore(known, now());
  state_->groups.restore(known);
  state_->damper.restore(known, now());
  state_->silencer.restore(known);
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
