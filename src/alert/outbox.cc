#include "alert/outbox.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "alert/webhook.h"
#include "base/log.h"
#include "runtime/worker_pool.h"

namespace peering::alert {

namespace {

using model::Delivery;

constexpr std::size_t look_deliveries_max = 1000;         // in one look at the store
constexpr std::size_t wide_look_deliveries_max = 50'000;  // when those are all of channels that are busy
constexpr std::size_t turn_deliveries_max = 50;           // one channel's before others have their turn
constexpr std::chrono::seconds turn_time_max{10};
constexpr std::chrono::seconds count_every{15};
constexpr std::size_t response_bytes_max = 64 * 1024;
constexpr std::size_t error_bytes_max = 200;
constexpr Microseconds store_pause = std::chrono::seconds(5);
constexpr TimePoint far_future = time_from_us(253'402'300'799'000'000);  // the end of 9999
constexpr double jitter = 0.2;

}  // namespace

struct Outbox::State {
  // What is known of a channel that has something waiting. Forgotten when it has nothing.
  struct Channel {
    bool busy = false;
    TimePoint not_before{};  // nothing leaves until then
    TimePoint last_due{};    // of what was postponed: later ones queue behind it
  };
  using Group = std::vector<Delivery>;

  State(OutboxSettings given, store::TelemetryStore& telemetry_store, store::ResourceStore& resource_store,
        Metrics& metrics)
      : settings(given),
        telemetry(telemetry_store),
        resources(resource_store),
        delivered(outcome(metrics, "delivered")),
        retried(outcome(metrics, "retried")),
        given_up(outcome(metrics, "given_up")),
        gone(outcome(metrics, "gone")),
        no_channel(outcome(metrics, "no_channel")),
        backlog(metrics.gauge("peering_alert_backlog",
                              "Alert deliveries not yet delivered, counted every 15 seconds.")),
        failures(metrics.counter("peering_alert_store_failures_total",
                                 "Times the outbox could not be read or written; it is tried again.")) {}

  static Counter& outcome(Metrics& metrics, const std::string& name) {
    return metrics.counter("peering_alert_deliveries_total", "Attempts to deliver alerts, by outcome.",
                           {{"outcome", name}});
  }

  OutboxSettings settings;
  store::TelemetryStore& telemetry;
  store::ResourceStore& resources;
  Counter &delivered, &retried, &given_up, &gone, &no_channel;
  Gauge& backlog;
  Counter& failures;

  std::mutex mutex;
  std::condition_variable changed;
  bool woken = false, stopping = false;
  std::map<std::string, Channel> channels;
  std::set<http::Client*> clients;  // that are sending now
  TimePoint counted_at{};           // used by the dispatcher only
  std::mt19937_64 random{std::random_device{}()};

  std::unique_ptr<runtime::WorkerPool> senders;
  std::thread dispatcher;

  void wake() {
    {
      const std::lock_guard lock(mutex);
      woken = true;
    }
    changed.notify_all();
  }

  // ---- the dispatcher's thread -------------------------------------------------------------------------

  void run() {
    restore();
    while (true) {
      const TimePoint looked_at = now();
      look(looked_at);
      std::unique_lock lock(mutex);
      changed.wait_until(lock, next_look(looked_at), [&] { return woken || stopping; });
      if (stopping) return;
      woken = false;
    }
  }

  // When the first postponed channel may go on, at most one poll from now.
  TimePoint next_look(TimePoint looked_at) const {
    TimePoint next = looked_at + std::chrono::duration_cast<Microseconds>(settings.poll_every);
    for (const auto& [key, channel] : channels) {
      if (!channel.busy && channel.not_before > looked_at) next = std::min(next, channel.not_before);
    }
    return next;
  }

  // After a restart: channels that were waiting go on waiting, so that nothing newer overtakes.
  void restore() {
    const auto all = telemetry.due(far_future, wide_look_deliveries_max);
    if (!all) return store_failed("read", all.error());
    const std::lock_guard lock(mutex);
    for (const Delivery& delivery : *all) {
      if (delivery.due <= delivery.created) continue;  // never postponed
      Channel& channel = channels[delivery.channel];
      if (channel.not_before == TimePoint{}) channel.not_before = delivery.due;
      channel.not_before = std::min(channel.not_before, delivery.due);
      channel.last_due = std::max(channel.last_due, delivery.due);
    }
  }

