// A whole API on memory stores, for tests: requests in, answers out.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "api/audit_entry.h"
#include "api/documents.h"
#include "api/stored_sample_log_fixture.h"
#include "base/json.h"
#include "base/log.h"
#include "latency/recorder.h"
#include "rib/table.h"
#include "store/memory/resource_store.h"
#include "store/memory/telemetry_store.h"

namespace peering::api {

inline constexpr std::string_view sub_a = "/subscriptions/00000000-0000-4000-8000-00000000000a";
inline constexpr std::string_view sub_b = "/subscriptions/00000000-0000-4000-8000-00000000000b";

/// An answer with its body read.
struct Reply {
  int status = 0;
  http::Headers headers;
  std::string text;
  json::value body;

  std::string code() const {
    const json::value* error = find(body, "error");
    return error ? find_string(*error, "code").value_or("") : "";
  }
  std::string message() const {
    const json::value* error = find(body, "error");
    return error ? find_string(*error, "message").value_or("") : "";
  }
  /// The text of a property: `property("prefixValidationState")`.
  std::string property(std::string_view key) const {
    const json::value* properties = find(body, "properties");
    return properties ? find_string(*properties, key).value_or("") : "";
  }
  std::size_t items() const { return body.at("value").as_array().size(); }
  std::string header(std::string_view name) const { return std::string(headers.get(name).value_or("")); }
};

/// Lets something happen between what a handler decided and its commit: `meanwhile`, once, before the next
/// one.
class RacedStore final : public store::ResourceStore {
 public:
  explicit RacedStore(std::unique_ptr<store::ResourceStore> store) : store_(std::move(store)) {}
  Result<model::Revision> commit(std::span<const store::Write> writes) override {
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return store_->commit(writes);
  }
  Result<std::optional<store::Resource>> get(std::string_view key) override { return store_->get(key); }
  std::optional<model::Revision> revision_at_hand(std::string_view key) override {
    return store_->revision_at_hand(key);
  }
  Result<std::vector<store::Resource>> list(const store::ListQuery& query) override {
    return store_->list(query);
  }
  Result<store::Changes> changes_since(model::Revision after, std::size_t limit) override {
    return store_->changes_since(after, limit);
  }
  Result<store::LogPage> log(const store::LogQuery& query) override { return store_->log(query); }
  Result<std::size_t> trim_log(const store::LogLimits& limits) override { return store_->trim_log(limits); }

  std::function<void()> meanwhile;

 private:
  std::unique_ptr<store::ResourceStore> store_;
};

class ApiFixture : public testing::Test {
 protected:
  ApiFixture()
      : catalog(std::make_shared<const Catalog>(*load_catalog(""))),
        hub(telemetry, metrics),
        registry(std::make_shared<model::Registry>()) {
    log::set_level(log::Level::error);
    api = std::make_unique<Api>(services());
    folder = testing::TempDir() + "api-" + std::to_string(::getpid()) + "-" + std::to_string(++folders);
    EXPECT_EQ(::mkdir(folder.c_str(), 0700), 0);
    EXPECT_TRUE(api->bootstrap(folder));
    admin = read_token();
    EXPECT_TRUE(recorder.recover());
  }
  ~ApiFixture() override {
    hub.stop();
    ::unlink((folder + "/admin.token").c_str());
    ::rmdir(folder.c_str());
  }

  Services services() {
    Services out{resources,
                 telemetry,
                 metrics,
                 hub,
                 [this] { return catalog; },
                 [this] { return with_partners(); },
                 [this](const net::Prefix&) { return Result<std::vector<rib::Route>>(routes); },
                 [this] { return not_ready; },
                 [this] { ++commits; },
                 [this](model::Revision revision) {
                   waited_for = revision;
                   return Result<void>();
                 },
                 [this] { ++deliveries; },
                 [this](const model::SampleBatch& batch, std::string_view answer) {
                   return samples_refused ? Result<latency::LoggedBatch>(fail(*samples_refused, "refused"))
                                          : recorder.accept(batch, answer);
                 },
                 [this](const latency::BinQuery& query) { return recorder.bins(query); },
                 settings(),
                 [this] { return clock; },
                 nullptr,
                 [this](const rib::RouteSearch& search) { return found(search); },
                 nullptr,
                 nullptr,
                 [this] { return std::make_shared<const model::BgpSessions>(sessions); }};
    out.unheard_feeds = [this] { return std::make_shared<const model::UnheardFeeds>(unheard); };
    return out;
  }

  static Settings settings() {
    Settings out;
    out.probe_agent = "edge-ams";
    return out;
  }

