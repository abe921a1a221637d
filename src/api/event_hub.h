// Followers of events: every stored event reaches every open server-sent event stream that asked for it.
//
// The hub owns one thread. A writer that stored events says so (`stored`); the hub reads them from the store
// once, keeps the latest in memory and hands them to the followers, each from its own position on. A
// follower that resumes far behind is served from the store, a bounded piece at a time, so that it never
// fills the connection's buffer. The order is that of storing, and what a follower missed between two
// connections it gets with `Last-Event-ID`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "http/message.h"
#include "store/telemetry_store.h"

namespace peering::api {

/// One open stream.
struct Follower {
  std::shared_ptr<http::BodySink> sink;
  std::uint64_t after = 0;                          ///< sequence of the last event it has
  std::function<bool(const model::Event&)> wanted;  ///< called on the hub's thread
  std::function<bool()> still_allowed;              ///< asked before every keep-alive; false ends the stream
};

/// Thread-safe. Inert until `start`.
class EventHub {
 public:
  struct Options {
    std::chrono::milliseconds keep_alive{15000};
    std::size_t followers_max = 256;
    std::size_t recent_max = 1024;  ///< events kept in memory
  };
  EventHub(store::TelemetryStore& telemetry, Metrics& metrics);
  EventHub(store::TelemetryStore& telemetry, Metrics& metrics, Options options);
  ~EventHub();
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  void start();
  /// Closes every stream and joins the thread. Idempotent.
  void stop();
  /// Events were appended to the store. Cheap; never blocks.
  void stored();
  /// False when there are too many followers or the hub is not running; nothing is kept then.
  bool follow(Follower follower);
  /// True when another follower would be taken.
  bool has_room() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::api
