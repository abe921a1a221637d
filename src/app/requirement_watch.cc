#include "app/requirement_watch.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "detect/event_shape.h"

namespace peering::app {

namespace {

constexpr std::chrono::seconds pause_between_rounds{1};
constexpr std::size_t looked_at_max = 2000, touched_max = 100'000;
// The watch's own thread rests so long after so many: in one go they would hold up the shards, whom it asks,
// and whoever registers prefixes meanwhile.
constexpr std::size_t looked_at_once = 50;
constexpr std::chrono::milliseconds rest_between_looks{10};
constexpr int failures_needed = 2;

using SessionKey = std::tuple<std::string, std::uint64_t, net::Address>;

SessionKey key_of(const model::BgpSession& session) {
  return {session.router, session.distinguisher, session.peer_address};
}
SessionKey key_of(const rib::Peer& peer) {
  return {peer.key.router, peer.key.distinguisher, peer.key.address};
}

// What is remembered of a prefix that was verified, or has an open event.
struct WatchedPrefix {
  bool verified = false;
  TimePoint verified_at{};
  std::vector<SessionKey> carriers;  // where its routes came from when it was last verified
  int failures = 0;
  std::optional<model::Event> open;
};

// Since when a session is established, by our clock and by the router's.
struct Up {
  TimePoint since_ours, since_routers;
};

}  // namespace

struct RequirementWatch::State {
  State(Services given, Metrics& metrics)
      : services(std::move(given)),
        open_gauge(metrics.gauge("peering_requirement_violations",
                                 "Prefixes that were Verified and no longer meet a requirement.")),
        rounds(metrics.counter("peering_requirement_rounds_total",
                               "Rounds in which registered prefixes were held against their requirements.")) {
  }

  Services services;
  Gauge& open_gauge;
  Counter& rounds;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  std::unordered_set<std::string> touched;
  std::thread thread;

  // Of the rounds alone.
  std::unordered_map<std::string, WatchedPrefix> entries;
  std::set<std::string> open;
  std::map<SessionKey, Up> up;
  std::unordered_set<std::string> again;  // failed once: to be looked at next time
  model::RegistryPointer pass;            // the snapshot that is gone through, and how far
  decltype(model::Registry::prefixes)::const_iterator next;
  std::vector<model::Event> events;

  void learn_sessions(const model::BgpSessions& sessions, TimePoint at) {
    std::map<SessionKey, Up> now_up;
    for (const model::BgpSession& session : sessions.all()) {
      if (!session.established) continue;
      const SessionKey key = key_of(session);
      const auto before = up.find(key);
      const bool same = before != up.end() && before->second.since_routers == session.since;
      now_up.emplace(key, same ? before->second : Up{at, session.since});
    }
    up = std::move(now_up);
  }

  bool carried_and_up(const WatchedPrefix& entry, const SessionKey& key) const {
    const auto found = up.find(key);
    return found != up.end() && found->second.since_ours <= entry.verified_at &&
           std::ranges::find(entry.carriers, key) != entry.carriers.end();
  }

  // Is the route really missing on a session with the peer, or only not told of yet?
  bool missing_on(const WatchedPrefix& entry, const model::BgpSessions& sessions, const std::string& peer,
                  TimePoint at) const {
    for (const model::BgpSession& session : sessions.with(*net::Address::parse(peer))) {
      const auto found = up.find(key_of(session));
      if (found == up.end()) continue;
      if (carried_and_up(entry, found->first)) return true;
      if (at - found->second.since_ours >= services.reconnect_grace) return true;
    }
    return false;
  }

  bool router_says_down(const WatchedPrefix& entry, const model::BgpSessions& sessions) const {
    return std::ranges::any_of(sessions.all(), [&](const model::BgpSession& session) {
      return !session.established && !session.state.empty() &&
             std::ranges::find(entry.carriers, key_of(session)) != entry.carriers.end();
    });
  }

  bool certain(const WatchedPrefix& entry, const api::Requirement& failed, const model::BgpSessions& sessions,
               TimePoint at) const {
    if (failed.name == "primarySessions" || failed.name == "backupSessions") {
      return router_says_down(entry, sessions);
    }
    if (failed.name != "prefixReceived") return true;
    if (!failed.session.empty()) return missing_on(entry, sessions, failed.session, at);
    return std::ranges::any_of(entry.carriers,
                               [&](const SessionKey& key) { return carried_and_up(entry, key); });
  }

  void verified(const std::string& key, const net::Prefix& prefix, std::span<const rib::Route> routes,
                TimePoint at) {
    WatchedPrefix& entry = entries[key];
    entry.verified = true;
    entry.verified_at = at;
    entry.failures = 0;
    entry.carriers.clear();
    for (const rib::Route& route : routes) {
      if (route.prefix == prefix && route.peer) entry.carriers.push_back(key_of(*route.peer));
    }
    if (entry.open) close(key, entry, at, "every requirement is met again");
  }

  void close(const std::string& key, WatchedPrefix& entry, TimePoint at, std::string_view reason) {
    detect::resolve(*entry.open, at, reason);
    events.push_back(std::move(*entry.open));
    entry.open.reset();
    open.erase(key);
  }

