#include "app/latency_judging.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <tuple>
#include <unordered_map>

#include "app/latency_blame.h"
#include "app/latency_events.h"
#include "app/path_evidence.h"
#include "base/log.h"
#include "detect/event_shape.h"
#include "latency/prefix_judge.h"

namespace peering::app {

namespace {

constexpr std::chrono::milliseconds judging_pause{500};
// After its end a bin may still get samples that were on their way.
constexpr std::chrono::seconds settling_time{10};
// How long it must be quiet around older bins, and how long that is waited for.
constexpr std::chrono::seconds quiet_time{3}, quiet_waited_max{30};
// How far back events are read: as far as degradations are remembered.
constexpr std::chrono::days told_max{60};
constexpr std::size_t events_page = 1000;
constexpr std::chrono::milliseconds loading_budget{200};
constexpr std::chrono::seconds judging_patience{3};

// Blame is asked again after so long, so many times.
constexpr std::chrono::seconds blame_again_after{15};
constexpr int blame_again_times = 2;

constexpr std::chrono::seconds open_told_every{5};
constexpr std::size_t traced_waiting_max = 1000;

// What of a prefix has changed and is not judged yet.
struct Touched {
  std::optional<TimePoint> over;     // the earliest bin that is over
  std::optional<TimePoint> running;  // the earliest that is not
  TimePoint running_latest{};        // the latest that is not
  TimePoint since{}, last{};         // when bins that are over were touched
};

struct JudgedPrefix {
  std::mutex mutex;  // of what follows
  std::optional<latency::PrefixJudge> judge;
  std::map<std::string, model::Event> told;  // by id, as told last
};
using JudgedPrefixPointer = std::shared_ptr<JudgedPrefix>;

// Blame that is to be asked again.
struct AskedBlame {
  std::string key, event;
  TimePoint due{};
  int times = blame_again_times;
};

// A traceroute on its way into the event it was made for.
struct TracedEvent {
  std::string key, event;
  model::BlameEvidence line;
};

bool has_traceroute(const model::Blame& blame) { return std::ranges::any_of(blame.evidence, is_traceroute); }

// Traceroutes are not found anew when blame is asked again.
void keep_traceroutes(const std::optional<model::Blame>& told, model::Blame& fresh) {
  if (!told) return;
  std::ranges::copy_if(told->evidence, std::back_inserter(fresh.evidence), is_traceroute);
}

OpenDegradation open_degradation(const std::string& key, const model::Event& event) {
  return {.event = event.id.value,
          .key = key,
          .prefix = event.prefix,
          .pop = event.latency->pop,
          .first_seen = event.first_seen,
          .rise_us = event.latency->median_us - event.latency->baseline_us,
          .samples = event.latency->count,
          .traced = event.blame && has_traceroute(*event.blame)};
}

bool is_open_degradation(const model::Event& event) {
  return event.kind == model::EventKind::latency_degraded && event.state == model::EventState::open;
}

}  // namespace

struct LatencyJudging::State {
  State(Services given, Metrics& metrics)
      : services(std::move(given)),
        judged(metrics.counter("peering_latency_judged_total",
                               "Times that the latency of a prefix was judged.")),
        failures(
            metrics.counter("peering_latency_judge_failures_total",
                            "Times that a prefix could not be judged as the store failed; tried again.")),
        degraded(metrics.gauge("peering_latency_degraded", "Prefixes whose latency is degraded now.")),
        blame({services.bins, services.routes, services.events, services.registry,
               [this](const std::string& key, const latency::SeriesName& series, TimePoint at) {
                 return usual_us(key, series, at);
               },
               services.settings}) {}

  Services services;
  Counter &judged, &failures;
  Gauge& degraded;
  std::mutex mutex;  // of what follows
  std::condition_variable wake;
  bool stopping = false;
  std::unordered_map<std::string, Touched> touched;
  std::unordered_map<std::string, JudgedPrefixPointer> prefixes;
  std::vector<TracedEvent> traced;
  std::thread thread;
  // Of the rounds alone.
  std::optional<std::vector<std::string>> unjudged;  // registered prefixes, since the start
  std::set<std::string> open;                        // prefixes with open degradations
  bool failing = false;
  LatencyBlame blame;
  std::vector<AskedBlame> asked;
  TimePoint open_told{};

