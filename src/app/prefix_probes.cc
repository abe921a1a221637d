#include "app/prefix_probes.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "app/prefix_addresses.h"
#include "app/test_schedule.h"
#include "app/thin_prefixes.h"
#include "base/log.h"
#include "feeds/probe_allowance.h"
#include "latency/match.h"

namespace peering::app {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds round_pause{1}, choice_pause{2}, counted_every{30};
constexpr std::size_t counted_at_once_max = 100;
constexpr std::size_t prefixes_max = 100'000;
constexpr std::size_t answers_waiting_max = 100'000;
constexpr std::chrono::milliseconds echo_timeout{2000}, hop_timeout{1000};
constexpr std::size_t hop_data_bytes = 32;
// What a walk may cost its subscription and its destination at once.
constexpr double packets_of_walk = 15;

// One answer, on its way to be stored.
struct Answered {
  std::string key;
  net::Prefix client;
  TimePoint at{};
  std::uint32_t rtt_us = 0;
};

std::string subscription_of_prefix(std::string_view key) {
  constexpr std::string_view root = "/subscriptions/";
  const std::size_t end = key.find('/', root.size());
  return key.starts_with(root) ? std::string(key.substr(root.size(), end - root.size())) : std::string();
}

// A walk at its end, on its way to the blame.
struct Walked {
  IncidentTraces::Traced traced;
  TimePoint at{};
  std::optional<KnownWalk> before;
};

// Samples of others in five minutes: of the kind that has most, as kinds are never taken together.
double samples_of_others(const std::vector<latency::SeriesBin>& bins, std::string_view pop,
                         double bin_count) {
  std::array<std::uint64_t, static_cast<std::size_t>(model::SampleKind::quic) + 1> by_kind{};
  for (const latency::SeriesBin& bin : bins) {
    if (bin.series->pop != pop || bin.series->source == prefix_probe_source) continue;
    by_kind[static_cast<std::size_t>(bin.series->kind)] += bin.sketch.count();
  }
  return static_cast<double>(std::ranges::max(by_kind)) / bin_count;
}

ThinPrefixes::Limits plan_limits(const PrefixProbeSettings& settings) {
  // More places than there are probes for would leave all of them with too few samples.
  const auto affordable = static_cast<std::size_t>(settings.per_second_max * settings.every.count());
  return {.samples_min = static_cast<double>(settings.samples_min),
          .places = std::min(settings.destinations_max, affordable),
          .every = settings.every};
}

struct PrefixProbeMetrics {
  explicit PrefixProbeMetrics(Metrics& metrics)
      : sent(metrics.counter("peering_prefix_probes_sent_total",
                             "Probes sent to registered prefixes with few samples.")),
        lost(metrics.counter("peering_prefix_probe_samples_lost_total",
                             "Times of probes to prefixes with few samples that could not be stored.")),
        walks(metrics.counter("peering_incident_traces_total",
                              "Paths that were walked as latency was degraded.")),
        walk_packets(
            metrics.counter("peering_incident_trace_probes_sent_total", "Probes sent for these walks.")),
        walks_waiting(metrics.gauge("peering_incident_traces_waiting",
                                    "Degradations that are open whose path is still to be walked.")),
        probed(of(metrics, "probed")),
        searched(of(metrics, "searched")),
        silent(of(metrics, "silent")),
        left_out(of(metrics, "left_out")) {}
  static Gauge& of(Metrics& metrics, std::string_view state) {
    return metrics.gauge(
        "peering_thin_prefixes",
        "Registered prefixes with few samples: probed, searched for an address that answers, "
        "silent (nothing answered), or left out by the budget.",
        {{"state", std::string(state)}});
  }
  Counter &sent, &lost, &walks, &walk_packets;
  Gauge &walks_waiting, &probed, &searched, &silent, &left_out;
};

}  // namespace