  void failed(const std::string& key, const model::RegisteredPrefix& prefix,
              const api::PrefixValidation& validation, const model::BgpSessions& sessions, TimePoint at) {
    const auto found = entries.find(key);
    if (found == entries.end() || !found->second.verified) return;
    WatchedPrefix& entry = found->second;
    std::vector<const api::Requirement*> violated;
    for (const api::Requirement& each : validation.requirements) {
      if (each.result == api::RequirementResult::fail && certain(entry, each, sessions, at)) {
        violated.push_back(&each);
      }
    }
    if (violated.empty()) return;
    if (++entry.failures < failures_needed) {
      again.insert(key);
      return;
    }
    entry.verified = false;
    entry.failures = 0;
    entry.open = violation(prefix, violated, at);
    events.push_back(*entry.open);
    open.insert(key);
  }

  static model::Event violation(const model::RegisteredPrefix& prefix,
                                const std::vector<const api::Requirement*>& violated, TimePoint at) {
    model::Event out = detect::make_event(model::EventKind::requirement_violation, detect::Role::primary,
                                          prefix, prefix.expectation.prefix, "", at, at, true);
    out.summary = fmt::format("{} no longer meets what Peering Service requires",
                              prefix.expectation.prefix.to_string());
    const api::Requirement& first = *violated.front();
    out.description = first.action.empty() ? first.message : first.message + ". " + first.action;
    for (const api::Requirement* each : violated) {
      out.evidence.push_back(fmt::format("{}: {}", each->name, each->message));
    }
    return out;
  }

  bool is_stopping() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  // False when the routing table gave no answer: it is busy with better things.
  bool look(const std::string& key, const model::Registry& registry, const model::BgpSessions& sessions,
            api::PrefixJudge& judge, TimePoint at) {
    const auto found = registry.prefixes.find(key);
    if (found == registry.prefixes.end()) {
      entries.erase(key);
      return true;
    }
    const model::RegisteredPrefix& prefix = *found->second;
    const auto connection = registry.connections.find(model::lower(prefix.connection));
    if (connection == registry.connections.end()) return true;
    const model::Connection& chosen = *connection->second;
    const auto routes = services.routes(prefix.expectation.prefix);
    if (!routes) return false;
    const api::PrefixValidation validation =
        judge.judge(prefix, {chosen.provider, chosen.primary_metro, chosen.backup_metro}, at, *routes);
    if (validation.state == "Verified") verified(key, prefix.expectation.prefix, *routes, at);
    if (validation.state == "Failed") failed(key, prefix, validation, sessions, at);
    return true;
  }

  static bool is_registered(const model::Registry& registry, const std::string& key) {
    return registry.prefixes.find(key) != registry.prefixes.end();
  }

  // Touched ones first, then the next of all.
  std::vector<std::string> take(const model::RegistryPointer& registry) {
    std::vector<std::string> out(again.begin(), again.end());
    again.clear();
    {
      const std::lock_guard lock(mutex);
      while (!touched.empty() && out.size() < looked_at_max) {
        out.push_back(std::move(touched.extract(touched.begin()).value()));
      }
    }
    if (!pass || next == pass->prefixes.end()) {
      pass = registry;
      next = pass->prefixes.begin();
      std::erase_if(entries, [&](const auto& each) { return !is_registered(*registry, each.first); });
    }
    for (std::size_t i = 0; i < looked_at_max && next != pass->prefixes.end(); ++i, ++next) {
      out.push_back(model::lower(next->first.id()));
    }
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  // Prefixes that are gone end their events.
  void close_gone(const model::Registry& registry, TimePoint at) {
    for (const std::string& key : std::vector<std::string>(open.begin(), open.end())) {
      if (is_registered(registry, key)) continue;
      close(key, entries[key], at, "the prefix is no longer registered");
      entries.erase(key);
    }
  }

  void run() {
    for (std::unique_lock lock(mutex); !stopping;) {
      changed.wait_for(lock, pause_between_rounds, [&] { return stopping; });
      if (stopping) return;
      lock.unlock();
      round(now(), [this] { rest(); });
      lock.lock();
    }
  }

  void rest() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, rest_between_looks, [&] { return stopping; });
  }

  void round(TimePoint at, const std::function<void()>& rest_meanwhile) {
    const model::RegistryPointer registry = services.registry();
    close_gone(*registry, at);
    if (registry->prefixes.empty()) {
      entries.clear();
    } else {
      const model::BgpSessionsPointer sessions = services.sessions();
      learn_sessions(*sessions, at);
      api::PrefixJudge judge(services.catalog(), registry, sessions, services.settings, services.routes);
      std::size_t looked_at = 0;
      for (const std::string& key : take(registry)) {
        if (is_stopping() || !look(key, *registry, *sessions, judge, at)) break;
        if (++looked_at % looked_at_once == 0) rest_meanwhile();
      }
    }
    open_gauge.set(static_cast<double>(open.size()));
    if (!events.empty()) services.emit(std::exchange(events, {}));
    rounds.add();
  }
};

RequirementWatch::RequirementWatch(Services services, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(services), metrics)) {}
RequirementWatch::~RequirementWatch() { stop(); }

void RequirementWatch::restore(std::span<const model::Event> known) {
  for (const model::Event& event : known) {
    if (event.kind != model::EventKind::requirement_violation) continue;
    if (event.state != model::EventState::open) continue;
    const std::string key = model::lower(event.prefix_resource);
    state_->entries[key].open = event;
    state_->open.insert(key);
  }
}

void RequirementWatch::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void RequirementWatch::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

void RequirementWatch::touch(std::span<const model::Event> events) {
  const std::lock_guard lock(state_->mutex);
  for (const model::Event& event : events) {
    if (state_->touched.size() >= touched_max) return;
    state_->touched.insert(model::lower(event.prefix_resource));
  }
}

void RequirementWatch::round(TimePoint at) {
  state_->round(at, [] {});
}

}  // namespace peering::app
