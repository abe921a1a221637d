#include "app/app.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

#include "alert/outbox.h"
#include "alert/rules.h"
#include "api/api.h"
#include "api/audit_entry.h"
#include "api/documents.h"
#include "api/identity_providers.h"
#include "app/api_settings.h"
#include "app/auth_configuration.h"
#include "app/bgp_configuration.h"
#include "app/catalog_file.h"
#include "app/detection_configuration.h"
#include "app/event_writer.h"
#include "app/feed_settings.h"
#include "app/folder_lock.h"
#include "app/latency_judging.h"
#include "app/latency_settings.h"
#include "app/probing.h"
#include "app/recent_events.h"
#include "app/registry_watcher.h"
#include "app/requirement_watch.h"
#include "app/retention.h"
#include "app/route_lookup.h"
#include "app/sample_log.h"
#include "app/sample_sources.h"
#include "app/session_history.h"
#include "app/shard.h"
#include "app/shares.h"
#include "app/source_settings.h"
#include "app/world_knowledge.h"
#include "base/log.h"
#include "feeds/archive.h"
#include "feeds/bgp_listener.h"
#include "feeds/bmp_listener.h"
#include "feeds/kafka_feed.h"
#include "feeds/mrt_feed.h"
#include "feeds/peer_registry.h"
#include "feeds/ris_feed.h"
#include "feeds/shard_router.h"
#include "http/local_authority.h"
#include "latency/recorder.h"
#include "store/rocksdb/telemetry_store.h"
#include "store/sqlite/resource_store.h"

namespace peering::app {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t worker_jobs_max = 2048;
// Caches have given their data by then.
constexpr std::chrono::minutes rpki_patience{1};
constexpr std::chrono::seconds feed_look_period{1};

Result<void> check_listener(std::string_view name, const std::string& address, bool remote_allowed,
                            std::string_view condition) {
  if (address.empty()) return {};
  const auto endpoint = http::parse_endpoint(address);
  if (!endpoint) return fail(ErrorCode::invalid_argument, "{}: {}", name, endpoint.error().message);
  if (endpoint->is_loopback() || remote_allowed) return {};
  return fail(ErrorCode::invalid_argument, "{} {} is not a loopback address: {}", name, address, condition);
}

KnowledgeFiles files_of(const Configuration& c) {
  return {c.rpki.vrp_file, c.topology.as_relationships, c.topology.siblings,
          c.topology.aspa, c.topology.bogons,           c.topology.irr};
}

}  // namespace

Result<void> check(const Configuration& c) {
  if (auto done = check_listener("http.listen", c.http.listen, false,
                                 "tokens would cross the network in clear; use http.listen_tls there");
      !done) {
    return done;
  }
  if (auto done = check_listener("http.listen_tls", c.http.listen_tls, !c.http.certificate_file.empty(),
                                 "set http.certificate_file and http.private_key_file first");
      !done) {
    return done;
  }
  if (auto done = check_listener(
          "feeds.bmp.listen", c.feeds.bmp_listen, c.feeds.bmp_allow_remote,
          "BMP has no authentication; set feeds.bmp.allow_remote = true if a firewall decides");
      !done) {
    return done;
  }
  if (auto done = check_listener(
          "latency.syslog.listen", c.latency.syslog_listen, c.latency.syslog_allow_remote,
          "syslog has no authentication; set latency.syslog.allow_remote = true if a firewall decides");
      !done) {
    return done;
  }
  if (const auto bgp = bgp_settings(c); !bgp) return tl::unexpected(bgp.error());
  if (const auto issuers = issuer_settings(c); !issuers) return tl::unexpected(issuers.error());
  if (auto done = check_probing(c); !done) return done;
  if (auto done = check_judgement(c); !done) return done;
  if (auto done = check_sources(c); !done) return done;
  if (!c.feeds.kafka.empty() && !feeds::KafkaFeed::available()) {
    return fail(ErrorCode::invalid_argument, "feeds.kafka: this peeringd was built without librdkafka");
  }
  for (const KafkaFeed& feed : c.feeds.kafka) {
    if (const auto settings = kafka_settings(feed); !settings) return tl::unexpected(settings.error());
  }
  if (const auto catalog = api::load_catalog(c.catalog.file); !catalog) {
    return fail(ErrorCode::invalid_argument, "catalog.file: {}", catalog.error().message);
  }
  return check(files_of(c));
}

