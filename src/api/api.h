// The API: one function from a request to a response.
//
// `Api::handle` is what the HTTP server calls for every request. It checks in one fixed order (token,
// api-version, subscription, resource group, type, name, parent, body, meaning), looks the route up in the
// one table of `routes.cc` and runs its handler, a plain blocking function. Everything that other threads
// own is reached through `Services`: stores, the registry snapshot, the routing table.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/catalog.h"
#include "api/event_hub.h"
#include "api/throttle.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "http/message.h"
#include "latency/metric_rules.h"
#include "latency/sample_log.h"
#include "model/bgp_session.h"
#include "model/probe.h"
#include "model/registry.h"
#include "model/unheard_feeds.h"
#include "rib/route.h"
#include "rib/route_search.h"
#include "rib/vrp_table.h"
#include "store/resource_store.h"
#include "store/telemetry_store.h"

namespace peering::latency {
class Reachability;
struct SeriesVerdict;
}  // namespace peering::latency

namespace peering::api {

class IdentityProviders;
class NetworkAllowance;
class RoleDirectory;

/// `[latency.beacon]`: what browsers may hand in.
struct BeaconSettings {
  bool enabled = false;
  std::string pop;                ///< of samples that name none; empty: they are rejected
  std::vector<std::string> pops;  ///< that may be named
  std::int64_t network_per_minute_max = 300;
};

/// What the operator configured and the API must know.
struct Settings {
  bool ipv6_allowed = true;  ///< IPv6 prefixes may be registered
  /// peerAsns may name private and reserved AS numbers.
  bool reserved_asn_allowed = false;
  /// `[network] approve`: peer ASNs and connections need no Operator.
  bool approves_automatically = false;
  /// RFC 1997 community that routes of the service carry (`[network] peering_service_community`); absent:
  /// not part of a prefix's validation.
  std::optional<std::uint32_t> peering_service_community;
  int as_path_length_max = 3;                      ///< `[network] max_as_path_length`
  Microseconds accept_age{std::chrono::days(30)};  ///< `[latency] accept_age`: older samples are rejected
  Quotas quotas;                                   ///< of each subscription
  std::string version = "0";                       ///< of the program, for the page at `/`
  /// `[probe]`: the PoP that this server stands at, and its metro; empty: not said.
  std::string probe_pop, probe_metro;
  BeaconSettings beacon;
  /// `[[latency.metrics]]`: which metrics of remote-write and OTLP are round-trip times; empty: both are off.
  std::vector<latency::MetricRule> metric_rules;
  /// Name of the agent that connection monitor tests run on: this server; empty: it sends no probes.
  std::string probe_agent;
};

/// What the API uses of the rest of the process. Every function may be called from several workers at once.
struct Services {
  store::ResourceStore& resources;
  store::TelemetryStore& telemetry;
  Metrics& metrics;
  EventHub& events;
  /// The catalogue in force; never null. Another one is in force from one call to the next.
  std::function<CatalogPointer()> catalog;
  /// The snapshot in force; never null.
  std::function<model::RegistryPointer()> registry;
  /// Current routes for the prefix: exact, covering and more specific ones. Blocks.
  std::function<Result<std::vector<rib::Route>>(const net::Prefix&)> routes;
  /// Names of the parts that are not ready yet, in words for people; empty: ready.
  std::function<std::vector<std::string>()> not_ready;
  /// Called after every commit to `resources`: the registry watcher should look.
  std::function<void()> resources_changed;
  /// Waits until everything up to the revision is in force in every detector; `timeout` when that takes too
  /// long (the write stands nevertheless).
  std::function<Result<void>(model::Revision)> wait_applied;
  /// A delivery was put into the outbox: the deliverer should look.
  std::function<void()> deliveries_queued;
  /// Makes a batch of samples durable and counts it; `answer` is kept with its idempotency key.
  std::function<Result<latency::LoggedBatch>(const model::SampleBatch&, std::string_view answer)>
      accept_samples;
  /// Every accepted sample of one prefix, in bins of five minutes.
  std::function<Result<std::vector<latency::SeriesBin>>(const latency::BinQuery&)> latency_bins;
  Settings settings;
  std::function<TimePoint()> clock = [] { return now(); };
  /// What the RPKI says; null, or no function: there is no RPKI data.
  std::function<rib::VrpTablePointer()> vrps;
  /// What an operator looks for in the routing table. Blocks.
  std::function<Result<rib::FoundRoutes>(const rib::RouteSearch&)> search_routes;
  /// As `wait_applied` without waiting: `done` is called once, from any thread or within the call, and must
  /// not block. No function: `wait_applied` is asked instead.
  std::function<void(model::Revision, std::function<void(Result<void>)> done)> when_applied;
  /// Runs a job that may block soon, on a worker; false when none can take it. No function: runs it at once.
  std::function<bool(std::function<void()>)> on_worker;
  /// The BGP sessions that the routers and our own collector tell of; never null. Fresh from call to call.
  std::function<model::BgpSessionsPointer()> sessions;
  /// Sends a ping or a traceroute. `done` is called once, within 10 s, from any thread, and must not block;
  /// not at all when there is a refusal. No function: this server sends no probes.
  std::function<std::optional<model::ProbeRefusal>(const model::ProbeOrder&,
                                                   std::function<void(model::ProbeReport)> done)>
      probe;
  /// Where a connection monitor test (its lower-case ARM id) stands; nothing: it has not run. No function: as
  /// if none had.
  std::function<std::optional<model::TestState>(std::string_view test)> test_state;
  /// The runs in [from, to), oldest first, as far as they are kept: of a connection monitor test (ARM id of
  /// the peering service, name of the test), or of a peering's connectivity probes (ARM id of the peering,
  /// "ICMP" or "TCP"). Names compare without case. Empty when there are none. No function: as if none had
  /// run.
  std::function<std::vector<model::TestResult>(std::string_view owner, std::string_view name, TimePoint from,
                                               TimePoint to)>
      test_results;
  /// Who vouches for callers beside ourselves; null: nobody.
  IdentityProviders* identities = nullptr;
  /// Roles that are assigned to callers; the API sets it.
  RoleDirectory* roles = nullptr;
  /// What an operator should look at although the server serves, in words for people. No function: nothing.
  std::function<std::vector<std::string>()> concerns;
  /// Feeds that are not heard; never null. No function: all are.
  std::function<model::UnheardFeedsPointer()> unheard_feeds;
  /// What the latency judge found of the prefix with this lower-case ARM id. Blocks. No function: reports
  /// judge what they show by itself.
  std::function<Result<std::vector<latency::SeriesVerdict>>(const std::string& prefix_key)> latency_verdicts;
  /// Takes samples for whose storing nobody waits; false: too many wait, and it has taken nothing. No
  /// function: only when the beacon is off.
  std::function<bool(model::SampleBatch)> offer_samples;
  /// What client networks may hand in without a token; the API sets it.
  NetworkAllowance* beacon_allowance = nullptr;
  /// What browsers reported of being reached; the API sets it.
  latency::Reachability* reachability = nullptr;
};

/// Thread-safe. What `services` refers to must outlive it.
class Api {
 public:
  explicit Api(Services services);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// The answer to any request; never throws for bad input. Blocks on stores; call it on a worker. A change
  /// that only waits for its commit is answered `later`.
  http::Response begin(const http::Request& request);
  /// The same, waiting for what comes later.
  http::Response handle(const http::Request& request);
  /// The answer to a request that reads one resource, or registers a prefix that is not there yet (then
  /// `later`, when it is committed), when all that it is decided on is in memory; nothing: it is for `begin`.
  /// Does not block. The request must live until it is answered.
  std::optional<http::Response> answer_at_once(const http::Request& request);

  /// Reads the role assignments, which count from then on, and makes sure that `<data_dir>/admin.token` (mode
  /// 0600) holds a token with the role Operator on everything; writes a new one only when the file is
  /// missing.
  Result<void> bootstrap(const std::string& data_dir);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::api
