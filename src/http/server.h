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

/// Limits, INTERFACES "Limits". Over a limit: 408, 413, 414, 431 or a closed connection.
struct Limits {
  std::size_t head_bytes_max = 32 * 1024;
  std::chrono::seconds head_time{10};
  std::size_t body_bytes_max = 4 * 1024 * 1024;
  /// For POST /telemetry/samples.
  std::size_t samples_body_bytes_max = 64 * 1024 * 1024;
  std::chrono::seconds body_gap{30};
  std::chrono::seconds small_body_time{60};  ///< for a body under 1 MiB
  std::size_t connections_max = 1024;
  std::size_t connections_per_client_max = 256;
  std::chrono::seconds keep_alive{60};
  /// Bodies of all connections together; more waits in the sockets.
  std::size_t bodies_bytes_max = 512 * 1024 * 1024;
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string to_string() const;  ///< "127.0.0.1:8470", "[::1]:8470"
  bool is_loopback() const;
};
/// "127.0.0.1:8470", "[::1]:0", "localhost:80".
Result<Endpoint> parse_endpoint(std::string_view text);

struct TlsFiles {
  std::string certificate_chain;  ///< PEM file
  std::string private_key;        ///< PEM file
};

/// Listens, reads requests, runs `handler` on `workers`. `start` binds; `stop` closes listeners, lets running
/// handlers finish (at most 5 s), and joins. Thread-safe to stop from any thread.
class Server {
 public:
  Server(Handler handler, Limits limits, runtime::WorkerPool& workers, Metrics& metrics);
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
