// The whole daemon: what is made of a configuration, in which order it starts and stops.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/configuration.h"
#include "base/result.h"
#include "http/server.h"

namespace peering::app {

/// Where the listeners really are; absent: off.
struct Listening {
  std::optional<http::Endpoint> http, https, bmp, bgp;
  std::optional<http::Endpoint> stamp;   ///< UDP
  std::optional<http::Endpoint> syslog;  ///< UDP and TCP
};

/// Constructors are inert. Start: stores, detectors, API, listeners. Stop: the reverse, so that everything
/// that was acknowledged is written. Used from one thread.
class App {
 public:
  explicit App(Configuration configuration);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// The error says what could not be started; what had started is stopped again.
  Result<Listening> start();
  /// SIGHUP: reads the files of `[rpki]`, `[topology]` and `[catalog]` again, under the paths of `fresh`,
  /// and takes its BGP neighbors; other keys that differ keep their values until the next start, which the
  /// log says. BGP neighbors are asked to send their routes again.
  void reload(const Configuration& fresh);
  /// Stops taking input, writes what was acknowledged, closes. Idempotent.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What `start` would refuse: addresses that are not loopback without TLS or consent, files that cannot be
/// read.
Result<void> check(const Configuration& configuration);

}  // namespace peering::app
