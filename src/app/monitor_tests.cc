#include "app/monitor_tests.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "api/documents.h"
#include "app/monitored_target.h"
#include "app/test_history.h"
#include "app/test_schedule.h"
#include "base/log.h"
#include "latency/match.h"

namespace peering::app {

namespace {

using Clock = std::chrono::steady_clock;
using model::ProbeAnswer;
using model::ProbeEnd;

constexpr std::size_t due_at_once_max = 256;
constexpr std::size_t traces_max = 16;
constexpr std::size_t samples_waiting_max = 100'000;
constexpr double probes_of_trace = 15;
// Many tests that come together must not spend on paths what their subscription may send.
constexpr std::chrono::milliseconds trace_pause{250};
constexpr std::chrono::seconds name_kept{60};
constexpr std::chrono::milliseconds flush_pause{1000};
constexpr std::chrono::milliseconds test_timeout{2000};
constexpr int silent_hops_max = 5;

struct Entry {
  MonitoredTarget target;
  std::uint64_t generation = 0;  // of an entry of this key
  TestHistory history;
  std::vector<std::string> path;
  bool ran = false, successful = false, under_way = false;
  std::optional<net::Address> address;  // what the destination's name meant
  Clock::time_point resolved_at{}, trace_due{};
};

// A sample before it is known whose prefix it is in.
struct Measured {
  std::string subscription, source;
  net::Address destination;
  TimePoint at{};
  std::uint32_t rtt_us = 0;
  model::SampleKind kind = model::SampleKind::icmp;
};

std::vector<std::string> path_of(const model::ProbeReport& report) {
  std::vector<std::string> out;
  for (const model::ProbeHop& hop : report.hops) {
    const auto heard =
        std::ranges::find_if(hop.answers, [](const ProbeAnswer& each) { return each.from.has_value(); });
    out.push_back(heard == hop.answers.end() ? "*" : heard->from->to_string());
  }
  // Silence at the end is no part of the path.
  while (!out.empty() && out.back() == "*") out.pop_back();
  return out;
}

}  // namespace

struct MonitorTests::State : std::enable_shared_from_this<MonitorTests::State> {
  State(Services given, MonitorTestSettings settings_given, Metrics& metrics)
      : services(std::move(given)),
        settings(std::move(settings_given)),
        tests(metrics.gauge("peering_monitor_tests", "Connection monitor tests and connectivity probes.")),
        runs(metrics.counter("peering_monitor_test_runs_total", "Runs of connection monitor tests.")),
        refused(metrics.counter("peering_monitor_tests_refused_total",
                                "Runs that were left out: not a destination that is probed, too many probes, "
                                "or the one before is under way.")),
        lost(metrics.counter("peering_monitor_test_samples_lost_total",
                             "Times of successful tests that could not be stored.")) {}

  const Services services;
  const MonitorTestSettings settings;
  Gauge& tests;
  Counter &runs, &refused, &lost;

  mutable std::mutex mutex;
  std::condition_variable changed_or_stopping;
  std::map<std::string, Entry, std::less<>> entries;
  TestSchedule schedule;
  std::uint64_t generations = 0;
  std::size_t traces = 0;
  Clock::time_point next_trace{};
  std::vector<Measured> measured;
  bool stopping = false, full_told = false;
  std::thread thread;

  // --- what is to be probed; with the lock ---

  void put(MonitoredTarget target) {
    const std::string key = target.key;
    const auto found = entries.find(key);
    if (found == entries.end() && entries.size() >= settings.tests_max) {
      if (!std::exchange(full_told, true)) {
        log::warning("probes: {} tests are run at most; {} and later ones are not", settings.tests_max, key);
      }
      return;
    }
    if (found != entries.end() && found->second.target == target) return;
    Entry& entry = found != entries.end() ? found->second : entries[key];
    const MonitoredTarget& before = entry.target;
    const bool same_way = before.destination == target.destination && before.port == target.port &&
                          before.protocol == target.protocol;
    if (!same_way) entry = Entry{};
    if (!same_way) entry.generation = ++generations;
    const std::chrono::seconds period = target.period;
    entry.target = std::move(target);
    schedule.put(key, period, Clock::now());
  }

  void remove(const std::string& key) {
    schedule.remove(key);
    entries.erase(key);
  }

  void replace_peering(const std::string& key, const std::vector<MonitoredTarget>& targets) {
    const std::string prefix = targets_prefix(key, "");
    std::vector<std::string> gone;
    for (auto at = entries.lower_bound(prefix); at != entries.end() && at->first.starts_with(prefix); ++at) {
      const auto is_it = [&](const MonitoredTarget& each) { return each.key == at->first; };
      if (std::ranges::none_of(targets, is_it)) gone.push_back(at->first);
    }
    for (const std::string& each : gone) remove(each);
    for (MonitoredTarget each : targets) {
      each.period = settings.connectivity_every;
      put(std::move(each));
    }
  }