class App::State : public feeds::ShardSink {
 public:
  explicit State(Configuration configuration)
      : c_(std::move(configuration)), workers_(static_cast<std::size_t>(c_.http.workers), worker_jobs_max) {}
  ~State() override { stop(); }

  Result<Listening> start();
  void stop();
  void reload(const Configuration& fresh);
  void reload_neighbors(const Configuration& fresh);

  // feeds::ShardSink
  std::size_t shards() const override { return shards_.size(); }
  bool try_post(std::size_t shard, feeds::ShardMessage& message) override {
    if (shard == 0 || std::holds_alternative<feeds::RouteRun>(message)) feed_watch_->heard(message, now());
    return shards_[shard]->try_post(message);
  }

 private:
  Result<void> open_stores();
  Result<void> start_detection();
  Result<void> start_knowledge();
  void make_latency_judging();
  void make_requirement_watch(const std::vector<model::Event>& known);
  Result<void> start_api();
  Result<Listening> start_listeners();
  Result<void> accept(const model::SampleBatch& batch) {
    return recorder_->accept(batch, "").map([](const auto&) {});
  }
  Result<void> start_bgp(Listening& out);
  void start_archive();
  void start_mrt_feeds();
  void start_ris_feeds();
  Result<void> start_kafka_feeds();
  void watch_registered(const model::Registry& registry);
  void apply_registry(model::RegistryPointer registry);
  Result<std::vector<rib::Route>> routes(const net::Prefix& prefix) { return routes_around(shards_, prefix); }
  std::vector<std::string> not_ready() const;
  std::vector<std::string> concerns() const;
  void make_feed_watch();
  void watch_feeds_until_stopped();

  Configuration c_;
  FolderLock lock_;
  Metrics metrics_;
  CatalogFile catalog_{metrics_};
  std::unique_ptr<store::ResourceStore> resources_;
  std::unique_ptr<store::TelemetryStore> telemetry_;
  std::unique_ptr<latency::SampleLog> sample_log_;
  std::unique_ptr<latency::Recorder> recorder_;
  std::unique_ptr<SampleSources> sample_sources_;
  std::unique_ptr<api::EventHub> hub_;
  std::unique_ptr<alert::Rules> rules_;
  std::unique_ptr<alert::Outbox> outbox_;
  std::unique_ptr<EventWriter> writer_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<RegistryWatcher> watcher_;
  std::unique_ptr<Probing> probing_;
  std::unique_ptr<LatencyJudging> judging_;
  std::unique_ptr<RequirementWatch> requirements_;
  std::unique_ptr<FeedWatch> feed_watch_;
  std::thread feed_watcher_;
  std::unique_ptr<WorldKnowledge> knowledge_;
  std::unique_ptr<api::IdentityProviders> identities_;
  std::unique_ptr<api::Api> api_;
  runtime::WorkerPool workers_;
  std::unique_ptr<feeds::PeerRegistry> peers_;
  std::unique_ptr<SessionHistory> history_;
  std::unique_ptr<feeds::Archive> archive_;
  std::unique_ptr<feeds::BmpListener> bmp_;
  std::unique_ptr<feeds::BgpListener> bgp_;
  std::vector<std::unique_ptr<feeds::MrtFeed>> mrt_;
  std::vector<std::unique_ptr<feeds::KafkaFeed>> kafka_;
  std::mutex ris_mutex_;  // the watcher's thread looks at the list while it is filled
  std::vector<std::unique_ptr<feeds::RisFeed>> ris_;
  model::Revision watched_revision_{};
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<Retention> retention_;
  std::mutex mutex_;
  std::condition_variable stopping_changed_;
  bool stopping_ = false;
  std::atomic<bool> started_{false};
};

