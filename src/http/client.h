// A blocking HTTP/1.1 client for workers, the command line and the simulator.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/message.h"
#include "net/address.h"

namespace peering::http {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5000};
  /// For each of: sending the request, the response's head, its body.
  std::chrono::milliseconds response_timeout{30000};
  std::size_t response_bytes_max = 64 * 1024 * 1024;
  /// PEM file of the authority that signed the server's certificate; empty: the system's.
  std::string authority_file;
  /// Which addresses may be connected to, asked after the host name is resolved; empty: all.
  std::function<bool(const net::Address&)> allow_address;
};

struct ClientRequest {
  Method method = Method::get;
  std::string url;  ///< http:// or https://, host, optional port, path and query
  Headers headers;  ///< Host, Content-Length and User-Agent are added
  std::string body;
};

/// Keeps one connection to the last host open. Not thread-safe. Certificates and host names are verified.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// The response, whatever its status; redirects are not followed. An idle connection that the server has
  /// closed is replaced; if it closes just while the request is sent, the request is sent once more when
  /// that is harmless (any method but POST and PATCH, or with an Idempotency-Key). Errors: `unavailable`
  /// (refused, reset, not trusted), `timeout`, `limit_exceeded`, `permission_denied` (`allow_address`),
  /// `invalid_argument` (URL, header, authority file).
  Result<Response> send(const ClientRequest& request);
  /// Hands the body to `on_chunk` as it arrives until the server ends it or `on_chunk` says false; no
  /// response timeout between chunks.
  Result<Response> stream(const ClientRequest& request,
                          const std::function<bool(std::string_view)>& on_chunk);
  /// Ends what is running, and everything that is tried later, with `unavailable`. The one function that
  /// another thread may call.
  void cancel();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::http
