// A blocking WebSocket client (RFC 6455) for a thread of its own: ws:// and wss://, text messages.
//
// Nothing is read ahead: between two calls of `receive` the bytes wait in the socket's buffers, and when
// those are full the server's TCP stops. Pings of the server are answered while `receive` runs.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace peering::http {

struct WebSocketOptions {
  /// For each of: the connection, the TLS handshake, the WebSocket handshake.
  std::chrono::milliseconds connect_timeout{10000};
  std::chrono::milliseconds send_timeout{10000};
  /// A longer message of the server ends the connection.
  std::size_t message_bytes_max = 1024 * 1024;
  /// PEM file of the authority that signed the server's certificate; empty: the system's.
  std::string authority_file;
};

/// Not thread-safe but for `cancel`. Certificates and host names are verified.
class WebSocket {
 public:
  explicit WebSocket(WebSocketOptions options = {});
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// Connects anew; what was open is closed first. Errors: `invalid_argument` (URL, authority file),
  /// `unavailable` (refused, not trusted, no WebSocket there), `timeout`.
  Result<void> connect(std::string_view url);
  Result<void> send(std::string_view text);
  /// The next message, or nothing when `timeout` (0: only what came already) passed without a whole one. It
  /// refers to memory that lasts until the next call. Errors end the connection: `unavailable` (closed,
  /// reset), `limit_exceeded` (a message too long).
  Result<std::optional<std::string_view>> receive(std::chrono::milliseconds timeout);
  /// Closes without waiting for the server.
  void disconnect();
  /// Ends what is running, and everything that is tried later, with `unavailable`. The one function that
  /// another thread may call.
  void cancel();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::http