struct PrefixProbes::State : std::enable_shared_from_this<PrefixProbes::State> {
  State(Services given, PrefixProbeSettings settings_given, Metrics& metrics_given)
      : services(std::move(given)),
        settings(std::move(settings_given)),
        metrics(metrics_given),
        known(std::make_shared<const model::Registry>()),
        plan(plan_limits(settings)),
        allowance(static_cast<double>(settings.per_second_max), 1, 1) {}

  const Services services;
  const PrefixProbeSettings settings;
  PrefixProbeMetrics metrics;
  // Of the thread alone.
  model::RegistryPointer known;
  std::vector<std::string> uncounted;  // prefixes that were never counted
  bool failing = false;

  mutable std::mutex mutex;  // guards what follows
  std::condition_variable wake;
  ThinPrefixes plan;
  TestSchedule counting;
  feeds::ProbeAllowance allowance;
  IncidentTraces traces;
  std::optional<IncidentTraces::Step> step;  // the packet of a walk that is to be sent next
  bool step_goes_first = false;
  std::map<std::string, KnownWalk> before;  // of walks under way, by event
  std::vector<Walked> walked;
  std::vector<Answered> answers;
  std::size_t not_followed = 0;
  bool stopping = false;
  std::thread thread;

  // --- on its own thread, without the lock ---

  void follow() {
    const model::RegistryPointer registry = services.registry();
    if (registry == known) return;
    const model::RegistryDifference changed = model::difference(*known, *registry);
    const std::lock_guard lock(mutex);
    for (const auto& each : changed.prefixes) {
      const std::string key = model::lower(each.key);
      const bool same =
          each.before && each.after && each.before->expectation.prefix == each.after->expectation.prefix;
      if (same) continue;
      plan.remove(key);
      counting.remove(key);
      if (!each.after || plan.size() >= prefixes_max) continue;
      plan.put(key, subscription_of_prefix(key),
               addresses_to_try(each.after->expectation.prefix, settings.addresses));
      counting.put(key, counted_every, Clock::now());
      uncounted.push_back(key);
    }
    not_followed = registry->prefixes.size() - plan.size();
    known = registry;
  }

  std::vector<std::string> take_to_count() {
    const std::size_t left = uncounted.size() - std::min(uncounted.size(), counted_at_once_max);
    std::vector<std::string> out(uncounted.begin() + static_cast<std::ptrdiff_t>(left), uncounted.end());
    uncounted.resize(left);
    const std::lock_guard lock(mutex);
    for (std::string& each : counting.take_due(Clock::now(), counted_at_once_max - out.size()))
      out.push_back(std::move(each));
    return out;
  }

  void count_due() {
    const std::vector<std::string> due = take_to_count();
    const auto bin_count = (settings.window + latency::bin_width - Microseconds(1)) / latency::bin_width;
    const TimePoint to = latency::bin_start(now());
    for (const std::string& key : due) {
      const auto bins = services.bins({key, to - bin_count * latency::bin_width, to});
      if (!bins) {
        if (!std::exchange(failing, true))
          log::error("samples of prefixes cannot be counted: {}", bins.error().message);
        continue;
      }
      failing = false;
      const std::lock_guard lock(mutex);
      plan.counted(key, samples_of_others(*bins, settings.pop, static_cast<double>(bin_count)));
    }
  }

  void store(const std::vector<Answered>& list) {
    if (list.empty()) return;
    model::SampleBatch batch;
    for (const Answered& each : list) {
      model::LatencySample sample;
      sample.series = batch.add_series(
          {each.key, each.client, settings.pop, model::SampleKind::icmp, std::string(prefix_probe_source)});
      sample.rtt_us = each.rtt_us;
      sample.at = each.at;
      batch.samples.push_back(sample);
    }
    if (const auto done = services.accept_samples(batch); !done) {
      metrics.lost.add(static_cast<double>(list.size()));
      log::error("times of probes to prefixes with few samples are not stored: {}", done.error().message);
    }
  }

