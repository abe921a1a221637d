// One HTTP connection, plain or TLS, as the server's listeners see it.
//
// A connection owns itself: its coroutine holds it until the client or the server ends it. Everything it does
// happens on its strand; other threads reach it only by `interrupt` and by the wake-ups of workers and
// writers, which hold the io_context while they post, so that a wake-up after the server's end is harmless.
// With `byte_stream.h` the only header of the room that names Asio.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/metrics.h"
#include "http/body_budget.h"
#include "http/byte_stream.h"
#include "http/message.h"
#include "http/server.h"
#include "runtime/worker_pool.h"

namespace peering::http {

namespace asio = boost::asio;
using Socket = ByteStream::Socket;

/// A connection as others see it.
class Interruptible {
 public:
  virtual ~Interruptible() = default;
  /// Ends it unless a handler runs for it or its answer is on the way. Thread-safe.
  virtual void interrupt() = 0;
  /// Ends it if it still waits for its client as when it got this ticket. Thread-safe.
  virtual void make_room(std::uint64_t ticket) = 0;
};

/// What all connections of a server share; each holds it, and so does a job that still runs. Thread-safe.
class ServerShared {
 public:
  ServerShared(Handler handler_given, QuickHandler at_once_given, Limits limits_given,
               runtime::WorkerPool& pool, Metrics& registry, std::weak_ptr<asio::io_context> context_given);

  const Handler handler;
  const QuickHandler at_once;
  const Limits limits;
  runtime::WorkerPool& workers;
  const std::weak_ptr<asio::io_context> context;
  std::atomic<bool> stopping{false};
  BodyBudget bodies;
  std::atomic<std::size_t> answers_bytes{0};

  void count_request(Method method, int status, double seconds);
  void count_rejection(std::string_view reason);
  /// Counts the connection in; the reason when it would be one too many. When all places are taken, the
  /// connection that has waited longest for its client is asked to go.
  std::optional<std::string_view> admit(const net::Address& client);
  /// Those who make room have not all gone yet: who comes next had better wait in the listener's queue.
  bool is_crowded();
  void release(const net::Address& client);
  void enter(std::weak_ptr<Interruptible> connection);
  void leave(const std::weak_ptr<Interruptible>& connection);
  /// From now on the connection waits for its client: for a request, or to take the answer. Others may take
  /// its place until `stop_waiting`.
  std::uint64_t begin_waiting(std::weak_ptr<Interruptible> connection);
  void stop_waiting(std::uint64_t ticket);
  std::vector<std::shared_ptr<Interruptible>> open_connections();
  std::size_t connections();

 private:
  static constexpr std::size_t methods = static_cast<std::size_t>(Method::other) + 1;
  static constexpr std::size_t statuses = 600;

  Metrics& metrics_;
  Histogram& seconds_;
  // By method and status, as soon as there was one: asking for a counter costs more than counting.
  std::array<std::array<std::atomic<Counter*>, statuses>, methods> requests_{};
  Gauge& connections_now_;
  std::mutex mutex_;
  std::map<net::Address, std::size_t> clients_;
  std::set<std::weak_ptr<Interruptible>, std::owner_less<>> open_;
  std::map<std::uint64_t, std::weak_ptr<Interruptible>> waiting_;  // the longest wait first
  std::uint64_t last_ticket_ = 0;
  std::size_t connections_ = 0;
};

using SharedPointer = std::shared_ptr<ServerShared>;

/// The place of one connection among those that are counted; given back when it goes.
struct Admission {
  Admission(SharedPointer of, const net::Address& client_given)
      : shared(std::move(of)), client(client_given) {}
  ~Admission() { shared->release(client); }
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  const SharedPointer shared;
  const net::Address client;
};

/// Serves one admitted connection until it ends, by TLS when there is a context.
void serve(std::unique_ptr<Admission> admission, Socket socket, ByteStream::TlsContext tls);

}  // namespace peering::http
