// A router's connection to the BMP station, on a thread of its own: kept open, started again with everything
// the router knows when the station goes away.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "runtime/mailbox.h"
#include "sim/router.h"
#include "sim/stop_flag.h"
#include "sim/tcp_socket.h"

namespace peering::sim {

/// An update and the router's time for it.
struct TimedUpdate {
  TimePoint at{};
  RouteUpdate update;
};

/// Thread-safe. Owns its router: nobody else touches it after `start`.
class BmpLink {
 public:
  BmpLink(Router router, std::string endpoint, std::function<void(const std::string&)> narrate);
  ~BmpLink();
  BmpLink(const BmpLink&) = delete;
  BmpLink& operator=(const BmpLink&) = delete;

  void start();
  /// True when the session is one of the router's.
  bool has(std::size_t session) const { return router_.has(session); }
  /// Takes an update of one of the router's sessions; waits while too many wait. False after `stop`.
  bool send(TimedUpdate update);
  /// True when everything sent so far has been written to the station or, without one, noted.
  bool idle() const { return taken_ == done_; }
  bool connected() const { return connected_; }
  std::uint64_t connects() const { return connects_; }
  std::uint64_t bytes() const { return bytes_; }
  /// Says goodbye, closes and joins. Idempotent.
  void stop();

 private:
  void run();
  void connect();
  void write(const std::vector<std::uint8_t>& bytes);
  void lose(const std::string& reason);

  Router router_;
  const std::string endpoint_;
  const std::function<void(const std::string&)> narrate_;
  runtime::Mailbox<TimedUpdate> mailbox_{4096};
  StopFlag stop_;
  std::thread thread_;
  std::optional<TcpSocket> socket_;
  std::chrono::steady_clock::time_point next_attempt_{}, next_statistics_{};
  std::string last_failure_;
  std::atomic<bool> connected_{false};
  std::atomic<std::uint64_t> taken_{0}, done_{0}, connects_{0}, bytes_{0};
};

}  // namespace peering::sim
