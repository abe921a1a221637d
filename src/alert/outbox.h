// The deliverer: takes what is due from the outbox, hands it to its channel, and remembers how it went.
//
// The store is the queue; nothing is kept only in memory, so a crash repeats a delivery at worst (same id).
// - One channel's deliveries leave one after the other, oldest first. When one fails, those behind it wait
//   with it: an alert never resolves before it opened.
// - A channel that is slow or away holds up nobody else: each has its own turn on one of `senders` threads,
//   and a turn is short.
// - Failures are tried again after 1 s, 2 s, 4 s … up to 5 minutes (± 20 %, or later when the receiver says
//   Retry-After), for 24 hours; then the delivery is given up, counted and logged. 410 gives up at once, and
//   so does a channel that was deleted.
//
// Order survives in the due times: whatever is postponed keeps its place by microseconds. The first look at
// the store after a start finds out which channels were waiting.
#pragma once

#include <memory>

#include "base/metrics.h"
#include "base/time.h"
#include "store/resource_store.h"
#include "store/telemetry_store.h"

namespace peering::alert {

struct OutboxSettings {
  Microseconds retry_first = std::chrono::seconds(1);
  Microseconds retry_longest = std::chrono::minutes(5);
  Microseconds give_up_after = std::chrono::hours(24);
  /// How often the store is asked when nobody called `wake`.
  std::chrono::milliseconds poll_every{1000};
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds response_timeout{10000};
  std::size_t senders = 16;
  /// Whether webhooks may go to loopback and link-local addresses (alert/webhook.h). For a daemon that only
  /// listens on loopback itself.
  bool allow_loopback = true;
};

/// Thread-safe. Inert until `start`.
class Outbox {
 public:
  Outbox(OutboxSettings settings, store::TelemetryStore& telemetry, store::ResourceStore& resources,
         Metrics& metrics);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  void start();
  /// Something was committed.
  void wake();
  /// Breaks off what is being sent (it will be sent again) and joins. Idempotent.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::alert
