// All ways on which round-trip samples come in beside requests and probes: started and stopped as one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/configuration.h"
#include "app/file_samples.h"
#include "app/log_samples.h"
#include "app/sample_queue.h"
#include "base/metrics.h"
#include "base/result.h"
#include "http/server.h"

namespace peering::app {

struct SampleSourceServices {
  std::function<Result<latency::LoggedBatch>(const model::SampleBatch&, std::string_view answer)>
      accept_samples;
  std::function<model::RegistryPointer()> registry;
};

/// Inert until `start`. `start` and `stop` from one thread.
class SampleSources {
 public:
  /// `metrics` must outlive it.
  SampleSources(SampleSourceServices services, Metrics& metrics);

  /// Starts what is configured; where syslog really listens. The error names what cannot be started.
  Result<std::optional<http::Endpoint>> start(const Configuration& configuration);
  /// Takes samples for whose storing nobody waits; false: too many wait. Thread-safe.
  bool offer(model::SampleBatch batch) { return queue_.offer(std::move(batch)); }
  /// Stores what came. Idempotent.
  void stop();
  /// What an operator should look at, in words for people. Thread-safe once it is started.
  std::vector<std::string> troubles() const;

 private:
  const SampleSourceServices services_;
  Metrics& metrics_;
  std::unique_ptr<LogSamples> syslog_;
  std::unique_ptr<FileSamples> files_;
  SampleQueue queue_;
};

}  // namespace peering::app