  std::optional<double> usual_us(const std::string& key, const latency::SeriesName& series, TimePoint at) {
    const JudgedPrefixPointer prefix = prefix_of(key);
    const std::lock_guard lock(prefix->mutex);
    return prefix->judge ? prefix->judge->usual_us(series, at) : std::nullopt;
  }

  void touch(const std::string& key, TimePoint start, TimePoint at) {
    Touched& here = touched[key];
    const bool is_over = start + latency::bin_width + settling_time <= at;
    std::optional<TimePoint>& earliest = is_over ? here.over : here.running;
    if (is_over) {
      if (!here.over) here.since = at;
      here.last = at;
    } else {
      here.running_latest = std::max(here.running_latest, start);
    }
    earliest = std::min(earliest.value_or(start), start);
  }

  static bool is_due(Touched& here, TimePoint at) {
    if (here.running && *here.running + latency::bin_width + settling_time <= at) {
      here.over = std::min(here.over.value_or(*here.running), *here.running);
      here.running = here.running_latest > *here.running ? std::optional(here.running_latest) : std::nullopt;
      return true;
    }
    return here.over && (at - here.last >= quiet_time || at - here.since >= quiet_waited_max);
  }

  // What is due, and from which bin on.
  std::vector<std::pair<std::string, TimePoint>> take_due(TimePoint at, bool everything) {
    const std::lock_guard lock(mutex);
    std::vector<std::pair<std::string, TimePoint>> out;
    for (auto each = touched.begin(); each != touched.end();) {
      Touched& here = each->second;
      if (is_due(here, at) || (everything && here.over)) {
        out.emplace_back(each->first, *here.over);
        here.over.reset();
      }
      each = here.over || here.running ? std::next(each) : touched.erase(each);
    }
    return out;
  }

  JudgedPrefixPointer prefix_of(const std::string& key) {
    const std::lock_guard lock(mutex);
    JudgedPrefixPointer& out = prefixes[key];
    if (!out) out = std::make_shared<JudgedPrefix>();
    return out;
  }

  void forget(const std::string& key) {
    const std::lock_guard lock(mutex);
    prefixes.erase(key);
  }

  Result<void> read_told(JudgedPrefix& prefix, store::EventQuery query) {
    query.limit = events_page;
    do {
      auto page = services.events(query);
      if (!page) return tl::unexpected(page.error());
      for (model::Event& event : page->events) {
        if (!event.latency) continue;
        std::string id = event.id.value;
        prefix.told.insert_or_assign(std::move(id), std::move(event));
      }
      query.after = page->next;
    } while (!query.after.empty());
    return {};
  }

  // Makes the judge with what was told before.
  Result<void> prepare(JudgedPrefix& prefix, const std::string& key, TimePoint at) {
    if (prefix.judge) return {};
    prefix.told.clear();
    store::EventQuery query;
    query.scope = key;
    query.kind = model::EventKind::latency_degraded;
    query.state = model::EventState::open;
    if (auto done = read_told(prefix, query); !done) return done;
    query.state.reset();
    query.from = at - told_max;
    if (auto done = read_told(prefix, query); !done) return done;
    query.kind = model::EventKind::latency_recovered;
    if (auto done = read_told(prefix, query); !done) return done;
    latency::PrefixJudge::Known known;
    for (const auto& [id, event] : prefix.told) {
      if (auto told = told_degradation(event)) known[told->first].push_back(told->second);
    }
    for (auto& [name, degradations] : known) {
      std::ranges::sort(degradations, {}, &latency::Degradation::first_seen);
    }
    prefix.judge.emplace(services.settings, [this, key](TimePoint from, TimePoint to) {
      return services.bins({key, from, to});
    });
    prefix.judge->restore(std::move(known));
    return {};
  }