  void look(TimePoint at) {
    count(at);
    std::set<std::string> busy;
    {
      const std::lock_guard lock(mutex);
      std::erase_if(channels, [&](const auto& entry) {
        const Channel& channel = entry.second;
        return !channel.busy && channel.not_before <= at && channel.last_due <= at;
      });
      // Only the dispatcher makes a channel busy: who is idle now is idle until this look is over, and what
      // `due` gives for it is not being sent.
      for (const auto& [key, channel] : channels) {
        if (channel.busy) busy.insert(key);
      }
    }
    std::size_t limit = look_deliveries_max;
    while (true) {
      const auto due = telemetry.due(at, limit);
      if (!due) return store_failed("read", due.error());
      const bool more = due->size() == limit;
      if (take_turns(*due, busy, at) || !more || limit == wide_look_deliveries_max) return;
      limit = wide_look_deliveries_max;
    }
  }

  void count(TimePoint at) {
    if (at < counted_at + count_every) return;
    counted_at = at;
    const auto all = telemetry.due(far_future, wide_look_deliveries_max);
    if (all) backlog.set(static_cast<double>(all->size()));
  }

  // True when there was something for a channel that is not busy.
  bool take_turns(const std::vector<Delivery>& due, const std::set<std::string>& busy, TimePoint at) {
    std::map<std::string, Group> groups;
    for (const Delivery& delivery : due) {
      if (!busy.contains(delivery.channel)) groups[delivery.channel].push_back(delivery);
    }
    for (auto& [key, group] : groups) {
      std::ranges::stable_sort(group, {}, &Delivery::created);
      take_turn(key, std::move(group), at);
    }
    return !groups.empty();
  }

  void take_turn(const std::string& key, Group group, TimePoint at) {
    {
      const std::lock_guard lock(mutex);
      Channel& channel = channels[key];
      if (channel.not_before <= at) {
        group.resize(std::min(group.size(), turn_deliveries_max));
        channel.busy = senders->submit([this, key, turn = std::move(group)] { send_turn(key, turn); });
        return;
      }
      // Its oldest delivery waits: the newer ones queue behind it.
      for (Delivery& delivery : group) {
        channel.last_due = std::max(channel.last_due, channel.not_before) + Microseconds(1);
        delivery.due = channel.last_due;
      }
    }
    settle({}, group);
  }

  // ---- a sender's thread -------------------------------------------------------------------------------

  void send_turn(const std::string& key, const Group& turn) {
    const auto webhook = webhook_of(key);
    const auto end = std::chrono::steady_clock::now() + turn_time_max;
    http::Client client(client_options());
    if (enter(client)) {
      for (std::size_t i = 0; i < turn.size() && std::chrono::steady_clock::now() < end; ++i) {
        if (is_stopping() || !send_one(key, webhook, client, std::span(turn).subspan(i))) break;
      }
      leave(client);
    }
    {
      const std::lock_guard lock(mutex);
      channels[key].busy = false;
    }
    wake();
  }

  // Sends the first; when it fails, all of `rest` waits. False when the turn is over.
  bool send_one(const std::string& key, const Result<std::optional<Webhook>>& webhook, http::Client& client,
                std::span<const Delivery> rest) {
    const Delivery& delivery = rest.front();
    if (webhook && !*webhook) {
      no_channel.add();
      log::warning("alert {} is not delivered: its channel was deleted", delivery.alert);
      return finish(key, delivery);
    }
    Attempt attempt{Outcome::retry, webhook ? "" : webhook.error().message, std::nullopt};
    if (webhook) attempt = send(client, **webhook, delivery, now());
    if (attempt.outcome == Outcome::delivered) {
      delivered.add();
      return finish(key, delivery);
    }
    if (is_stopping()) return false;
    if (attempt.outcome == Outcome::gone) return give_up(key, delivery, gone, attempt.error);
    if (now() - delivery.created >= settings.give_up_after) {
      return give_up(key, delivery, given_up, attempt.error);
    }
    postpone(key, rest, attempt);
    return false;
  }

