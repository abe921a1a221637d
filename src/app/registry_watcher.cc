#include "app/registry_watcher.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "api/catalog_overlay.h"
#include "api/documents.h"
#include "base/json.h"
#include "base/log.h"

namespace peering::app {

namespace {

constexpr std::size_t changes_read_max = 1000;
constexpr std::chrono::seconds poll_pause{1};
constexpr std::chrono::seconds wait_max{5};

using ConnectionPointer = std::shared_ptr<const model::Connection>;

// What an entry has of its monitoring settings.
void keep_settings(model::RegisteredPrefix& entry, const model::RegisteredPrefix& from) {
  const net::Prefix prefix = entry.expectation.prefix;
  entry.expectation = from.expectation;
  entry.expectation.prefix = prefix;
}
void keep_settings(model::Connection& entry, const model::Connection& from) {
  entry.alerts = from.alerts;
  entry.asns = from.asns;
}

// The registry made of documents in order of their revisions. Documents are not kept: what matters of them is
// in the registry.
class Fold {
 public:
  void apply(const store::Change& change) {
    if (change.type == api::peering_service_type) {
      put<model::Connection>(change, api::connection_from_documents);
    } else if (change.type == api::prefix_type) {
      put<model::RegisteredPrefix>(change, api::registered_prefix_from_documents);
    } else if (change.type == api::monitoring_type) {
      const std::string owner = change.key.substr(0, change.key.size() - api::monitoring_suffix.size());
      if (!change.document) settings_.erase(owner);
      if (change.document) settings_[owner] = *change.document;
      settings_changed(find(owner, static_cast<const model::RegisteredPrefix*>(nullptr)), owner);
      settings_changed(find(owner, static_cast<const model::Connection*>(nullptr)), owner);
    } else if (change.type == api::silence_type) {
      put_silence(change);
    } else if (const auto done =
                   api::apply_partner_change(change.type, change.key, change.document, registry_.partners);
               !done) {
      log::error("the stored {} cannot be used: {}", change.key, done.error().message);
    }
  }

  model::RegistryPointer snapshot(model::Revision revision) {
    registry_.revision = revision;
    if (silences_changed_) registry_.silences = std::make_shared<const model::Silences>(silences_);
    silences_changed_ = false;
    return std::make_shared<const model::Registry>(registry_);
  }

 private:
  // The settings that wait for their owner are put into `entry`; false when there are none, or none of use:
  // then they go on waiting, and `entry` is as it was.
  template <class Entry>
  bool take_settings(Entry& entry, const std::string& owner) {
    const auto found = settings_.find(owner);
    if (found == settings_.end()) return false;
    const auto set = parse_json(found->second).and_then([&](const json::value& settings) {
      return api::set_monitoring(entry, &settings);
    });
    if (!set) log::error("stored settings of {} cannot be used: {}", owner, set.error().message);
    if (set) settings_.erase(found);
    return set.has_value();
  }

  // What is there, with the settings that came or without those that went. Settings that cannot be used leave
  // it as it is.
  template <class Entry>
  void settings_changed(const std::shared_ptr<const Entry>& before, const std::string& key) {
    if (!before) return;
    Entry entry = *before;
    const bool changed =
        settings_.contains(key) ? take_settings(entry, key) : api::set_monitoring(entry, nullptr).has_value();
    if (!changed) return;
    remove(key);
    add(key, std::move(entry));
  }

  // A document that cannot be used leaves what is in force: damage in the store must not end the watch.
  template <class Entry, class Read>
  void put(const store::Change& change, Read read) {
    const std::shared_ptr<const Entry> before = find(change.key, static_cast<const Entry*>(nullptr));
    if (!change.document) return remove(change.key);
    auto entry = parse_json(*change.document).and_then([&](const json::value& document) {
      return read(document, nullptr);
    });
    if (!entry) return log::error("the stored {} cannot be used: {}", change.key, entry.error().message);
    if (!take_settings(*entry, change.key) && before) keep_settings(*entry, *before);
    if (before) remove(change.key);
    add(change.key, std::move(*entry));
  }

  void put_silence(const store::Change& change) {
    std::optional<model::Silence> silence;
    if (change.document) {
      auto read = parse_json(*change.document).and_then(api::silence_from_document);
      if (!read) return log::error("the stored {} cannot be used: {}", change.key, read.error().message);
      silence = std::move(*read);
    }
    const std::string_view root = store::log_root(change.key);
    auto& of_tenant = silences_[std::string(root)];
    const std::string name = change.key.substr(change.key.rfind('/') + 1);
    std::erase_if(of_tenant, [&](const auto& each) { return model::lower(each->name) == name; });
    if (silence) of_tenant.push_back(std::make_shared<const model::Silence>(std::move(*silence)));
    std::ranges::sort(of_tenant, {}, [](const auto& each) { return each->name; });
    if (of_tenant.empty()) silences_.erase(silences_.find(root));
    silences_changed_ = true;
  }

  // Where there is none.
  template <class Entry>
  void add(const std::string& key, Entry entry) {
    share_texts(entry);
    insert(key, std::make_shared<const Entry>(std::move(entry)));
  }