  static void tell(JudgedPrefix& prefix, model::Event event, std::vector<model::Event>& out) {
    const auto told = prefix.told.find(event.id.value);
    if (told != prefix.told.end()) {
      if (says_the_same(told->second, event)) return;
      const bool returns =
          told->second.state == model::EventState::resolved && event.state == model::EventState::open;
      event.reopened = told->second.reopened + (returns ? 1 : 0);
      event.blame = told->second.blame;
    }
    prefix.told[event.id.value] = event;
    out.push_back(std::move(event));
  }

  static void tell(JudgedPrefix& prefix, const model::RegisteredPrefix& registered,
                   const latency::SeriesName& series, const latency::Degradation& degradation, TimePoint at,
                   std::set<std::string>& wanted, std::vector<model::Event>& out) {
    model::Event event = degraded_event(registered, series, degradation, at);
    const auto recovered = recovered_event(registered, series, degradation, at);
    wanted.insert(event.id.value);
    if (recovered) wanted.insert(recovered->id.value);
    if (degradation.as_told) return;
    if (degradation.recovered_at) {
      // Whoever is told of an end was told of the beginning.
      const auto told = prefix.told.find(event.id.value);
      if (told == prefix.told.end() || told->second.latency->retracted) tell(prefix, event, out);
      end_degraded_event(event, degradation);
    }
    tell(prefix, std::move(event), out);
    if (recovered) tell(prefix, *recovered, out);
  }

  static void retract_others(JudgedPrefix& prefix, const std::set<std::string>& wanted, TimePoint at,
                             std::vector<model::Event>& out) {
    for (auto each = prefix.told.begin(); each != prefix.told.end();) {
      model::Event& event = each->second;
      const bool is_old = event.first_seen < at - told_max;
      if (!is_old && !wanted.contains(each->first) && !event.latency->retracted) {
        retract(event);
        event.detected_at = at;
        out.push_back(event);
      }
      each = is_old && !is_open_degradation(event) ? prefix.told.erase(each) : std::next(each);
    }
  }

  // False when the store failed.
  bool judge(const std::string& key, std::optional<TimePoint> from, TimePoint at) {
    const model::RegistryPointer registry = services.registry();
    const auto registered = registry->prefixes.find(key);
    if (registered == registry->prefixes.end()) {
      if (!open.contains(key)) forget(key);
      return true;
    }
    const JudgedPrefixPointer prefix = prefix_of(key);
    std::vector<model::Event> out;
    {
      const std::lock_guard lock(prefix->mutex);
      if (auto done = prepare(*prefix, key, at); !done) return failed(key, from, at, done.error());
      const auto verdicts = prefix->judge->judge(from, latency::bin_start(at - settling_time));
      if (!verdicts) return failed(key, from, at, verdicts.error());
      std::set<std::string> wanted;
      for (const latency::SeriesVerdict& verdict : *verdicts) {
        for (const latency::Degradation& each : verdict.degradations) {
          tell(*prefix, *registered->second, verdict.name, each, at, wanted, out);
        }
      }
      retract_others(*prefix, wanted, at, out);
      const bool any_open = std::ranges::any_of(
          prefix->told, [](const auto& told) { return is_open_degradation(told.second); });
      if (any_open) {
        open.insert(key);
      } else {
        open.erase(key);
      }
    }
    judged.add();
    failing = false;
    degraded.set(static_cast<double>(open.size()));
    if (out.empty()) return true;
    add_blame(key, *prefix, out, at);
    services.emit(std::move(out));
    return true;
  }

  // Asked without the lock of the prefix, as others are asked for what is usual.
  void add_blame(const std::string& key, JudgedPrefix& prefix, std::vector<model::Event>& out, TimePoint at) {
    std::map<std::tuple<std::string, model::SampleKind, TimePoint>, model::Blame> by_end;
    for (model::Event& event : out) {
      if (event.latency->retracted) continue;
      const auto series = std::pair(event.latency->pop, event.latency->kind);
      if (event.kind == model::EventKind::latency_recovered) {
        const auto found = by_end.find({series.first, series.second, event.first_seen});
        if (found != by_end.end()) event.blame = found->second;
      } else {
        if (!event.blame) event.blame = blame_of(key, prefix, event, at);
        if (event.resolved_at) by_end[{series.first, series.second, *event.resolved_at}] = *event.blame;
      }
      const std::lock_guard lock(prefix.mutex);
      prefix.told[event.id.value].blame = event.blame;
    }
  }

