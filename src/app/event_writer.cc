#include "app/event_writer.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "alert/silencer.h"
#include "base/log.h"
#include "detect/incident_groups.h"

namespace peering::app {

namespace {

constexpr std::size_t backlog_events_max = 100'000;
constexpr std::size_t commit_events_max = 500;
constexpr std::chrono::milliseconds retry_pause{500};
constexpr std::chrono::seconds stop_patience{5};
constexpr std::chrono::seconds silences_looked_at_every{1};

}  // namespace

struct EventWriter::State {
  explicit State(Services given)
      : services(std::move(given)),
        written(services.metrics.counter("peering_events_stored_total", "Events written to the store.")),
        dropped(services.metrics.counter("peering_events_dropped_total",
                                         "Informational events dropped because the backlog was full.")),
        failures(services.metrics.counter("peering_event_store_failures_total",
                                          "Commits of events that the store refused; they are tried again.")),
        backlog(services.metrics.gauge("peering_event_backlog", "Events waiting for the store.")),
        delay(services.metrics.histogram("peering_event_store_seconds",
                                         "Seconds from the making of an event to its durable commit.",
                                         {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10})) {}

  Services services;
  Counter &written, &dropped, &failures;
  Gauge& backlog;
  Histogram& delay;
  std::mutex mutex;
  std::condition_variable wake;
  // Order of first arrival; the newest version of each event and state.
  std::deque<std::string> order;
  std::unordered_map<std::string, model::Event> waiting;
  bool stopping = false;
  // Of the writer's thread, once it runs.
  detect::IncidentGroups groups;
  alert::Silencer silencer;
  std::chrono::steady_clock::time_point looked_at{};
  std::atomic<bool> stalled{false};
  std::thread thread;

  // An event that opened and resolved while waiting stays two entries, so that its alert opens and resolves.
  static std::string key_of(const model::Event& event) {
    return event.id.value + "/" + std::string(to_string(event.state));
  }

  void put(model::Event event) {
    std::string key = key_of(event);
    const auto found = waiting.find(key);
    if (found != waiting.end()) {
      found->second = std::move(event);
      return;
    }
    if (waiting.size() >= backlog_events_max && event.level == model::Level::information) {
      dropped.add();
      stalled = true;
      return;
    }
    order.push_back(key);
    waiting.emplace(std::move(key), std::move(event));
  }

  // What waits; nothing at the end, and after a while when silenced events must be looked at.
  std::vector<model::Event> take() {
    std::unique_lock lock(mutex);
    const auto ready = [&] { return stopping || !order.empty(); };
    if (silencer.empty()) {
      wake.wait(lock, ready);
    } else {
      wake.wait_for(lock, silences_looked_at_every, ready);
    }
    std::vector<model::Event> out;
    while (!order.empty() && out.size() < commit_events_max) {
      auto node = waiting.extract(order.front());
      order.pop_front();
      if (!node.empty()) out.push_back(std::move(node.mapped()));
    }
    return out;
  }

  // Events whose silence is over come before what is new of them.
  void add_ended_silences(std::vector<model::Event>& events, const model::Registry& registry) {
    const auto at = std::chrono::steady_clock::now();
    if (at - looked_at < silences_looked_at_every) return;
    looked_at = at;
    std::vector<model::Event> ended = silencer.ended(registry, now());
    events.insert(events.begin(), std::move_iterator(ended.begin()), std::move_iterator(ended.end()));
  }

  // What could not be written goes back to the front, unless a newer version came meanwhile.
  void put_back(std::vector<model::Event> events) {
    const std::lock_guard lock(mutex);
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      const std::string key = key_of(*event);
      if (waiting.emplace(key, std::move(*event)).second) order.push_front(key);
    }
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
      if (events.empty()) continue;
      groups.assign(events);
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
  state_->groups.restore(known);
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