  /// Searches a table of `routes`, each of which comes from a peer of its own.
  Result<rib::FoundRoutes> found(const rib::RouteSearch& search) const {
    rib::Table table;
    std::vector<rib::RouteChange> changes;
    for (std::uint32_t id = 0; id < routes.size(); ++id) {
      auto peer = std::make_shared<rib::Peer>(*routes[id].peer);
      peer->id = rib::PeerId(id);
      table.apply(
          rib::RouteBatch{peer, routes[id].received_at, routes[id].attributes, {routes[id].prefix}, {}},
          changes);
    }
    return table.search(search);
  }

  std::string read_token() const {
    std::FILE* file = std::fopen((folder + "/admin.token").c_str(), "r");
    char text[256] = {};
    if (file) {
      EXPECT_NE(std::fgets(text, sizeof text, file), nullptr);
      std::fclose(file);
    }
    std::string out(text);
    while (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
  }

  http::Request request(http::Method method, std::string target, std::string body = "") const {
    http::Request out;
    out.method = method;
    out.target = std::move(target);
    out.headers.set("Host", "127.0.0.1:8470");
    if (!admin.empty()) out.headers.set("Authorization", "Bearer " + admin);
    out.body = std::move(body);
    out.remote = *net::Address::parse("127.0.0.1");
    return out;
  }
  /// What may be answered at once is answered as it would be otherwise, the first time and again.
  void expect_same_at_once(const http::Request& given, const http::Response& usual) {
    for (int time = 0; time < 2; ++time) {
      const auto quick = api->answer_at_once(given);
      if (!quick) continue;
      EXPECT_EQ(quick->status, usual.status) << given.target;
      EXPECT_EQ(quick->body, usual.body) << given.target;
    }
  }
  Reply send(const http::Request& given) {
    http::Response response = api->handle(given);
    if (tries_at_once && given.method == http::Method::get) expect_same_at_once(given, response);
    Reply out{response.status, response.headers, response.body, {}};
    if (auto value = parse_json(response.body)) out.body = *value;
    return out;
  }
  Reply send_as(const std::string& token, http::Method method, std::string target, std::string body = "") {
    http::Request given = request(method, std::move(target), std::move(body));
    given.headers.set("Authorization", "Bearer " + token);
    return send(given);
  }

  /// Adds the api-version that the path needs, unless it has a query already.
  static std::string versioned(std::string path) {
    constexpr std::pair<std::string_view, std::string_view> versions[] = {
        {"Microsoft.Authorization", "2022-04-01"},
        {"Microsoft.Resources/tags", "2021-04-01"},
        {"Open.Peering", "2026-11-01"},
        {"Microsoft.Insights/eventtypes", "2015-04-01"},
        {"Microsoft.Insights", "2023-10-01"},
        {"Microsoft.Peering", "2022-10-01"},
        {"", "2021-04-01"}};
    const auto version = std::ranges::find_if(
        versions, [&](const auto& each) { return path.find(each.first) != std::string::npos; });
    path += path.find('?') == std::string::npos ? '?' : '&';
    return path + "api-version=" + std::string(version->second);
  }
  Reply get(const std::string& path) { return send(request(http::Method::get, versioned(path))); }
  Reply put(const std::string& path, std::string body) {
    return send(request(http::Method::put, versioned(path), std::move(body)));
  }
  Reply patch(const std::string& path, std::string body) {
    return send(request(http::Method::patch, versioned(path), std::move(body)));
  }
  Reply post(const std::string& path, std::string body) {
    return send(request(http::Method::post, versioned(path), std::move(body)));
  }
  Reply remove(const std::string& path) { return send(request(http::Method::delete_, versioned(path))); }

  /// A token of a role at a scope.
  std::string token(std::string_view role, std::string_view scope) {
    const Reply made = post("/providers/Open.Peering/tokens",
                            json::serialize(json::object{{"role", role}, {"scope", scope}}));
    EXPECT_EQ(made.status, 201) << made.text;
    return find_string(made.body, "token").value_or("");
  }

  void make_group(std::string_view subscription = sub_a, std::string_view group = "rg1") {
    EXPECT_LT(put(std::string(subscription), "").status, 202);
    EXPECT_LT(
        put(fmt::format("{}/resourceGroups/{}", subscription, group), R"({"location":"eastus"})").status,
        202);
  }
  static std::string service_path(std::string_view name, std::string_view subscription = sub_a,
                                  std::string_view group = "rg1") {
    return fmt::format("{}/resourceGroups/{}/providers/Microsoft.Peering/peeringServices/{}", subscription,
                       group, name);
  }
  static constexpr const char* service_body =
      R"({"location":"eastus","properties":{"peeringServiceLocation":"Victoria",
         "peeringServiceProvider":"Kordia Limited"}})";
  std::string make_service(std::string_view name = "svc1", std::string_view subscription = sub_a) {
    make_group(subscription);
    const std::string path = service_path(name, subscription);
    EXPECT_LT(put(path, service_body).status, 202);
    return path;
  }
  std::string make_prefix(std::string_view prefix = "203.0.113.0/24", std::string_view name = "p1") {
    const std::string path = make_service() + "/prefixes/" + std::string(name);
    const Reply made = put(path, prefix_body(prefix));
    EXPECT_LT(made.status, 202) << made.text;
    return path;
  }
  static std::string prefix_body(std::string_view prefix) {
    return json::serialize(json::object{{"properties", json::object{{"prefix", prefix}}}});
  }

  static rib::Route route(std::string_view prefix, std::vector<net::Asn> path) {
    auto peer = std::make_shared<rib::Peer>();
    peer->key.router = "edge1";
    peer->key.address = *net::Address::parse("192.0.2.1");
    peer->asn = path.empty() ? 0 : path.front();
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence(std::move(path));
    attributes->next_hop = *net::Address::parse("192.0.2.1");
    return rib::Route{*net::Prefix::parse(prefix), peer, attributes, *parse_rfc3339("2026-11-23T10:00:00Z")};
  }
  model::Event event(std::string_view prefix_path, model::EventKind kind, model::Level level,
                     std::string_view first_seen) const {
    model::Event out;
    out.kind = kind;
    out.type =
        kind == model::EventKind::origin_hijack ? "PrefixOriginAsChangeEvent" : "PrefixWithdrawalEvent";
    out.level = level;
    out.prefix_resource = prefix_path;
    out.connection = connection_of_prefix(prefix_path);
    out.first_seen = out.last_seen = out.detected_at = *parse_rfc3339(first_seen);
    out.id = model::make_event_id(kind, prefix_path, out.observed, "", out.first_seen);
    out.incident_id = out.id.value;
    out.summary = "what happened";
    out.description = "why";
    return out;
  }
  /// What the registry watcher does after a commit, for the registered prefixes.
  void refresh_registry() {
    auto made = std::make_shared<model::Registry>();
    const auto prefixes = resources.list({std::string(prefix_type), "", "", 1000});
    for (const store::Resource& each : *prefixes) {
      const auto document = parse_json(each.document);
      auto registered =
          std::make_shared<model::RegisteredPrefix>(*registered_prefix_from_documents(*document, nullptr));
      const net::Prefix prefix = registered->expectation.prefix;
      made->prefixes[each.key] = registered;
      made->watch[prefix].push_back(registered);
    }
    registry = std::move(made);
  }
  /// `registry` with the partners that are stored, as the registry watcher keeps them.
  model::RegistryPointer with_partners() {
    auto made = std::make_shared<model::Registry>(*registry);
    for (const std::string_view type :
         {peering_type, peer_asn_type, registered_asn_type, registered_prefix_type}) {
      const auto stored = resources.list({std::string(type), "", "", 1000});
      for (const store::Resource& each : *stored) {
        EXPECT_TRUE(apply_partner_change(type, each.key, each.document, made->partners));
      }
    }
    return made;
  }
  void store_events(std::vector<model::Event> events) {
    store::EventCommit commit;
    commit.events = std::move(events);
    EXPECT_TRUE(telemetry.append(commit));
    hub.stored();
  }

  Metrics metrics;
  std::unique_ptr<store::TelemetryStore> owned_telemetry = store::make_memory_telemetry_store();
  RacedStore resources{store::make_memory_resource_store(traced_entry)};
  store::TelemetryStore& telemetry = *owned_telemetry;
  StoredSampleLog sample_log{telemetry};
  latency::Recorder recorder{sample_log, metrics};
  std::optional<ErrorCode> samples_refused;
  CatalogPointer catalog;
  EventHub hub;
  model::RegistryPointer registry;
  std::vector<rib::Route> routes;
  std::vector<model::BgpSession> sessions;
  model::UnheardFeeds unheard;
  std::vector<std::string> not_ready;
  std::atomic<int> commits{0};
  std::atomic<int> deliveries{0};
  std::optional<model::Revision> waited_for;
  TimePoint clock = *parse_rfc3339("2026-11-23T12:00:00Z");
  std::unique_ptr<Api> api;
  bool tries_at_once = true;  ///< off where requests are counted
  std::string folder, admin;
  static inline std::atomic<int> folders{0};
};

}  // namespace peering::api