  bool give_up(const std::string& key, const Delivery& delivery, Counter& counter, std::string_view why) {
    counter.add();
    log::warning("alert {} is given up after {} attempts: {}", delivery.alert, delivery.attempts + 1, why);
    return finish(key, delivery);
  }

  // Takes a delivery out of the store. When that fails it will be sent again, but not at once.
  bool finish(const std::string& key, const Delivery& delivery) {
    const std::vector<std::string> done{delivery.id};
    if (settle(done, {})) return true;
    const std::lock_guard lock(mutex);
    channels[key].not_before = now() + store_pause;
    return false;
  }

  void postpone(const std::string& key, std::span<const Delivery> rest, const Attempt& attempt) {
    retried.add();
    Group group(rest.begin(), rest.end());
    Delivery& first = group.front();
    ++first.attempts;
    first.last_error = attempt.error.substr(0, error_bytes_max);
    log::debug("alert {} failed attempt {}: {}", first.alert, first.attempts, first.last_error);
    {
      const std::lock_guard lock(mutex);
      const TimePoint at =
          now() + std::max(back_off(first.attempts),
                           std::min(attempt.not_before.value_or(Microseconds(0)), settings.retry_longest));
      Channel& channel = channels[key];
      channel.not_before = at;
      TimePoint due = at;
      for (Delivery& delivery : group) {
        delivery.due = due;
        due += Microseconds(1);
      }
      channel.last_due = std::max(channel.last_due, due);
    }
    settle({}, group);
  }

  // Doubles from `retry_first` to `retry_longest`, give or take `jitter`. Called with the lock held.
  Microseconds back_off(int attempts) {
    Microseconds wait = settings.retry_first;
    for (int i = 1; i < attempts && wait < settings.retry_longest; ++i) wait *= 2;
    wait = std::min(wait, settings.retry_longest);
    std::uniform_real_distribution<double> spread(1 - jitter, 1 + jitter);
    return Microseconds(static_cast<std::int64_t>(static_cast<double>(wait.count()) * spread(random)));
  }

  // Nothing when the channel does not exist (any more).
  Result<std::optional<Webhook>> webhook_of(const std::string& key) {
    const auto resource = resources.get(key);
    if (!resource) return tl::unexpected(resource.error());
    if (!*resource) return std::optional<Webhook>{};
    const auto webhook = webhook_from_document((*resource)->document);
    if (!webhook) return tl::unexpected(webhook.error());
    return std::optional<Webhook>(*webhook);
  }

  http::ClientOptions client_options() const {
    http::ClientOptions out;
    out.connect_timeout = settings.connect_timeout;
    out.response_timeout = settings.response_timeout;
    out.response_bytes_max = response_bytes_max;
    if (!settings.allow_loopback) out.allow_address = is_public_target;
    return out;
  }

  bool enter(http::Client& client) {
    const std::lock_guard lock(mutex);
    if (!stopping) clients.insert(&client);
    return !stopping;
  }
  void leave(http::Client& client) {
    const std::lock_guard lock(mutex);
    clients.erase(&client);
  }
  bool is_stopping() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  bool settle(const std::vector<std::string>& done, const Group& postponed) {
    const auto settled = telemetry.settle_deliveries(done, postponed);
    if (!settled) store_failed("written", settled.error());
    return settled.has_value();
  }
  void store_failed(std::string_view what, const Error& error) {
    failures.add();
    log::error("the outbox of alerts cannot be {}: {}", what, error.message);
  }
};

Outbox::Outbox(OutboxSettings settings, store::TelemetryStore& telemetry, store::ResourceStore& resources,
               Metrics& metrics)
    : state_(std::make_unique<State>(settings, telemetry, resources, metrics)) {}
Outbox::~Outbox() { stop(); }

void Outbox::start() {
  state_->senders = std::make_unique<runtime::WorkerPool>(state_->settings.senders, look_deliveries_max);
  state_->dispatcher = std::thread([state = state_.get()] { state->run(); });
}

void Outbox::wake() { state_->wake(); }

void Outbox::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    for (http::Client* client : state_->clients) client->cancel();
  }
  state_->changed.notify_all();
  if (state_->dispatcher.joinable()) state_->dispatcher.join();
  if (state_->senders) state_->senders->stop();
}

}  // namespace peering::alert