Result<void> App::State::open_stores() {
  const fs::path folder = c_.data_dir;
  if (auto done = lock_.take(folder); !done) return done;
  if (auto done = catalog_.read(c_.catalog.file); !done) return done;
  auto resources = store::open_sqlite((folder / "resources.sqlite").string(), api::traced_entry);
  if (!resources) return tl::unexpected(resources.error());
  resources_ = std::move(*resources);
  auto telemetry = store::open_rocksdb((folder / "telemetry").string());
  if (!telemetry) return tl::unexpected(telemetry.error());
  telemetry_ = std::move(*telemetry);
  sample_log_ = std::make_unique<StoreSampleLog>(*telemetry_);
  recorder_ = std::make_unique<latency::Recorder>(*sample_log_, metrics_);
  if (auto done = recorder_->recover(); !done) return done;
  make_latency_judging();
  recorder_->start(c_.latency.settle_every);
  return {};
}

void App::State::make_latency_judging() {
  LatencyJudging::Services services{
      .bins = [this](const latency::BinQuery& query) { return recorder_->bins(query); },
      .events = [this](const store::EventQuery& query) { return telemetry_->events(query); },
      .registry = [this] { return watcher_->current(); },
      .emit = [this](std::vector<model::Event> events) { writer_->submit(std::move(events)); },
      .routes = [this](const net::Prefix& prefix) { return routes(prefix); },
      .settings = judge_settings(c_),
      .follow_open = {}};
  if (c_.probe.enabled && c_.probe.incident_traces)
    services.follow_open = [this](const std::vector<OpenDegradation>& open) { probing_->follow_open(open); };
  judging_ = std::make_unique<LatencyJudging>(std::move(services), metrics_);
  recorder_->on_settled([this](const model::SketchBatch& added) { judging_->touched(added, now()); });
}

void App::State::make_requirement_watch(const std::vector<model::Event>& known) {
  RequirementWatch::Services services{
      .catalog = [this] { return catalog_.current(); },
      .registry = [this] { return watcher_->current(); },
      .sessions = [this] { return peers_->sessions().snapshot(); },
      .routes = [this](const net::Prefix& prefix) { return routes(prefix); },
      .emit = [this](std::vector<model::Event> events) { writer_->submit(std::move(events)); },
      .settings = api_settings(c_),
      .reconnect_grace = c_.feeds.bmp_reconnect_grace};
  requirements_ = std::make_unique<RequirementWatch>(std::move(services), metrics_);
  requirements_->restore(known);
}

Result<void> App::State::start_detection() {
  rules_ = std::make_unique<alert::Rules>(*telemetry_);
  alert::OutboxSettings outbox;
  outbox.retry_first = c_.alerts.retry_first;
  outbox.retry_longest = c_.alerts.retry_longest;
  outbox.give_up_after = c_.alerts.give_up_after;
  outbox.allow_loopback = c_.alerts.allow_loopback;
  outbox_ = std::make_unique<alert::Outbox>(outbox, *telemetry_, *resources_, metrics_);
  hub_ = std::make_unique<api::EventHub>(*telemetry_, metrics_);
  EventWriter::Services services{
      *telemetry_,
      metrics_,
      [this] { return watcher_->current(); },
      [this](const model::Event& event, const model::Registry& registry, TimePoint at,
             store::EventCommit& out) { rules_->apply(event, registry, at, out); },
      [this](const store::EventCommit& commit) {
        hub_->stored();
        if (!commit.outbox.empty()) outbox_->wake();
      },
      c_.detection.reopen_within,
      {static_cast<std::size_t>(c_.alerts.flap_after), c_.alerts.flap_window, c_.alerts.flap_quiet,
       c_.alerts.flap_standing},
      {static_cast<std::size_t>(c_.alerts.group_after), c_.alerts.group_window}};
  writer_ = std::make_unique<EventWriter>(std::move(services));

  detect::Settings detection;
  detection.return_grace = c_.feeds.bmp_reconnect_grace;
  for (const Pop& pop : c_.network.pops) {
    if (!pop.metro.empty()) detection.metro_of_pop[pop.name] = pop.metro;
  }
  detection.monitored = monitored_ases(c_);
  Shard::Options options;
  options.mailbox_messages_max = static_cast<std::size_t>(c_.detection.mailbox_messages_max);
  options.work.reconnect_grace = c_.feeds.bmp_reconnect_grace;
  const std::size_t count = c_.detection.shards > 0 ? static_cast<std::size_t>(c_.detection.shards)
                                                    : std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    options.work.detection = settings_of_share(detection, i, count);
    shards_.push_back(std::make_unique<Shard>(options, metrics_, [this](std::vector<model::Event> events) {
      requirements_->touch(events);
      writer_->submit(std::move(events));
    }));
  }
  const auto known = events_known(*telemetry_);
  if (!known) return tl::unexpected(known.error());
  const auto recent = recent_events(*telemetry_, now(), c_.detection.reopen_within, c_.alerts.flap_window);
  if (!recent) return tl::unexpected(recent.error());
  const auto parts = events_of_shares(*known, shards_.size());
  const auto pasts = events_of_shares(recent->findings, shards_.size());
  for (std::size_t i = 0; i < shards_.size(); ++i) shards_[i]->restore(parts[i], pasts[i]);
  writer_->restore(*known, *recent);
  make_requirement_watch(*known);
  probing_ = std::make_unique<Probing>(
      c_,
      Probing::Services{[this] { return watcher_->current(); },
                        [this](const model::SampleBatch& batch) { return accept(batch); },
                        [this](const latency::BinQuery& query) { return recorder_->bins(query); },
                        [this](const net::Prefix& prefix) { return routes(prefix); },
                        [this](std::string key, std::string event, model::BlameEvidence line) {
                          judging_->traced(std::move(key), std::move(event), std::move(line));
                        }},
      metrics_);
  watcher_ = std::make_unique<RegistryWatcher>(
      *resources_, metrics_, [this](model::RegistryPointer registry) { apply_registry(std::move(registry)); },
      [this](const store::Change& change) { probing_->changed(change); },
      [this](const std::vector<store::Change>& changes) { catalog_.follow(changes); });
  hub_->start();
  outbox_->start();
  writer_->start();
  for (const auto& shard : shards_) shard->start();
  return watcher_->start();
}

