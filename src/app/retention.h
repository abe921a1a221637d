// Drops what is older than the configuration keeps, and rolls latency sketches up to coarser levels, on a
// thread of its own.
#pragma once

#include <functional>
#include <thread>

#include "app/configuration.h"
#include "store/resource_store.h"
#include "store/telemetry_store.h"

namespace peering::app {

/// First day that is kept of each level of latency sketches at `now`: `[latency] keep_…`, and nothing for
/// longer than `[storage] keep_latency`.
model::OfLevels<TimePoint> latency_kept_from(const Configuration& configuration, TimePoint now);

/// The stores must outlive it. `start` and `stop` are called by one thread; errors are logged, and what
/// failed is tried again.
class Retention {
 public:
  Retention(store::ResourceStore& resources, store::TelemetryStore& telemetry,
            const Configuration& configuration)
      : resources_(resources), telemetry_(telemetry), c_(configuration) {}
  ~Retention() { stop(); }
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;

  void start();
  /// Waits for a step that is under way; a few days of prefixes, or one write. Idempotent.
  void stop();

 private:
  void roll_up(const std::stop_token& stopping);
  void expire();

  store::ResourceStore& resources_;
  store::TelemetryStore& telemetry_;
  const Configuration& c_;
  std::jthread thread_;
};

}  // namespace peering::app