  model::Blame blame_of(const std::string& key, JudgedPrefix& prefix, const model::Event& event,
                        TimePoint at) {
    {
      const std::lock_guard lock(prefix.mutex);
      if (const auto& known = prefix.told[event.id.value].blame) return *known;
    }
    asked.push_back({key, event.id.value, at + blame_again_after});
    return blame.of(event, at);
  }

  // Others that were told of the same fault since then may make it clear.
  void ask_again(TimePoint at) {
    std::vector<AskedBlame> due;
    std::erase_if(asked, [&](const AskedBlame& each) {
      if (each.due > at) return false;
      due.push_back(each);
      return true;
    });
    std::vector<model::Event> out;
    for (AskedBlame& each : due) {
      const JudgedPrefixPointer prefix = prefix_of(each.key);
      const auto told = [&]() -> std::optional<model::Event> {
        const std::lock_guard lock(prefix->mutex);
        const auto found = prefix->told.find(each.event);
        return found == prefix->told.end() ? std::nullopt : std::optional(found->second);
      }();
      if (!told || told->latency->retracted) continue;
      model::Blame fresh = blame.of(*told, at);
      keep_traceroutes(told->blame, fresh);
      if (--each.times > 0) {
        each.due = at + blame_again_after;
        asked.push_back(each);
      }
      if (told->blame == fresh) continue;
      const std::lock_guard lock(prefix->mutex);
      model::Event& event = prefix->told[each.event];
      event.blame = std::move(fresh);
      out.push_back(event);
    }
    if (!out.empty()) services.emit(std::move(out));
  }

  void add_traced() {
    std::vector<TracedEvent> list;
    {
      const std::lock_guard lock(mutex);
      list.swap(traced);
    }
    std::vector<model::Event> out;
    for (TracedEvent& each : list) {
      const JudgedPrefixPointer prefix = prefix_of(each.key);
      const std::lock_guard lock(prefix->mutex);
      const auto told = prefix->told.find(each.event);
      if (told == prefix->told.end() || !is_open_degradation(told->second) || !told->second.blame) continue;
      if (has_traceroute(*told->second.blame)) continue;
      told->second.blame->evidence.push_back(std::move(each.line));
      out.push_back(told->second);
    }
    if (!out.empty()) services.emit(std::move(out));
  }

  void tell_open(TimePoint at) {
    if (!services.follow_open || at - open_told < open_told_every) return;
    open_told = at;
    std::vector<OpenDegradation> out;
    for (const std::string& key : open) {
      const JudgedPrefixPointer prefix = prefix_of(key);
      const std::lock_guard lock(prefix->mutex);
      for (const auto& [id, event] : prefix->told) {
        if (is_open_degradation(event)) out.push_back(open_degradation(key, event));
      }
    }
    services.follow_open(std::move(out));
  }

  bool failed(const std::string& key, std::optional<TimePoint> from, TimePoint at, const Error& error) {
    failures.add();
    if (!std::exchange(failing, true)) log::error("latency cannot be judged: {}", error.message);
    const std::lock_guard lock(mutex);
    Touched& here = touched[key];
    const TimePoint earliest = from.value_or(latency::bin_start(at) - latency::bin_width);
    here.over = std::min(here.over.value_or(earliest), earliest);
    here.since = here.last = at;
    return false;
  }