Result<void> App::State::start_knowledge() {
  WorldKnowledge::Options options;
  options.files = files_of(c_);
  options.rtr.shrink_guard = c_.rpki.shrink_guard;
  options.expiry_notice = c_.rpki.expiry_notice;
  for (const RpkiCache& cache : c_.rpki.caches) {
    auto parsed = feeds::parse_rtr_cache(cache.address);
    if (!parsed) return tl::unexpected(parsed.error());
    parsed->preference = static_cast<int>(cache.preference);
    options.rtr.caches.push_back(std::move(*parsed));
  }
  knowledge_ =
      std::make_unique<WorldKnowledge>(std::move(options), metrics_, [this](const KnowledgeUpdate& update) {
        for (const auto& shard : shards_) shard->know(update);
      });
  return knowledge_->start();
}

void App::State::reload(const Configuration& fresh) {
  std::string restart;
  for (const std::string& key : changed_keys(c_, fresh)) {
    if (key == "rpki.vrp_file" || key == "catalog.file" || key == "[[feeds.bgp.neighbors]]" ||
        key.starts_with("topology.")) {
      log::info("SIGHUP: {} is another one now", key);
    } else {
      restart += (restart.empty() ? "" : ", ") + key;
    }
  }
  if (!restart.empty()) log::warning("SIGHUP: changed, but in force only after a restart: {}", restart);
  c_.rpki.vrp_file = fresh.rpki.vrp_file;
  c_.topology = fresh.topology;
  knowledge_->read_again(files_of(fresh));
  c_.catalog.file = fresh.catalog.file;
  catalog_.read_again(c_.catalog.file);
  reload_neighbors(fresh);
  if (bgp_) log::info("{} BGP neighbors are asked to send their routes again", bgp_->refresh_all());
}

// Under the other keys of `[feeds.bgp]` as they are in force. Passwords are read again.
void App::State::reload_neighbors(const Configuration& fresh) {
  Configuration next = c_;
  next.feeds.bgp_neighbors = fresh.feeds.bgp_neighbors;
  auto settings = bgp_settings(next);
  if (!settings) {
    log::error("SIGHUP: {}; the BGP neighbors in force stay", settings.error().message);
    return;
  }
  c_.feeds.bgp_neighbors = fresh.feeds.bgp_neighbors;
  if (!bgp_) {
    Listening nowhere;
    if (const auto done = start_bgp(nowhere); !done) log::error("SIGHUP: {}", done.error().message);
    return;
  }
  const auto done = bgp_->configure(std::move(settings->neighbors));
  if (done == feeds::BgpListener::Reconfigured{}) return;
  log::info("SIGHUP: BGP neighbors: {} added, {} removed, {} changed", done.added, done.removed,
            done.changed);
}

