// The HTTP/1.1 server: plain and TLS listeners, limits, and handlers on workers. The only room that sees
// Beast.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/metrics.h"
#include "base/result.h"
#include "http/message.h"
#include "runtime/worker_pool.h"

namespace peering::http {

/// Limits. Over a limit: 408, 413, 414, 431, 503 or a closed connection.
struct Limits {
  std::size_t head_bytes_max = 32 * 1024;
  /// From the first byte of a head to its last; also until the first byte on a new connection.
  std::chrono::milliseconds head_time{10'000};
  std::size_t body_bytes_max = 4 * 1024 * 1024;
  /// For POST /telemetry/samples.
  std::size_t samples_body_bytes_max = 64 * 1024 * 1024;
  std::chrono::milliseconds body_gap{30'000};
  /// For each begun MiB of a body: all of one under 1 MiB has this time, and no larger one can hold its
  /// connection with a trickle.
  std::chrono::milliseconds body_mebibyte_time{60'000};
  /// One more takes the place of the connection that has waited longest for its client.
  std::size_t connections_max = 1024;
  /// A client is an IPv4 address or an IPv6 /64.
  std::size_t connections_per_client_max = 256;
  std::chrono::milliseconds keep_alive{60'000};
  /// Bodies of all connections together, from their first byte to the response; more waits in the sockets
  /// (at most `body_gap`, then 503). See `body_budget.h` for how clients share it.
  std::size_t bodies_bytes_max = 512 * 1024 * 1024;
  /// Answers of more than 64 KiB that clients have not taken yet, together; more: 503.
  std::size_t answers_bytes_max = 256 * 1024 * 1024;
  /// How long `Server::stop` lets handlers run on.
  std::chrono::milliseconds stop_time{5000};
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string to_string() const;  ///< "127.0.0.1:8470", "[::1]:8470"
  bool is_loopback() const;
};
/// What to resolve for a host name: 127.0.0.1 for "localhost" (RFC 6761 section 6.3: no resolver is asked,
/// and a machine without a hosts file has it too), else the name itself.
std::string loopback_name(std::string_view host);
/// "127.0.0.1:8470", "[::1]:0", "localhost:80".
Result<Endpoint> parse_endpoint(std::string_view text);

struct TlsFiles {
  std::string certificate_chain;  ///< PEM file
  std::string private_key;        ///< PEM file
};

/// Listens, reads requests, asks `at_once` (may be empty) for the answer, or else runs `handler` on
/// `workers`. `listen` binds; `stop` closes listeners and idle connections, lets running handlers finish (at
/// most `stop_time`), and joins. Thread-safe; not to be called from a handler. A handler that runs longer
/// than that may outlive the server; `workers` and `metrics` must not end before it.
class Server {
 public:
  Server(Handler handler, Limits limits, runtime::WorkerPool& workers, Metrics& metrics,
         QuickHandler at_once = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds one listener and begins to accept; gives the address really bound (port 0 picks a free one).
  Result<Endpoint> listen(const Endpoint& endpoint, const std::optional<TlsFiles>& tls);
  void stop();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::http
