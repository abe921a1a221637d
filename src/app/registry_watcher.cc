#include "app/registry_watcher.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "api/documents.h"
#include "base/json.h"
#include "base/log.h"

namespace peering::app {

namespace {

constexpr std::size_t changes_read_max = 1000;
constexpr std::chrono::seconds poll_pause{1};
constexpr std::chrono::seconds wait_max{5};

bool is_watched_type(std::string_view type) {
  return type == api::peering_service_type || type == api::prefix_type || type == api::monitoring_type;
}

// The documents that matter, and the registry made of them.
class Fold {
 public:
  void apply(const store::Change& change) {
    if (!is_watched_type(change.type)) return;
    if (change.document) {
      auto parsed = parse_json(*change.document);
      if (!parsed) {
        log::error("a stored document cannot be read: {}", parsed.error().message);
        return;
      }
      documents_[change.key] = Document{change.type, std::move(*parsed)};
    } else {
      documents_.erase(change.key);
    }
    refresh(owner_of(change));
  }

  model::RegistryPointer snapshot(model::Revision revision) {
    registry_.revision = revision;
    return std::make_shared<const model::Registry>(registry_);
  }

 private:
  struct Document {
    std::string type;
    json::value value;
  };

  // The connection or prefix that a changed document belongs to.
  static std::string owner_of(const store::Change& change) {
    if (change.type != api::monitoring_type) return change.key;
    return change.key.substr(0, change.key.size() - api::monitoring_suffix.size());
  }

  const json::value* value_of(const std::string& key) const {
    const auto found = documents_.find(key);
    return found == documents_.end() ? nullptr : &found->second.value;
  }

  void refresh(const std::string& key) {
    remove(key);
    const auto found = documents_.find(key);
    if (found == documents_.end()) return;
    const json::value* monitoring = value_of(key + std::string(api::monitoring_suffix));
    if (found->second.type == api::peering_service_type) {
      auto connection = api::connection_from_documents(found->second.value, monitoring);
      if (!connection)
        return log::error("a stored connection cannot be used: {}", connection.error().message);
      registry_.connections[key] = std::make_shared<const model::Connection>(std::move(*connection));
    } else if (found->second.type == api::prefix_type) {
      auto prefix = api::registered_prefix_from_documents(found->second.value, monitoring);
      if (!prefix) return log::error("a stored prefix cannot be used: {}", prefix.error().message);
      auto shared = std::make_shared<const model::RegisteredPrefix>(std::move(*prefix));
      registry_.watch[shared->expectation.prefix].push_back(shared);
      registry_.prefixes[key] = std::move(shared);
    }
  }

  void remove(const std::string& key) {
    registry_.connections.erase(key);
    const auto found = registry_.prefixes.find(key);
    if (found == registry_.prefixes.end()) return;
    const net::Prefix prefix = found->second->expectation.prefix;
    if (auto* entries = registry_.watch.exact(prefix)) {
      std::erase(*entries, found->second);
      if (entries->empty()) registry_.watch.erase(prefix);
    }
    registry_.prefixes.erase(found);
  }

  std::unordered_map<std::string, Document> documents_;
  model::Registry registry_;
};

}  // namespace

struct RegistryWatcher::State {
  State(store::ResourceStore& store, Metrics& metrics, Apply apply_given)
      : resources(store),
        apply(std::move(apply_given)),
        current(std::make_shared<const model::Registry>()),
        applied(metrics.counter("peering_registry_snapshots_total", "Registry snapshots put in force.")),
        failures(metrics.counter("peering_registry_read_failures_total",
                                 "Readings of the resource store that failed; they are tried again.")),
        prefixes(metrics.gauge("peering_registered_prefixes", "Registered prefixes in force.")) {}