void App::State::apply_registry(model::RegistryPointer registry) {
  std::latch applied(static_cast<std::ptrdiff_t>(shards_.size()));
  for (const auto& shard : shards_) shard->apply(registry, [&applied] { applied.count_down(); });
  applied.wait();
  watch_registered(*registry);
}

std::vector<std::string> App::State::not_ready() const {
  std::vector<std::string> out;
  if (!started_) out.emplace_back("starting");
  if (writer_ && writer_->stalled()) out.emplace_back("event store");
  return out;
}

std::vector<std::string> App::State::concerns() const {
  if (!started_) return {};
  std::vector<std::string> out = feed_watch_->troubles();
  std::ranges::move(sample_sources_->troubles(), std::back_inserter(out));
  std::ranges::move(probing_->troubles(), std::back_inserter(out));
  return out;
}

Result<void> App::State::start_api() {
  sample_sources_ = std::make_unique<SampleSources>(
      SampleSourceServices{[this](const model::SampleBatch& batch, std::string_view answer) {
                             return recorder_->accept(batch, answer);
                           },
                           [this] { return watcher_->current(); }},
      metrics_);
  auto issuers = issuer_settings(c_);
  if (!issuers) return tl::unexpected(issuers.error());
  if (!issuers->empty()) {
    identities_ = std::make_unique<api::IdentityProviders>(std::move(*issuers), metrics_);
  }
  api::Services services{
      .resources = *resources_,
      .telemetry = *telemetry_,
      .metrics = metrics_,
      .events = *hub_,
      .catalog = [this] { return catalog_.current(); },
      .registry = [this] { return watcher_->current(); },
      .routes = [this](const net::Prefix& prefix) { return routes(prefix); },
      .not_ready = [this] { return not_ready(); },
      .resources_changed = [this] { watcher_->wake(); },
      .wait_applied = [this](model::Revision revision) { return watcher_->wait_applied(revision); },
      .deliveries_queued = [this] { outbox_->wake(); },
      .accept_samples = [this](const model::SampleBatch& batch,
                               std::string_view answer) { return recorder_->accept(batch, answer); },
      .latency_bins = [this](const latency::BinQuery& query) { return recorder_->bins(query); },
      .settings = api_settings(c_),
      .vrps = [this] { return knowledge_->vrps(); },
      .search_routes = [this](const rib::RouteSearch& wanted) { return search_routes(shards_, wanted); },
      .when_applied =
          [this](model::Revision revision, std::function<void(Result<void>)> done) {
            watcher_->when_applied(revision, std::move(done));
          },
      .on_worker = [this](std::function<void()> job) { return workers_.submit(std::move(job)); },
      .sessions = [this] { return peers_->sessions().snapshot(); },
      .probe =
          [this](const model::ProbeOrder& order, std::function<void(model::ProbeReport)> done) {
            return probing_->order(order, std::move(done));
          },
      .test_state = [this](std::string_view test) { return probing_->state(test); },
      .test_results = [this](std::string_view owner, std::string_view name, TimePoint from,
                             TimePoint to) { return probing_->results(owner, name, from, to); },
      .identities = identities_.get(),
      .concerns = [this] { return concerns(); },
      .unheard_feeds = [this] { return feed_watch_->unheard(); },
      .latency_verdicts = [this](const std::string& prefix) { return judging_->verdicts(prefix, now()); },
      .offer_samples = [this](model::SampleBatch batch) { return sample_sources_->offer(std::move(batch)); }};
  api_ = std::make_unique<api::Api>(std::move(services));
  return api_->bootstrap(c_.data_dir);
}

