#include "app/probing.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include "app/known_walks.h"
#include "app/prefix_probes.h"
#include "app/thin_prefix_settings.h"
#include "feeds/probe_allowance.h"
#include "feeds/probe_policy.h"
#include "feeds/prober.h"

namespace peering::app {

namespace {

using Clock = std::chrono::steady_clock;
using model::ProbeOrder;
using model::ProbeRefusal;

constexpr std::size_t subscriptions_max = 100'000;
constexpr std::size_t destinations_max = 100'000;
constexpr std::chrono::seconds own_addresses_kept{30};
constexpr double ping_cost = 5, traceroute_cost = 90;
// A traceroute reaches its destination with few of its probes.
constexpr double traceroute_at_destination = 15;

std::vector<net::Prefix> prefixes_of(const std::vector<std::string>& list) {
  std::vector<net::Prefix> out;
  for (const std::string& text : list) out.push_back(*net::Prefix::parse(text));
  return out;
}

feeds::ProberSettings prober_settings(const Configuration::Probe& probe) {
  feeds::ProberSettings out;
  out.per_second_max = probe.per_second_max;
  out.pending_max = static_cast<std::size_t>(probe.pending_max);
  if (!probe.stamp_listen.empty()) out.reflector = *http::parse_endpoint(probe.stamp_listen);
  out.reflector_clients = prefixes_of(probe.stamp_clients);
  out.reflected_per_second_max = probe.stamp_per_second_max;
  return out;
}

std::string sample_pop(const Configuration& configuration) {
  const Pop* pop = probe_pop(configuration);
  return pop ? pop->name : "local";
}

MonitorTestSettings test_settings(const Configuration& configuration) {
  MonitorTestSettings out;
  out.frequency_min = configuration.probe.test_frequency_min;
  out.connectivity_every = configuration.probe.connectivity_every;
  out.trace_every = configuration.probe.trace_every;
  out.keep_results = configuration.probe.keep_results;
  out.tests_max = static_cast<std::size_t>(configuration.probe.tests_max);
  out.pop = sample_pop(configuration);
  return out;
}

// By the longest route that covers it.
std::optional<net::Asn> origin_of(const Result<std::vector<rib::Route>>& routes,
                                  const net::Address& address) {
  const rib::Route* best = nullptr;
  if (!routes) return std::nullopt;
  for (const rib::Route& route : *routes) {
    if (!route.attributes || route.attributes->as_path.asns.empty() || !route.prefix.contains(address))
      continue;
    if (!best || route.prefix.length() > best->prefix.length()) best = &route;
  }
  return best ? std::optional(best->attributes->as_path.asns.back()) : std::nullopt;
}

feeds::ProbeAllowance allowance(std::int64_t per_second, std::size_t keys_max) {
  // A whole traceroute must fit.
  const auto rate = static_cast<double>(per_second);
  return {rate, std::max(2 * rate, traceroute_cost), keys_max};
}

}  // namespace

const Pop* probe_pop(const Configuration& configuration) {
  const auto& pops = configuration.network.pops;
  if (configuration.probe.pop.empty()) return pops.size() == 1 ? &pops.front() : nullptr;
  const auto found = std::ranges::find(pops, configuration.probe.pop, &Pop::name);
  return found == pops.end() ? nullptr : &*found;
}

Result<void> check_probing(const Configuration& configuration) {
  const std::string& pop = configuration.probe.pop;
  if (!pop.empty() && !probe_pop(configuration)) {
    return tl::unexpected(invalid("probe.pop", pop, "the name of one of network.pops"));
  }
  for (const auto& [on, name] : {std::pair(configuration.probe.thin_prefixes, "thin_prefixes"),
                                 std::pair(configuration.probe.incident_traces, "incident_traces")}) {
    if (!on || probe_pop(configuration)) continue;
    return fail(ErrorCode::invalid_argument,
                "probe.{}: it must be known where the probes leave from; name the PoP in probe.pop", name);
  }
  const std::string& listen = configuration.probe.stamp_listen;
  if (listen.empty()) return {};
  if (!net::Address::parse(http::loopback_name(http::parse_endpoint(listen)->host))) {
    return tl::unexpected(invalid("probe.stamp_listen", listen, "an address and a port"));
  }
  return {};
}

struct Probing::State {
  State(const Configuration& configuration, Services services, Metrics& metrics)
      : settings(configuration.probe),
        policy{prefixes_of(settings.allowed), prefixes_of(settings.denied)},
        prober(prober_settings(settings), metrics),
        tests({prober,
               [this](std::string_view subscription, const net::Address& destination, double count) {
                 return admit(subscription, destination, count, count);
               },
               services.registry, services.accept_samples,
               [this](const net::Address& destination, TimePoint at, const model::ProbeReport& report) {
                 walks.add({destination, at, latency::walk_of(report.hops)});
               }},
              test_settings(configuration), metrics),
        prefixes({prober,
                  [this](std::string_view subscription, const net::Address& destination, double count) {
                    return admit(subscription, destination, count, count);
                  },
                  services.registry, services.bins, services.accept_samples,
                  [this](const net::Prefix& prefix, TimePoint at) { return walks.before(prefix, at); },
                  [routes = services.routes](const net::Address& address) {
                    return origin_of(routes(net::Prefix(address, net::address_bits(address.family()))),
                                     address);
                  },
                  services.traced},
                 prefix_probe_settings(configuration, sample_pop(configuration)), metrics),
        of_subscriptions(allowance(settings.subscription_per_second_max, subscriptions_max)),
        of_destinations(allowance(settings.destination_per_second_max, destinations_max)) {}