  ConnectionPointer find(const std::string& key, const model::Connection*) const {
    const auto found = registry_.connections.find(key);
    return found == registry_.connections.end() ? nullptr : found->second;
  }
  model::RegisteredPrefixPointer find(const std::string& key, const model::RegisteredPrefix*) const {
    const auto found = registry_.prefixes.find(key);
    return found == registry_.prefixes.end() ? nullptr : found->second;
  }

  void insert(const std::string& key, ConnectionPointer entry) {
    registry_.connections[key] = std::move(entry);
  }
  void insert(const std::string&, model::RegisteredPrefixPointer entry) {
    registry_.watch[entry->expectation.prefix].push_back(entry);
    registry_.prefixes[entry->resource] = std::move(entry);
  }

  // What is the same in all prefixes of a connection is kept once.
  void share_texts(model::RegisteredPrefix& entry) const {
    const auto other = registry_.prefixes.lower_bound(entry.connection.str());
    if (other == registry_.prefixes.end() || other->second->connection != entry.connection) return;
    entry.connection = other->second->connection;
    if (other->second->expectation.group == entry.expectation.group) {
      entry.expectation.group = other->second->expectation.group;
    }
  }
  void share_texts(model::Connection&) const {}

  void remove(const std::string& key) {
    registry_.connections.erase(key);
    const auto found = registry_.prefixes.find(key);
    if (found == registry_.prefixes.end()) return;
    const model::RegisteredPrefixPointer entry = found->second;
    const net::Prefix prefix = entry->expectation.prefix;
    auto& entries = registry_.watch[prefix];
    erase_if(entries, [&](const auto& each) { return each == entry; });
    if (entries.empty()) registry_.watch.erase(prefix);
    registry_.prefixes.erase(key);
  }

  std::unordered_map<std::string, std::string> settings_;  // by owner, who is not there or cannot be used
  model::Registry registry_;
  model::Silences silences_;
  bool silences_changed_ = false;
};

}  // namespace

struct RegistryWatcher::State {
  State(store::ResourceStore& store, Metrics& metrics, Apply apply_given, Observe observe_given,
        FollowCatalog follow_given)
      : resources(store),
        apply(std::move(apply_given)),
        observe(std::move(observe_given)),
        follow_catalog(std::move(follow_given)),
        current(std::make_shared<const model::Registry>()),
        applied(metrics.counter("peering_registry_snapshots_total", "Registry snapshots put in force.")),
        failures(metrics.counter("peering_registry_read_failures_total",
                                 "Readings of the resource store that failed; they are tried again.")),
        prefixes(metrics.gauge("peering_registered_prefixes", "Registered prefixes in force.")) {}

  store::ResourceStore& resources;
  Apply apply;
  Observe observe;
  FollowCatalog follow_catalog;
  Fold fold;
  mutable std::mutex mutex;
  std::condition_variable changed, in_force, ending;
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
  std::thread thread, expiry;

  void take(store::Change change, std::vector<store::Change>& of_catalog) {
    fold.apply(change);
    if (observe) observe(change);
    if (change.type == api::catalog_entry_type) of_catalog.push_back(std::move(change));
  }

  // Reads everything there is and puts it in force.
  Result<void> begin() {
    std::vector<store::Change> of_catalog;
    const auto upto = resources.visit_all([&](store::Change change) { take(std::move(change), of_catalog); });
    if (!upto) return tl::unexpected(upto.error());
    if (*upto == revision) return {};  // nothing was ever written
    if (follow_catalog && !of_catalog.empty()) follow_catalog(of_catalog);
    publish(fold.snapshot(*upto));
    return {};
  }

  // Reads what is new and puts it in force.
  Result<void> catch_up() {
    model::Revision upto = revision;
    bool any = false;
    std::vector<store::Change> of_catalog;
    while (true) {
      auto changes = resources.changes_since(upto, changes_read_max);
      if (!changes) return tl::unexpected(changes.error());
      for (store::Change& change : changes->changes) take(std::move(change), of_catalog);
      any = any || !changes->changes.empty();
      upto = changes->upto;
      if (changes->changes.size() < changes_read_max) break;
    }
    if (!any && upto == revision) return {};
    if (follow_catalog && !of_catalog.empty()) follow_catalog(of_catalog);
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
    }
  }

  // On a thread of its own: shards that are busy hold up the other in `apply`, and nobody waits longer for
  // it.
  void expire_waiters() {
    for (std::unique_lock lock(mutex); !stopping;) {
      ending.wait_for(lock, poll_pause, [&] { return stopping; });
      lock.unlock();
      answer_waiters();
      lock.lock();
    }
  }
};

RegistryWatcher::RegistryWatcher(store::ResourceStore& resources, Metrics& metrics, Apply apply,
                                 Observe observe, FollowCatalog follow_catalog)
    : state_(std::make_unique<State>(resources, metrics, std::move(apply), std::move(observe),
                                     std::move(follow_catalog))) {}
RegistryWatcher::~RegistryWatcher() { stop(); }

Result<void> RegistryWatcher::start() {
  if (auto done = state_->begin(); !done) return done;
  state_->thread = std::thread([state = state_.get()] { state->run(); });
  state_->expiry = std::thread([state = state_.get()] { state->expire_waiters(); });
  return {};
}

void RegistryWatcher::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->ending.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
  if (state_->expiry.joinable()) state_->expiry.join();
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