Result<Listening> App::State::start_listeners() {
  Listening out;
  start_archive();
  server_ = std::make_unique<http::Server>(
      [this](const http::Request& request) { return api_->begin(request); }, http_limits(c_.http), workers_,
      metrics_, [this](const http::Request& request) { return api_->answer_at_once(request); });
  if (!c_.http.listen.empty()) {
    const auto bound = server_->listen(*http::parse_endpoint(c_.http.listen), std::nullopt);
    if (!bound) return tl::unexpected(bound.error());
    out.http = *bound;
  }
  if (!c_.http.listen_tls.empty()) {
    http::TlsFiles files{c_.http.certificate_file, c_.http.private_key_file};
    if (files.certificate_chain.empty()) {
      const auto made = http::ensure_local_authority(fs::path(c_.data_dir) / "tls", {});
      if (!made) return tl::unexpected(made.error());
      files = *made;
    }
    const auto bound = server_->listen(*http::parse_endpoint(c_.http.listen_tls), files);
    if (!bound) return tl::unexpected(bound.error());
    out.https = *bound;
  }
  if (!c_.feeds.bmp_listen.empty()) {
    feeds::BmpSettings settings;
    settings.sessions_max = static_cast<std::size_t>(c_.feeds.bmp_sessions_max);
    settings.partial_message_time = c_.feeds.bmp_partial_message_time;
    settings.archive = archive_.get();
    bmp_ = std::make_unique<feeds::BmpListener>(settings, *peers_, *this, metrics_);
    const auto bound = bmp_->listen(*http::parse_endpoint(c_.feeds.bmp_listen));
    if (!bound) return tl::unexpected(bound.error());
    out.bmp = *bound;
  }
  if (auto done = start_bgp(out); !done) return tl::unexpected(done.error());
  const auto syslog = sample_sources_->start(c_);
  if (!syslog) return tl::unexpected(syslog.error());
  out.syslog = *syslog;
  return out;
}

Result<void> App::State::start_bgp(Listening& out) {
  if (c_.feeds.bgp_listen.empty() && c_.feeds.bgp_neighbors.empty()) return {};
  auto settings = bgp_settings(c_);
  if (!settings) return tl::unexpected(settings.error());
  settings->archive = archive_.get();
  bgp_ = std::make_unique<feeds::BgpListener>(std::move(*settings), *peers_, *this, metrics_);
  if (!c_.feeds.bgp_listen.empty()) {
    const auto bound = bgp_->listen(*http::parse_endpoint(c_.feeds.bgp_listen));
    if (!bound) return tl::unexpected(bound.error());
    out.bgp = *bound;
  }
  bgp_->start();
  return {};
}

void App::State::start_archive() {
  if (c_.archive.dir.empty()) return;
  feeds::ArchiveSettings settings;
  settings.files = {c_.archive.dir, c_.archive.every, c_.archive.compress, c_.archive.keep};
  archive_ = std::make_unique<feeds::Archive>(settings, metrics_);
  archive_->start();
}

void App::State::start_mrt_feeds() {
  for (const MrtFeed& feed : c_.feeds.mrt) {
    feeds::MrtSettings settings;
    settings.path = feed.path;
    settings.collector = feed.collector;
    mrt_.push_back(std::make_unique<feeds::MrtFeed>(settings, *peers_, *this, metrics_));
    mrt_.back()->start();
  }
}

void App::State::start_ris_feeds() {
  for (const RisFeed& feed : c_.feeds.ris) {
    feeds::RisSettings settings = ris_settings(feed, ris_.size() + 1);
    settings.archive = archive_.get();
    auto made = std::make_unique<feeds::RisFeed>(std::move(settings), *peers_, *this, metrics_);
    const std::lock_guard lock(ris_mutex_);
    ris_.push_back(std::move(made));
  }
  watch_registered(*watcher_->current());
  for (const auto& feed : ris_) feed->start();
}

Result<void> App::State::start_kafka_feeds() {
  for (const KafkaFeed& feed : c_.feeds.kafka) {
    auto settings = kafka_settings(feed);
    if (!settings) return tl::unexpected(settings.error());
    settings->archive = archive_.get();
    kafka_.push_back(std::make_unique<feeds::KafkaFeed>(std::move(*settings), *peers_, *this, metrics_));
    if (auto done = kafka_.back()->start(); !done) return done;
  }
  return {};
}

// Feeds that ask for the registered prefixes only follow the registry.
void App::State::watch_registered(const model::Registry& registry) {
  const std::lock_guard lock(ris_mutex_);
  if (ris_.empty() || registry.revision < watched_revision_) return;
  watched_revision_ = registry.revision;
  const auto prefixes = [registered = registry.prefixes] {
    std::vector<net::Prefix> out;
    for (const auto& [id, prefix] : registered) out.push_back(prefix->expectation.prefix);
    return out;
  };
  for (const auto& feed : ris_) feed->watch(prefixes);
}