  void tell(const std::vector<Walked>& list) {
    for (const Walked& each : list) {
      services.traced(each.traced.degradation.key, each.traced.degradation.event,
                      path_evidence(each.traced, each.at, each.before, services.announced_by));
    }
  }

  // --- with the lock ---

  void choose() {
    plan.choose(Clock::now(), traces.under_way());
    const ThinPrefixes::Summary& summary = plan.summary();
    metrics.probed.set(static_cast<double>(summary.probed));
    metrics.searched.set(static_cast<double>(summary.searched));
    metrics.silent.set(static_cast<double>(summary.silent));
    metrics.left_out.set(static_cast<double>(summary.left_out + not_followed));
  }

  // Sends what may be sent now; returns when to come again, if there is a reason.
  std::optional<Clock::time_point> send_due() {
    while (true) {
      const auto now = Clock::now();
      const auto next = plan.next();
      const bool turn_is_due = next && *next <= now;
      if (!step) step = traces.take();
      if (!turn_is_due && !step) return next;
      if (const auto wait = allowance.take("", 1, now)) return now + *wait;
      if (step && (!turn_is_due || std::exchange(step_goes_first, !step_goes_first))) {
        send(*std::exchange(step, std::nullopt));
      } else if (const auto turn = plan.take(now)) {
        send(*turn, now);
      }
    }
  }

  // --- walks, with the lock ---

  void begin_walks() {
    const TimePoint at = now();
    while (traces.under_way() < settings.destinations_max) {
      const auto next = traces.next(at);
      if (!next || !begin_walk(*next)) break;
    }
    metrics.walks_waiting.set(static_cast<double>(traces.waiting()));
  }

  // False: not now. To where the path from before is known, else to who answers, else to who may.
  bool begin_walk(const OpenDegradation& degradation) {
    std::vector<net::Address> destinations;
    const auto known_walk = services.walk_before(degradation.prefix, degradation.first_seen);
    if (known_walk) destinations.push_back(known_walk->destination);
    if (const auto answering = plan.answering(degradation.key)) destinations.push_back(*answering);
    std::ranges::copy(addresses_to_try(degradation.prefix, settings.addresses),
                      std::back_inserter(destinations));
    for (const net::Address& each : destinations) {
      if (!services.prober.can_send(model::ProbeProtocol::icmp, each.family())) continue;
      if (const auto may = services.admit(subscription_of_prefix(degradation.key), each, packets_of_walk);
          !may) {
        if (may.error().code == ErrorCode::permission_denied) continue;
        return false;
      }
      if (known_walk && known_walk->destination == each) before.emplace(degradation.event, *known_walk);
      traces.begin(degradation, each);
      choose();
      return true;
    }
    traces.begin(degradation, std::nullopt);
    return true;
  }

  void send(const IncidentTraces::Step& taken) {
    feeds::Probe probe;
    probe.destination = taken.destination;
    probe.ttl = taken.step.ttl;
    probe.data_bytes = hop_data_bytes;
    probe.timeout = hop_timeout;
    const bool sent =
        services.prober.send(probe, [self = shared_from_this(), taken](const model::ProbeAnswer& answer) {
          const std::lock_guard lock(self->mutex);
          self->stepped(taken, answer);
          self->wake.notify_one();
        });
    if (!sent) return stepped(taken, {});
    metrics.walk_packets.add();
  }

  void stepped(const IncidentTraces::Step& taken, const model::ProbeAnswer& answer) {
    auto traced = traces.answered(taken, answer);
    if (!traced) return;
    if (step && step->event == taken.event) step.reset();
    metrics.walks.add();
    Walked done{std::move(*traced), now(), std::nullopt};
    if (const auto found = before.extract(taken.event)) done.before = std::move(found.mapped());
    walked.push_back(std::move(done));
  }

  // --- probes of thin prefixes, with the lock ---

