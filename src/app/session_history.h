// Writes down when BGP sessions came up and went down, so that their availability is known after a restart
// too. While this process is away nothing is known of them: the time between the last round and the first
// word of a session afterwards belongs to no state, unless the router says that it is up since before.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/time.h"
#include "model/session_change.h"
#include "store/telemetry_store.h"

namespace peering::app {

/// Inert until `start`.
class SessionHistory {
 public:
  /// `take`: the changes since the last call, in order (`feeds::SessionBook`).
  SessionHistory(store::TelemetryStore& store, std::function<std::vector<model::SessionChange>()> take);
  ~SessionHistory();
  SessionHistory(const SessionHistory&) = delete;
  SessionHistory& operator=(const SessionHistory&) = delete;

  /// Ends what the last process knew of. Before `start` or the first `round`.
  Result<void> begin();
  /// A round four times a second.
  void start();
  /// Writes what is left.
  void stop();
  /// Writes the changes since the last round; those that cannot be written are tried again in the next.
  /// Called by the history's own thread, or by a test instead of `start`.
  void round(TimePoint at);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::app