void App::State::make_feed_watch() {
  FeedWatch::Settings settings =
      feed_watch_settings(c_, [this](const net::Prefix& prefix) { return routes(prefix); });
  settings.tell = [this](const std::string& router, bool silent, TimePoint since) {
    for (const auto& shard : shards_) shard->feed_changed({router, silent, since});
  };
  settings.others = [this, since = now()]() -> std::vector<std::string> {
    if (c_.rpki.caches.empty() || knowledge_->vrps() || now() - since < rpki_patience) return {};
    return {"rpki: no cache has data that has not expired, so no origin is validated"};
  };
  feed_watch_ = std::make_unique<FeedWatch>(std::move(settings), metrics_);
}

void App::State::watch_feeds_until_stopped() {
  std::unique_lock lock(mutex_);
  while (!stopping_changed_.wait_for(lock, feed_look_period, [&] { return stopping_; })) {
    lock.unlock();
    feed_watch_->look(now());
    lock.lock();
  }
}

Result<Listening> App::State::start() {
  if (auto done = open_stores(); !done) return tl::unexpected(done.error());
  if (auto done = start_detection(); !done) return tl::unexpected(done.error());
  if (auto done = start_knowledge(); !done) return tl::unexpected(done.error());
  std::vector<feeds::RouterPlace> places;
  for (const Router& router : c_.network.routers) {
    const auto address = net::Address::parse(router.address);
    places.push_back({router.name, address ? std::optional(*address) : std::nullopt, router.pop});
  }
  peers_ = std::make_unique<feeds::PeerRegistry>(std::move(places));
  history_ =
      std::make_unique<SessionHistory>(*telemetry_, [this] { return peers_->sessions().take_changes(); });
  if (auto done = history_->begin(); !done) return tl::unexpected(done.error());
  history_->start();
  make_feed_watch();
  if (auto done = start_api(); !done) return tl::unexpected(done.error());
  auto listening = start_listeners();
  if (!listening) return listening;
  start_mrt_feeds();
  start_ris_feeds();
  if (auto done = start_kafka_feeds(); !done) return tl::unexpected(done.error());
  if (auto done = probing_->start(); !done) return tl::unexpected(done.error());
  listening->stamp = probing_->reflector();
  requirements_->start();
  judging_->start();
  feed_watcher_ = std::thread([this] { watch_feeds_until_stopped(); });
  retention_ = std::make_unique<Retention>(*resources_, *telemetry_, c_);
  retention_->start();
  started_ = true;
  return listening;
}

void App::State::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  stopping_changed_.notify_all();
  started_ = false;
  if (retention_) retention_->stop();
  if (feed_watcher_.joinable()) feed_watcher_.join();
  if (probing_) probing_->stop();
  if (requirements_) requirements_->stop();
  if (bmp_) bmp_->stop();
  if (bgp_) bgp_->stop();
  for (const auto& feed : mrt_) feed->stop();
  for (const auto& feed : ris_) feed->stop();
  for (const auto& feed : kafka_) feed->stop();
  if (history_) history_->stop();
  if (archive_) archive_->stop();
  if (sample_sources_) sample_sources_->stop();
  if (hub_) hub_->stop();
  if (server_) server_->stop();
  workers_.stop();
  // Commits under way tell their outcome while those whom they tell are there; they come before this one.
  if (resources_) resources_->drain();
  if (watcher_) watcher_->stop();
  if (knowledge_) knowledge_->stop();
  for (const auto& shard : shards_) shard->stop();
  if (judging_) judging_->stop();
  if (writer_) writer_->stop();
  if (outbox_) outbox_->stop();
  if (recorder_) recorder_->stop();
}

App::App(Configuration configuration) : state_(std::make_unique<State>(std::move(configuration))) {}
App::~App() = default;

Result<Listening> App::start() {
  auto listening = state_->start();
  if (!listening) state_->stop();
  return listening;
}

void App::reload(const Configuration& fresh) { state_->reload(fresh); }
void App::stop() { state_->stop(); }

}  // namespace peering::app