  // What is no longer registered is no longer degraded.
  void close_gone(TimePoint at) {
    if (open.empty()) return;
    const model::RegistryPointer registry = services.registry();
    std::vector<model::Event> out;
    for (const std::string& key : std::vector<std::string>(open.begin(), open.end())) {
      if (registry->prefixes.find(key) != registry->prefixes.end()) continue;
      const JudgedPrefixPointer prefix = prefix_of(key);
      const std::lock_guard lock(prefix->mutex);
      for (auto& [id, event] : prefix->told) {
        if (!is_open_degradation(event)) continue;
        detect::resolve(event, std::max(event.last_seen, at), "the prefix is no longer registered");
        out.push_back(event);
      }
      open.erase(key);
      forget(key);
    }
    degraded.set(static_cast<double>(open.size()));
    if (!out.empty()) services.emit(std::move(out));
  }

  // Registered prefixes that nobody has touched since the start, as many as there is time for.
  void judge_the_others(TimePoint at) {
    if (!unjudged) {
      unjudged.emplace();
      const model::RegistryPointer registry = services.registry();
      for (const auto& [id, prefix] : registry->prefixes) unjudged->push_back(model::lower(id.id()));
    }
    const auto end = std::chrono::steady_clock::now() + loading_budget;
    while (!unjudged->empty() && !is_stopping() && std::chrono::steady_clock::now() < end) {
      const std::string key = std::move(unjudged->back());
      unjudged->pop_back();
      if (waits(key)) continue;
      if (!judge(key, std::nullopt, at)) return;
    }
  }

  bool waits(const std::string& key) {
    const std::lock_guard lock(mutex);
    return touched.contains(key);
  }

  bool is_stopping() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  void round(TimePoint at, bool everything) {
    close_gone(at);
    for (const auto& [key, from] : take_due(at, everything)) judge(key, from, at);
    judge_the_others(at);
    ask_again(at);
    add_traced();
    tell_open(at);
  }

  // What waits is judged before the end, as long as there is time.
  void finish() {
    const TimePoint at = now();
    const auto end = std::chrono::steady_clock::now() + judging_patience;
    for (const auto& [key, from] : take_due(at, true)) {
      if (std::chrono::steady_clock::now() >= end || !judge(key, from, at)) return;
    }
  }

  void run() {
    for (std::unique_lock lock(mutex); !stopping;) {
      wake.wait_for(lock, judging_pause, [&] { return stopping; });
      if (stopping) break;
      lock.unlock();
      round(now(), false);
      lock.lock();
    }
    finish();
  }
};

LatencyJudging::LatencyJudging(Services services, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(services), metrics)) {}
LatencyJudging::~LatencyJudging() { stop(); }

void LatencyJudging::traced(std::string prefix_key, std::string event, model::BlameEvidence line) {
  const std::lock_guard lock(state_->mutex);
  if (state_->traced.size() >= traced_waiting_max) return;
  state_->traced.push_back({std::move(prefix_key), std::move(event), std::move(line)});
}

void LatencyJudging::touched(const model::SketchBatch& added, TimePoint at) {
  std::vector<std::pair<std::uint32_t, TimePoint>> bins;
  bins.reserve(added.rows.size());
  for (const model::SketchBatch::Row& row : added.rows) bins.emplace_back(row.series.resource, row.start);
  std::ranges::sort(bins);
  const auto repeated = std::ranges::unique(bins);
  bins.erase(repeated.begin(), repeated.end());
  const std::lock_guard lock(state_->mutex);
  for (const auto& [resource, start] : bins) state_->touch(added.names[resource], start, at);
}

Result<std::vector<latency::SeriesVerdict>> LatencyJudging::verdicts(const std::string& prefix_key,
                                                                     TimePoint at) {
  std::optional<TimePoint> from;
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->touched.find(prefix_key);
    if (found != state_->touched.end()) from = found->second.over;
  }
  const JudgedPrefixPointer prefix = state_->prefix_of(prefix_key);
  const std::lock_guard lock(prefix->mutex);
  if (auto done = state_->prepare(*prefix, prefix_key, at); !done) return tl::unexpected(done.error());
  return prefix->judge->judge(from, latency::bin_start(at));
}

void LatencyJudging::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void LatencyJudging::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

void LatencyJudging::round(TimePoint at, bool everything) { state_->round(at, everything); }

}  // namespace peering::app
