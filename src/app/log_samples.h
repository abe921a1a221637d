// Round-trip samples out of the access logs that web servers and proxies send by syslog.
//
// Lines wait in memory, at most `waiting_bytes_max`, until a thread makes samples of them, several times a
// second, matches and masks them, and stores them like those of a request. Nobody acknowledges syslog: what a
// crash finds still waiting is lost, and the log says at the end of a run that could not store. While the
// store refuses, lines wait; when there is no more room TCP senders wait and datagrams are dropped.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/configuration.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "feeds/syslog_listener.h"
#include "model/registry.h"
#include "model/sample.h"

namespace peering::app {

struct LogSamplesSettings {
  http::Endpoint listen;
  std::string pop;  ///< of lines that name none; empty: such lines are rejected
  Microseconds accept_age{};
  std::size_t connections_max = 1000;
  std::size_t waiting_bytes_max = 32UL * 1024 * 1024;
};

/// What `[latency.syslog]` says. `listen` must be set.
LogSamplesSettings log_samples_settings(const Configuration& configuration);

struct LogSamplesServices {
  std::function<Result<void>(const model::SampleBatch&)> accept_samples;
  std::function<model::RegistryPointer()> registry;
};

/// Inert until `start`. Used from one thread.
class LogSamples {
 public:
  /// `metrics` must outlive it.
  LogSamples(LogSamplesSettings settings, LogSamplesServices services, Metrics& metrics);
  ~LogSamples();
  LogSamples(const LogSamples&) = delete;
  LogSamples& operator=(const LogSamples&) = delete;

  /// Where it really listens, by UDP and TCP. `io`.
  Result<http::Endpoint> start();
  /// Stops listening and stores what came. Idempotent.
  void stop();
  /// Datagrams that were dropped of late, in words for people. Thread-safe.
  std::vector<std::string> troubles() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::app