  void apply(const store::Change& change) {
    const bool test = change.type == api::connection_monitor_test_type;
    if (!change.document) {
      test ? remove(change.key) : replace_peering(change.key, {});
    } else if (const auto document = parse_json(*change.document); !document) {
      log::error("the stored {} cannot be used: {}", change.key, document.error().message);
    } else if (!test) {
      replace_peering(change.key, targets_of_peering(change.key, *document));
    } else if (auto target = target_of_test(change.key, *document); !target) {
      log::error("the stored {} cannot be used: {}", change.key, target.error().message);
    } else {
      target->period = std::max(target->period, settings.frequency_min);
      put(std::move(*target));
    }
    tests.set(static_cast<double>(entries.size()));
  }

  // --- running; with the lock ---

  Entry* find(const std::string& key, std::uint64_t generation) {
    const auto found = entries.find(key);
    return found == entries.end() || found->second.generation != generation ? nullptr : &found->second;
  }

  void run(const std::string& key) {
    Entry& entry = entries.at(key);
    if (entry.under_way) return refused.add();
    const MonitoredTarget& target = entry.target;
    if (const auto address = net::Address::parse(target.destination)) return probe(entry, *address);
    if (entry.address && Clock::now() - entry.resolved_at < name_kept) return probe(entry, *entry.address);
    if (!is_host_name(target.destination)) return record(entry, now(), std::nullopt);
    entry.under_way = true;
    services.prober.resolve(
        target.destination,
        [self = shared_from_this(), key, generation = entry.generation, at = now()](
            const Result<std::vector<net::Address>>& found) { self->resolved(key, generation, at, found); });
  }

  void probe(Entry& entry, const net::Address& destination) {
    const MonitoredTarget& target = entry.target;
    if (!services.admit(target.subscription, destination, 1)) return refused.add();
    feeds::Probe probe;
    probe.protocol = target.protocol;
    probe.destination = destination;
    probe.port = target.port;
    probe.timeout = test_timeout;
    entry.under_way = true;
    runs.add();
    const bool sent = services.prober.send(
        probe,
        [self = shared_from_this(), key = target.key, generation = entry.generation, at = now(), destination](
            const ProbeAnswer& answer) { self->answered(key, generation, at, destination, answer); });
    if (!sent) {
      entry.under_way = false;
      return refused.add();
    }
    const auto at = Clock::now();
    if (at >= entry.trace_due && at >= next_trace && traces < traces_max) trace(entry, destination);
  }

  void trace(Entry& entry, const net::Address& destination) {
    if (!services.admit(entry.target.subscription, destination, probes_of_trace)) return;
    ++traces;
    next_trace = Clock::now() + trace_pause;
    entry.trace_due = Clock::now() + settings.trace_every;
    feeds::TraceSettings walk;
    walk.tries = 1;
    walk.silent_max = silent_hops_max;
    services.prober.trace(destination, walk,
                          [self = shared_from_this(), key = entry.target.key, generation = entry.generation,
                           destination, at = now()](const model::ProbeReport& report) {
                            self->services.walked(destination, at, report);
                            const std::lock_guard lock(self->mutex);
                            --self->traces;
                            if (Entry* there = self->find(key, generation)) there->path = path_of(report);
                          });
  }

  void record(Entry& entry, TimePoint at, std::optional<Microseconds> rtt) {
    const auto runs_max =
        static_cast<std::size_t>(std::max<std::int64_t>(1, settings.keep_results / entry.target.period));
    entry.history.add(at, rtt, runs_max, settings.keep_results);
    entry.ran = true;
    entry.successful = rtt.has_value();
  }

  // --- on the prober's thread ---

  void resolved(const std::string& key, std::uint64_t generation, TimePoint at,
                const Result<std::vector<net::Address>>& found) {
    const std::lock_guard lock(mutex);
    Entry* entry = find(key, generation);
    if (!entry || stopping) return;
    entry->under_way = false;
    if (!found || found->empty()) return record(*entry, at, std::nullopt);
    entry->address = found->front();
    entry->resolved_at = Clock::now();
    probe(*entry, *entry->address);
  }