  // An address may lie in a longer registered prefix, and would be a sample of that one.
  bool belongs(const ThinPrefixes::Turn& turn) const {
    return std::ranges::count(latency::resources_of_client(turn.address, *known), turn.key) > 0;
  }

  void send(const ThinPrefixes::Turn& turn, Clock::time_point at) {
    if (!belongs(turn) || !services.prober.can_send(model::ProbeProtocol::icmp, turn.address.family()))
      return plan.answered(turn, false, at);
    if (const auto may = services.admit(subscription_of_prefix(turn.key), turn.address, 1); !may) {
      return may.error().code == ErrorCode::permission_denied ? plan.answered(turn, false, at)
                                                              : plan.put_off(turn, at);
    }
    feeds::Probe probe;
    probe.destination = turn.address;
    probe.timeout = echo_timeout;
    const bool sent = services.prober.send(
        probe, [self = shared_from_this(), turn, sent_at = now()](const model::ProbeAnswer& answer) {
          self->answered(turn, sent_at, answer);
        });
    if (!sent) return plan.put_off(turn, at);
    metrics.sent.add();
  }

  // --- on the prober's thread ---

  void answered(const ThinPrefixes::Turn& turn, TimePoint sent_at, const model::ProbeAnswer& answer) {
    const std::lock_guard lock(mutex);
    if (answer.reason == feeds::too_many_waiting) return plan.put_off(turn, Clock::now());
    const bool good = answer.end == model::ProbeEnd::answered;
    plan.answered(turn, good, Clock::now());
    if (!good || !plan.contains(turn.key)) return;
    if (answers.size() >= answers_waiting_max) return metrics.lost.add();
    answers.push_back({turn.key, model::mask_client(turn.address.unmapped()), sent_at,
                       static_cast<std::uint32_t>(std::max<std::int64_t>(1, answer.rtt.count()))});
  }

  void work() {
    std::unique_lock lock(mutex);
    auto round_at = Clock::now(), choice_at = round_at;
    while (!stopping) {
      if (Clock::now() >= round_at) {
        round_at = Clock::now() + round_pause;
        const std::vector<Answered> list = std::exchange(answers, {});
        const std::vector<Walked> walks = std::exchange(walked, {});
        lock.unlock();
        store(list);
        tell(walks);
        if (settings.thin_prefixes) {
          follow();
          count_due();
        }
        lock.lock();
        begin_walks();
        if (round_at >= choice_at) {
          choice_at = round_at + choice_pause;
          choose();
        }
      }
      const auto next = send_due();
      wake.wait_until(lock, std::min(round_at, next.value_or(round_at)));
    }
    const std::vector<Answered> list = std::exchange(answers, {});
    lock.unlock();
    store(list);
  }
};

PrefixProbes::PrefixProbes(Services services, PrefixProbeSettings settings, Metrics& metrics)
    : state_(std::make_shared<State>(std::move(services), std::move(settings), metrics)) {}
PrefixProbes::~PrefixProbes() { stop(); }

void PrefixProbes::start() {
  state_->thread = std::thread([state = state_.get()] { state->work(); });
}

void PrefixProbes::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

void PrefixProbes::follow_open(const std::vector<OpenDegradation>& open) {
  std::vector<OpenDegradation> here;
  std::ranges::copy_if(open, std::back_inserter(here),
                       [&](const OpenDegradation& each) { return each.pop == state_->settings.pop; });
  const std::lock_guard lock(state_->mutex);
  state_->traces.follow(here, now());
}

std::vector<std::string> PrefixProbes::troubles() const {
  const std::lock_guard lock(state_->mutex);
  const std::size_t left_out = state_->plan.summary().left_out + state_->not_followed;
  if (left_out == 0) return {};
  return {
      fmt::format("probes: registered prefixes with few samples that have no place among the {} that "
                  "probe.budget_destinations_max and probe.budget_per_second_max allow: {}",
                  plan_limits(state_->settings).places, left_out)};
}

}  // namespace peering::app