  store::ResourceStore& resources;
  Apply apply;
  Fold fold;
  mutable std::mutex mutex;
  std::condition_variable changed, in_force;
  model::RegistryPointer current;
  model::Revision revision;
  bool woken = false, stopping = false;
  Counter &applied, &failures;
  Gauge& prefixes;
  // Who waits for a revision, and since when.
  struct Waiter {
    std::function<void(Result<void>)> done;
    std::chrono::steady_clock::time_point since;
  };
  std::multimap<model::Revision, Waiter> waiters;
  std::thread thread;

  // Reads what is new and puts it in force.
  Result<void> catch_up() {
    model::Revision upto = revision;
    bool any = false;
    while (true) {
      const auto changes = resources.changes_since(upto, changes_read_max);
      if (!changes) return tl::unexpected(changes.error());
      for (const store::Change& change : changes->changes) fold.apply(change);
      any = any || !changes->changes.empty();
      upto = changes->upto;
      if (changes->changes.size() < changes_read_max) break;
    }
    if (!any && upto == revision) return {};
    publish(fold.snapshot(upto));
    return {};
  }

  void publish(model::RegistryPointer next) {
    {
      const std::lock_guard lock(mutex);
      current = next;
    }
    apply(next);
    prefixes.set(static_cast<double>(next->prefixes.size()));
    applied.add();
    {
      const std::lock_guard lock(mutex);
      revision = next->revision;
    }
    in_force.notify_all();
    answer_waiters();
  }

  static Result<void> not_in_force(model::Revision revision) {
    return fail(ErrorCode::timeout, "revision {} is stored but not yet in force in every detector",
                revision.value);
  }

  // Those whose revision is in force, and those who waited too long.
  void answer_waiters() {
    std::multimap<model::Revision, Waiter> served, late;
    {
      const std::lock_guard lock(mutex);
      while (!waiters.empty() && waiters.begin()->first <= revision) {
        served.insert(waiters.extract(waiters.begin()));
      }
      const auto oldest = std::chrono::steady_clock::now() - wait_max;
      for (auto at = waiters.begin(); at != waiters.end();) {
        const auto next = std::next(at);
        if (stopping || at->second.since <= oldest) late.insert(waiters.extract(at));
        at = next;
      }
    }
    for (const auto& [wanted, waiter] : served) waiter.done({});
    for (const auto& [wanted, waiter] : late) waiter.done(not_in_force(wanted));
  }

  void run() {
    while (true) {
      {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, poll_pause, [&] { return woken || stopping; });
        if (stopping) return;
        woken = false;
      }
      if (const auto done = catch_up(); !done) {
        failures.add();
        log::error("the registry cannot be read: {}", done.error().message);
      }
      answer_waiters();
    }
  }
};

RegistryWatcher::RegistryWatcher(store::ResourceStore& resources, Metrics& metrics, Apply apply)
    : state_(std::make_unique<State>(resources, metrics, std::move(apply))) {}
RegistryWatcher::~RegistryWatcher() { stop(); }

Result<void> RegistryWatcher::start() {
  if (auto done = state_->catch_up(); !done) return done;
  state_->thread = std::thread([state = state_.get()] { state->run(); });
  return {};
}

void RegistryWatcher::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
  state_->answer_waiters();
}

void RegistryWatcher::wake() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->woken = true;
  }
  state_->changed.notify_all();
}

model::RegistryPointer RegistryWatcher::current() const {
  const std::lock_guard lock(state_->mutex);
  return state_->current;
}

Result<void> RegistryWatcher::wait_applied(model::Revision revision) {
  std::unique_lock lock(state_->mutex);
  if (state_->in_force.wait_for(lock, wait_max, [&] { return state_->revision >= revision; })) return {};
  return State::not_in_force(revision);
}

void RegistryWatcher::when_applied(model::Revision revision, std::function<void(Result<void>)> done) {
  Result<void> outcome;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->revision < revision && !state_->stopping) {
      state_->waiters.emplace(revision, State::Waiter{std::move(done), std::chrono::steady_clock::now()});
      return;
    }
    if (state_->revision < revision) outcome = State::not_in_force(revision);
  }
  done(std::move(outcome));
}

}  // namespace peering::app