  const Configuration::Probe settings;
  const feeds::ProbePolicy policy;
  feeds::Prober prober;
  KnownWalks walks;
  MonitorTests tests;
  PrefixProbes prefixes;

  std::mutex mutex;                                                         // guards what follows
  std::map<std::uint64_t, std::function<void(model::ProbeReport)>> orders;  // that wait for their reports
  std::uint64_t orders_taken = 0;
  bool stopping = false;
  feeds::ProbeAllowance of_subscriptions, of_destinations;
  std::vector<net::Address> own;
  std::optional<Clock::time_point> own_at;

  Result<void> check(const net::Address& destination) {
    const std::lock_guard lock(mutex);
    const auto now = Clock::now();
    if (!own_at || now - *own_at > own_addresses_kept) {
      own = feeds::own_addresses();
      own_at = now;
    }
    return feeds::check_destination(policy, destination, own);
  }

  // How long to wait; nothing: taken from both.
  std::optional<std::chrono::seconds> take(std::string_view subscription, const net::Address& destination,
                                           double count, double at_destination) {
    const std::lock_guard lock(mutex);
    const auto now = Clock::now();
    auto left = of_destinations.take(destination.to_string(), at_destination, now);
    if (!left) left = of_subscriptions.take(subscription, count, now);
    if (!left) return std::nullopt;
    return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(*left));
  }

  Result<void> admit(std::string_view subscription, const net::Address& destination, double count,
                     double at_destination) {
    if (auto allowed = check(destination); !allowed) return allowed;
    if (!take(subscription, destination, count, at_destination)) return {};
    return fail(ErrorCode::limit_exceeded, "too many probes a second");
  }

  bool is_full() {
    const std::lock_guard lock(mutex);
    return stopping || orders.size() >= static_cast<std::size_t>(settings.orders_max);
  }

  void report(std::uint64_t number, model::ProbeReport given) {
    std::function<void(model::ProbeReport)> done;
    {
      const std::lock_guard lock(mutex);
      const auto found = orders.find(number);
      if (found == orders.end()) return;
      done = std::move(found->second);
      orders.erase(found);
    }
    done(std::move(given));
  }

  // Nobody waits for a report that will not come.
  void end_orders() {
    std::map<std::uint64_t, std::function<void(model::ProbeReport)>> left;
    {
      const std::lock_guard lock(mutex);
      stopping = true;
      left.swap(orders);
    }
    for (const auto& [number, done] : left) done({});
  }

  std::optional<ProbeRefusal> refuse(const ProbeOrder& order) {
    using Why = ProbeRefusal::Why;
    if (!settings.enabled) return ProbeRefusal{Why::off, "this server sends no probes", {}};
    if (const auto allowed = check(order.destination); !allowed) {
      return ProbeRefusal{Why::denied, allowed.error().message, {}};
    }
    const bool ping = order.command == ProbeOrder::Command::ping;
    const auto can = prober.can_send(model::ProbeProtocol::icmp, order.destination.family());
    if (ping && !can) return ProbeRefusal{Why::impossible, can.error().message, {}};
    if (is_full()) {
      return ProbeRefusal{Why::busy, "too many pings and traceroutes are under way", std::chrono::seconds(2)};
    }
    const auto wait_s = take(order.subscription, order.destination, ping ? ping_cost : traceroute_cost,
                             ping ? ping_cost : traceroute_at_destination);
    if (!wait_s) return std::nullopt;
    return ProbeRefusal{
        Why::busy,
        fmt::format("too many probes for this subscription or to {}", order.destination.to_string()),
        *wait_s};
  }
};

Probing::Probing(const Configuration& configuration, Services services, Metrics& metrics)
    : state_(std::make_unique<State>(configuration, std::move(services), metrics)) {}
Probing::~Probing() { stop(); }

Result<void> Probing::start() {
  if (!state_->settings.enabled) return {};
  if (auto done = state_->prober.start(); !done) return done;
  state_->tests.start();
  if (state_->settings.thin_prefixes || state_->settings.incident_traces) state_->prefixes.start();
  return {};
}

void Probing::stop() {
  state_->tests.stop();
  state_->prefixes.stop();
  state_->prober.stop();
  state_->end_orders();
}

std::optional<http::Endpoint> Probing::reflector() const { return state_->prober.reflector(); }

void Probing::follow_open(const std::vector<OpenDegradation>& open) { state_->prefixes.follow_open(open); }

std::vector<std::string> Probing::troubles() const { return state_->prefixes.troubles(); }

void Probing::changed(const store::Change& change) {
  if (state_->settings.enabled) state_->tests.changed(change);
}

std::optional<ProbeRefusal> Probing::order(const ProbeOrder& order,
                                           std::function<void(model::ProbeReport)> done) {
  if (auto refusal = state_->refuse(order)) return refusal;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping)
      return ProbeRefusal{ProbeRefusal::Why::busy, "the server is stopping", std::chrono::seconds(5)};
    number = ++state_->orders_taken;
    state_->orders.emplace(number, std::move(done));
  }
  const auto reported = [state = state_.get(), number](model::ProbeReport report) {
    state->report(number, std::move(report));
  };
  if (order.command == ProbeOrder::Command::ping) {
    state_->prober.ping(order.destination, {}, reported);
  } else {
    state_->prober.trace(order.destination, {}, reported);
  }
  return std::nullopt;
}

std::optional<model::TestState> Probing::state(std::string_view test) const {
  return state_->tests.state(test);
}

std::vector<model::TestResult> Probing::results(std::string_view owner, std::string_view name, TimePoint from,
                                                TimePoint to) const {
  return state_->tests.results(owner, name, from, to);
}

}  // namespace peering::app