  void answered(const std::string& key, std::uint64_t generation, TimePoint at,
                const net::Address& destination, const ProbeAnswer& answer) {
    const std::lock_guard lock(mutex);
    Entry* entry = find(key, generation);
    if (!entry) return;
    entry->under_way = false;
    // What was not sent says nothing of the destination.
    if (answer.reason == feeds::too_many_waiting) return refused.add();
    const bool good =
        answer.end == ProbeEnd::answered || (answer.end == ProbeEnd::refused && entry->target.refusal_counts);
    record(*entry, at, good ? std::optional(answer.rtt) : std::nullopt);
    const MonitoredTarget& target = entry->target;
    if (!good || target.source.empty()) return;
    if (measured.size() >= samples_waiting_max) return lost.add();
    measured.push_back({target.subscription, target.source, destination, at,
                        static_cast<std::uint32_t>(answer.rtt.count()), sample_kind_of(target.protocol)});
  }

  // --- on its own thread, without the lock ---

  void hand_on(std::vector<Measured> list) {
    std::map<std::string, latency::DecodedSamples> by_subscription;
    for (const Measured& each : list) {
      latency::DecodedSamples& decoded = by_subscription[each.subscription];
      if (decoded.names.empty()) decoded.names.push_back(settings.pop);
      latency::RawSample sample;
      sample.client = each.destination.unmapped();
      sample.at = each.at;
      sample.rtt_us = each.rtt_us;
      sample.source = static_cast<std::uint32_t>(decoded.names.size());
      sample.kind = each.kind;
      decoded.names.push_back(each.source.substr(0, latency::source_bytes_max));
      decoded.samples.push_back(sample);
    }
    const model::RegistryPointer registry = services.registry();
    for (const auto& [subscription, decoded] : by_subscription) store(subscription, decoded, *registry);
  }

  // Only in the subscription's own prefixes: nobody measures into another tenant's report.
  void store(const std::string& subscription, const latency::DecodedSamples& decoded,
             const model::Registry& registry) {
    model::SampleBatch batch = latency::match_samples(decoded, registry).batch;
    const std::string own = "/subscriptions/" + subscription + "/";
    std::erase_if(batch.samples, [&](const model::LatencySample& sample) {
      return !batch.names[batch.series[sample.series].resource].starts_with(own);
    });
    if (batch.samples.empty()) return;
    if (const auto done = services.accept_samples(batch); !done) {
      lost.add(static_cast<double>(batch.samples.size()));
      log::error("times of connection monitor tests are not stored: {}", done.error().message);
    }
  }

  void work() {
    std::unique_lock lock(mutex);
    auto flush_at = Clock::now() + flush_pause;
    while (!stopping) {
      const auto now = Clock::now();
      for (const std::string& key : schedule.take_due(now, due_at_once_max)) run(key);
      if (now >= flush_at) {
        flush_at = now + flush_pause;
        std::vector<Measured> list = std::exchange(measured, {});
        lock.unlock();
        if (!list.empty()) hand_on(std::move(list));
        lock.lock();
      }
      const auto until = std::min(flush_at, schedule.next().value_or(flush_at));
      changed_or_stopping.wait_until(lock, until, [&] { return stopping; });
    }
    std::vector<Measured> list = std::exchange(measured, {});
    lock.unlock();
    if (!list.empty()) hand_on(std::move(list));
  }
};

MonitorTests::MonitorTests(Services services, MonitorTestSettings settings, Metrics& metrics)
    : state_(std::make_shared<State>(std::move(services), std::move(settings), metrics)) {}
MonitorTests::~MonitorTests() { stop(); }

void MonitorTests::start() {
  state_->thread = std::thread([state = state_.get()] { state->work(); });
}

void MonitorTests::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed_or_stopping.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

void MonitorTests::changed(const store::Change& change) {
  if (change.type != api::connection_monitor_test_type && change.type != api::peering_type) return;
  const std::lock_guard lock(state_->mutex);
  state_->apply(change);
}

std::optional<model::TestState> MonitorTests::state(std::string_view test) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->entries.find(test);
  if (found == state_->entries.end() || !found->second.ran) return std::nullopt;
  return model::TestState{found->second.successful, found->second.path};
}

std::vector<model::TestResult> MonitorTests::results(std::string_view owner, std::string_view name,
                                                     TimePoint from, TimePoint to) const {
  const std::string test = model::lower(fmt::format("{}/connectionMonitorTests/{}", owner, name));
  const std::string probes = targets_prefix(owner, name);
  std::vector<model::TestResult> out;
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->entries.find(test);
  if (found != state_->entries.end()) found->second.history.append(from, to, out);
  for (auto at = state_->entries.lower_bound(probes);
       at != state_->entries.end() && at->first.starts_with(probes); ++at) {
    at->second.history.append(from, to, out);
  }
  std::ranges::stable_sort(out, {}, &model::TestResult::at);
  return out;
}

}  // namespace peering::app
