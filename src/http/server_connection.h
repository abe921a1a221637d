// One HTTP connection, plain or TLS: the only header that names Asio; seen by server.cc and the two files
// that instantiate it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "base/metrics.h"
#include "http/message.h"
#include "http/server.h"
#include "runtime/worker_pool.h"

namespace peering::http {

namespace asio = boost::asio;
using Socket = asio::ip::tcp::socket;

/// What all connections of a server share. Outlives them: each holds it.
struct ServerShared {
  ServerShared(Handler handler_given, Limits limits_given, runtime::WorkerPool& pool, Metrics& registry)
      : handler(std::move(handler_given)), limits(limits_given), workers(pool), metrics(registry) {}

  const Handler handler;
  const Limits limits;
  runtime::WorkerPool& workers;
  Metrics& metrics;
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> body_bytes{0};

  std::mutex mutex;
  std::map<net::Address, std::size_t> clients;
  std::set<Socket*> sockets;
  std::size_t connections = 0;

  void count_request(Method method, int status, double seconds);
  void count_rejection(std::string_view reason);
  /// False when this connection would be one too many.
  bool admit(const net::Address& client);
  void release(const net::Address& client);
};

using SharedPointer = std::shared_ptr<ServerShared>;

/// Serve one connection until it ends. The io_context runs in threads of the server.
void serve_plain(SharedPointer shared, Socket socket, net::Address client);
void serve_tls(SharedPointer shared, Socket socket, net::Address client,
               std::shared_ptr<asio::ssl::context> context);

}  // namespace peering::http
